// Parts that several views use: a state in colour, shape and word; a bar; a button.

import { el, setAttr, setShare, setText } from "./dom.js";
import { icon } from "./icons.js";
import { percent } from "./words.js";

/** A state: `{node, update(state)}`. */
export function stateWord() {
  const shape = icon("");
  const word = el("span");
  const node = el("span", { class: "state" }, shape.node, word);
  const update = (state) => {
    if (node.dataset.state === state) return;
    node.dataset.state = state;
    shape.update(state);
    setText(word, state);
  };
  return { node, update };
}

/** How far a job or block is: done, the running tasks' part, the rest of them, failed. */
export function progressBar(label) {
  const parts = ["done", "running", "begun", "failed"].map((state) =>
    el("span", { class: "part", data: { state } }),
  );
  const node = el(
    "span",
    { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 },
    ...parts,
  );
  const update = ({ tasks, percent: all }) => {
    const total = Math.max(1, count(tasks));
    const done = (tasks.done + tasks.skipped) / total;
    const half = Math.max(0, Math.min(all / 100 - done, tasks.running / total));
    const shares = [done, half, tasks.running / total - half, tasks.failed / total];
    shares.forEach((share, place) => setShare(parts[place], "width", share));
    setAttr(node, "aria-valuenow", Math.floor(all));
    setAttr(node, "aria-valuetext", percent(all));
  };
  return { node, update };
}

/** All tasks of a count by states. */
export const count = (tasks) => Object.values(tasks).reduce((sum, value) => sum + value, 0);

/** Those that count as done. */
export const finished = (tasks) => tasks.done + tasks.skipped;

/** A button that is busy while its work runs. */
export function button(text, work, kind = "") {
  const node = el("button", { type: "button", class: `button ${kind}` }, text);
  node.addEventListener("click", async () => {
    node.disabled = true;
    try {
      await work();
    } finally {
      node.disabled = false;
    }
  });
  return node;
}

/** What a reading aid hears, and what a small note shows for a while. */
export function say(text, kind = "") {
  const place = document.getElementById("said");
  place.dataset.kind = kind;
  place.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (place.textContent = ""), kind === "error" ? 10000 : 4000);
}
