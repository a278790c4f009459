// The frame grid as one meets it: scrolls, is pointed at, is walked with the arrow keys.

import { el, setText, show } from "./dom.js";
import { framesOf, taskName } from "./frames.js";
import { coloursOf, layout, paint, placeOf, taskAt } from "./grid.js";
import { RUNNING, stateWord } from "./model.js";
import { stateWord as stateChip } from "./parts.js";
import { href } from "./route.js";
import { duration, many } from "./words.js";

const EDGE = 3; // pixels around the cells, for outlines
const FLASHES_MAX = 1500;
const HOVER_MS = 90; // of rest before a task's details are asked for
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {object} act `near(grid, task)` reads details, `go(address)` follows a link. */
export function gridView(act) {
  const canvas = el("canvas", { class: "cells", tabindex: 0, role: "application", "aria-roledescription": "frame grid" });
  const space = el("div", { class: "space" });
  const scroll = el("div", { class: "scroll", tabindex: -1 }, el("div", { class: "pane" }, canvas), space);
  const tip = tooltip();
  const node = el("div", { class: "grid" }, scroll, tip.node);
  const flashes = new Map();
  let seen = null; // the states as they were last drawn
  let plan = null;
  let colours = null;
  let shown = null; // {grid, block, selected, now}
  let cursor = -1;
  let frame = 0;
  let resting = 0;

  const repaint = () => {
    if (!frame) frame = requestAnimationFrame(draw);
  };
  const restyle = () => {
    colours = null;
    repaint();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  new ResizeObserver(() => {
    plan = null;
    repaint();
  }).observe(scroll);
  scroll.addEventListener("scroll", repaint, { passive: true });
  canvas.addEventListener("pointermove", (event) => point(under(event)));
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("click", (event) => choose(under(event)));
  canvas.addEventListener("keydown", walk);
  canvas.addEventListener("blur", () => point(-1));

  function update(grid, block, selected, now) {
    const other = shown?.grid?.job !== grid.job || shown.grid.block !== grid.block;
    if (other) {
      [seen, plan, cursor] = [null, null, -1];
      flashes.clear();
      scroll.scrollTop = 0;
    }
    const scrollTo = selected !== undefined && selected !== shown?.selected;
    const same = shown?.grid === grid && shown.selected === selected;
    shown = { grid, block, selected, now };
    canvas.setAttribute("aria-label", `${many(block.tasks.done, "task")} of block ${block.name} done; arrow keys walk, Enter opens`);
    if (!same) repaint();
    if (scrollTo && grid.states) reveal(selected);
    if (cursor >= 0) tip.update(cursor, shown);
  }

  function prepare() {
    const { states } = shown.grid;
    const width = scroll.clientWidth - 2 * EDGE;
    if (plan?.total !== states.length || plan.width !== width) {
      plan = { ...layout(states.length, width), width };
      space.style.height = `${plan.height + 2 * EDGE}px`;
    }
    colours ??= coloursOf(scroll);
    const ratio = devicePixelRatio || 1;
    const size = [Math.round(scroll.clientWidth * ratio), Math.round(scroll.clientHeight * ratio)];
    if (canvas.width !== size[0]) canvas.width = size[0];
    if (canvas.height !== size[1]) canvas.height = size[1];
    canvas.style.width = `${scroll.clientWidth}px`;
    canvas.style.height = `${scroll.clientHeight}px`;
    return ratio;
  }

  function draw(now) {
    frame = 0;
    if (!shown?.grid.states || !scroll.clientWidth) return;
    const ratio = prepare();
    const { grid, block, selected } = shown;
    if (!seen) reveal(selected ?? grid.states.indexOf(RUNNING));
    noteChanges(grid.states, now);
    const glows = paint(canvas.getContext("2d"), plan, {
      top: scroll.scrollTop - EDGE,
      height: scroll.clientHeight,
      width: scroll.clientWidth,
      ratio, colours, flashes, now, cursor, selected,
      states: grid.states,
      tasks: grid.tasks,
      numberOf: (task) => String(framesOf(block, task)?.first ?? task),
    });
    node.dataset.drawn = grid.states.length;
    node.dataset.glowing = flashes.size;
    if (glows) repaint();
  }

  /** Cells whose state is another than when they were last drawn begin to glow. */
  function noteChanges(states, now) {
    if (seen === states) return;
    if (seen?.length === states.length && !calm.matches) {
      const from = Math.floor(scroll.scrollTop / plan.size) * plan.columns;
      const to = Math.min(states.length, from + (Math.ceil(scroll.clientHeight / plan.size) + 1) * plan.columns);
      for (let task = from; task < to && flashes.size < FLASHES_MAX; task += 1) {
        if (seen[task] !== states[task]) flashes.set(task, now);
      }
    }
    seen = states;
  }

  function under(event) {
    return plan ? taskAt(plan, event.offsetX, event.offsetY + scroll.scrollTop - EDGE) : -1;
  }

  function point(task) {
    if (task === cursor) return;
    cursor = task;
    canvas.style.cursor = task < 0 ? "default" : "pointer";
    clearTimeout(resting);
    show(tip.node, task >= 0);
    repaint();
    if (task < 0) return;
    tip.update(task, shown);
    const { x, y } = placeOf(plan, task);
    const left = Math.min(x, scroll.clientWidth - tip.node.offsetWidth - 4);
    const below = y - scroll.scrollTop + plan.size + 8;
    tip.node.style.transform = `translate(${Math.max(0, left)}px, ${below}px)`;
    if (!shown.grid.tasks.has(task)) {
      const { grid } = shown;
      resting = setTimeout(() => act.near(grid, task), HOVER_MS);
    }
  }

  function choose(task) {
    if (task >= 0) act.go(href(shown.grid.job, shown.grid.block, task));
  }

  function walk(event) {
    if (!plan) return;
    const steps = { ...STEPS, ArrowUp: -plan.columns, ArrowDown: plan.columns };
    if (event.key === "Enter" && cursor >= 0) choose(cursor);
    else if (event.key in steps) {
      const from = cursor >= 0 ? cursor : (shown.selected ?? -1);
      const to = Math.max(0, Math.min(plan.total - 1, from + steps[event.key]));
      reveal(to);
      point(to);
    } else return;
    event.preventDefault();
  }

  /** Scroll so that a task's cell is seen. */
  function reveal(task) {
    if (!plan || task < 0) return;
    const { y } = placeOf(plan, task);
    if (y < scroll.scrollTop) scroll.scrollTop = y;
    const end = y + plan.size + 2 * EDGE - scroll.clientHeight;
    if (end > scroll.scrollTop) scroll.scrollTop = end;
  }
  return { node, update };
}

function tooltip() {
  const name = el("strong");
  const state = stateChip();
  const rest = el("span", { class: "soft" });
  const node = el("div", { class: "tip", role: "tooltip", hidden: true, "aria-live": "polite" }, name, state.node, rest);
  const update = (task, { grid, block, now }) => {
    const view = grid.tasks.get(task);
    const word = stateWord(view ?? { state: grid.states?.[task] ?? 0 });
    setText(name, view?.name || taskName(block, task));
    state.update(word);
    setText(rest, view ? restOf(view, word, now) : "");
  };
  return { node, update };
}

function restOf(view, word, now) {
  const parts = [];
  if (view.worker) parts.push(view.worker);
  if (word === "running" && view.percent >= 0) parts.push(`${view.percent} %`);
  if (view.started) parts.push(duration(Math.max(0, (view.ended || now) - view.started)));
  if (view.errors) parts.push(many(view.errors, "error"));
  return parts.join(" · ");
}
