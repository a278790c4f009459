// A run's log: grows while it is watched, opens at its end or jumps to its first error.

import { logPath } from "./api.js";
import { el, setAttr, setText, show } from "./dom.js";
import { line } from "./log.js";
import { megabytes, number } from "./words.js";

const NEAR_END = 24; // pixels from the end that still count as the end

export function logView() {
  const title = el("h3", {}, "Log");
  const error = el("button", { type: "button", class: "button small", hidden: true }, "First error");
  const follow = el("button", { type: "button", class: "button small toggle", "aria-pressed": "true" }, "Follow");
  const whole = el("a", { class: "button small", target: "_blank", rel: "noopener" }, "Whole log");
  const before = el("p", { class: "log-before soft", hidden: true });
  const lines = el("div", { class: "lines" });
  const rest = el("div", { class: "line" });
  const box = el("div", { class: "log", tabindex: 0, role: "log", "aria-label": "Log", "aria-live": "off" }, before, lines, rest);
  const empty = el("p", { class: "soft log-empty" });
  const node = el("section", { class: "part-of-task log-part" },
    el("div", { class: "part-head" }, title, error, follow, whole), box, empty);
  let drawn = { run: 0, from: 0, to: 0, log: null };
  let following = true;

  follow.addEventListener("click", () => setFollowing(!following));
  error.addEventListener("click", () => {
    setFollowing(false);
    const first = lines.querySelector("[data-level=error]");
    first?.scrollIntoView({ block: "center" });
    first?.classList.add("found");
  });
  box.addEventListener("wheel", (event) => {
    if (event.deltaY < 0) setFollowing(false);
  }, { passive: true });
  box.addEventListener("scroll", () => {
    if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END && !following) setFollowing(true);
  }, { passive: true });

  function setFollowing(value) {
    following = value;
    setAttr(follow, "aria-pressed", value);
    if (value) box.scrollTop = box.scrollHeight;
  }

  function update(log) {
    show(node, Boolean(log));
    if (!log || drawn.log === log) return;
    if (drawn.run !== log.run) startOver(log);
    addLines(log);
    drawn = { run: log.run, from: log.from, to: log.from + log.lines.length, log };
    const { text, level } = line(log.rest);
    setText(rest, text);
    rest.dataset.level = level;
    show(rest, text !== "");
    show(error, lines.querySelector("[data-level=error]") !== null);
    show(before, log.skipped > 0 || log.from > 0);
    setText(before, beforeText(log));
    const nothing = log.loaded && !log.lines.length && !log.rest;
    show(box, !nothing && log.loaded);
    show(empty, nothing || !log.loaded);
    setText(empty, log.loaded ? "Nothing was written yet." : "Reading …");
    show(follow, !log.over);
    if (following) box.scrollTop = box.scrollHeight;
  }

  function startOver(log) {
    lines.replaceChildren();
    drawn = { run: log.run, from: log.from, to: log.from, log: null };
    following = true;
    setAttr(follow, "aria-pressed", true);
    setAttr(whole, "href", logPath(log.run));
  }

  /** Drop the lines that are no longer kept, and add the new ones. */
  function addLines(log) {
    const stale = Math.min(log.from, drawn.to) - drawn.from;
    for (let count = 0; count < stale; count += 1) lines.firstChild.remove();
    const added = log.lines.slice(Math.max(0, drawn.to - log.from)).map(({ text, level }) => {
      const item = el("div", { class: "line" }, text || "\u200b");
      if (level) item.dataset.level = level;
      return item;
    });
    lines.append(...added);
  }
  return { node, update };
}

function beforeText({ skipped, from }) {
  const parts = [];
  if (skipped) parts.push(`the first ${megabytes(Math.max(1, Math.round(skipped / 1048576)))}`);
  if (from) parts.push(`${number(from)} older lines`);
  return `${parts.join(" and ")} are left out here`;
}
