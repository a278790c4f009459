// Laying out and painting the frame grid: a cell per task. Only what is visible is painted, so
// that a million tasks cost as much as a screenful. No events and no model here.

import { RUNNING, TASK_STATES } from "./model.js";

export const FLASH_MS = 900; // that a changed cell glows
const SIZES = [36, 30, 24, 20, 17, 14, 12, 10, 8, 7, 6, 5, 4]; // pixels of a cell with its gap
const TINY = 3; // for more tasks than this many
const MANY = 300000;
const NUMBERED = 34; // pixels of a cell that has its frame's number in it
const COMFORT = 300; // pixels of height that a grid takes before it scrolls
export const GUTTER = 52; // pixels for the frame numbers

/** How the cells lie: `{total, size, gap, columns, rows, height}`. */
export function layout(total, width) {
  const room = Math.max(60, width - GUTTER);
  let size = total > MANY ? TINY : SIZES.at(-1);
  for (const wanted of total > MANY ? [] : SIZES) {
    if (Math.ceil(total / columnsFor(total, room, wanted)) * wanted > COMFORT) continue;
    size = wanted;
    break;
  }
  const columns = columnsFor(total, room, size);
  const rows = Math.ceil(total / columns);
  const gap = size >= 10 ? 2 : size >= 4 ? 1 : 0;
  return { total, size, gap, columns, rows, height: rows * size };
}

/** A round number of columns, so that rows begin with round frames. */
function columnsFor(total, room, size) {
  const fit = Math.max(1, Math.floor(room / size));
  if (total <= fit) return total || 1;
  if (fit >= 100) return Math.floor(fit / 50) * 50;
  return fit >= 10 ? Math.floor(fit / 10) * 10 : fit;
}

/** The task at a place inside the cells, or -1. */
export function taskAt(plan, x, y) {
  const column = Math.floor((x - GUTTER) / plan.size);
  if (column < 0 || column >= plan.columns || y < 0) return -1;
  const task = Math.floor(y / plan.size) * plan.columns + column;
  return task < plan.total ? task : -1;
}

/** Where a task's cell is. */
export function placeOf(plan, task) {
  const x = GUTTER + (task % plan.columns) * plan.size;
  return { x, y: Math.floor(task / plan.columns) * plan.size };
}

/** The colours of the states, as the style sheet has them. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    states: TASK_STATES.map((state) => of(`--fill-${state}`)),
    begun: of("--fill-begun"),
    mark: of("--mark"),
    softMark: of("--mark-soft"),
    ink: of("--ink"),
    soft: of("--soft"),
    focus: of("--focus"),
    flash: of("--flash"),
  };
}

/**
 * Paint the visible part.
 * @returns {boolean} whether something still glows.
 */
export function paint(context, plan, view) {
  const { top, height, width, ratio } = view;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.translate(0, -top);
  const first = Math.max(0, Math.floor(top / plan.size));
  const last = Math.min(plan.rows, Math.ceil((top + height) / plan.size));
  const from = first * plan.columns;
  const to = Math.min(plan.total, last * plan.columns);
  paintCells(context, plan, view, from, to);
  if (plan.size >= NUMBERED) paintNumbers(context, plan, view, from, to);
  paintLabels(context, plan, view, first, last);
  const glows = paintFlashes(context, plan, view);
  outline(context, plan, view.selected, view.colours.ink);
  outline(context, plan, view.cursor, view.colours.focus);
  return glows;
}

/** By state, so that the colour is set seven times and not for each cell. */
function paintCells(context, plan, { states, tasks, colours }, from, to) {
  const side = plan.size - plan.gap;
  const round = side >= 8;
  for (let state = 0; state < colours.states.length; state += 1) {
    context.fillStyle = state === RUNNING ? colours.begun : colours.states[state];
    context.beginPath();
    for (let task = from; task < to; task += 1) {
      if (states[task] !== state) continue;
      const { x, y } = placeOf(plan, task);
      if (round) context.roundRect(x, y, side, side, side >= 14 ? 3 : 2);
      else context.rect(x, y, side, side);
    }
    context.fill();
  }
  for (let task = from; task < to; task += 1) {
    const state = states[task];
    if (state === RUNNING) paintRunning(context, plan, tasks.get(task), colours, task, side);
    else if (side >= 12 && state > 3) paintMark(context, plan, state, colours, task, side);
  }
}

/** Filled from below as far as it is. */
function paintRunning(context, plan, view, colours, task, side) {
  const { x, y } = placeOf(plan, task);
  const share = view?.percent >= 0 ? view.percent / 100 : 0.3;
  const filled = Math.max(side >= 8 ? 2 : 1, Math.round(side * share));
  context.fillStyle = colours.states[RUNNING];
  context.beginPath();
  const radius = side >= 14 ? 3 : side >= 8 ? 2 : 0;
  context.roundRect(x, y + side - filled, side, filled, filled > radius * 2 ? radius : [0, 0, radius, radius]);
  context.fill();
}

/** A cross for failed, an arrow for skipped, a bar for suspended. */
function paintMark(context, plan, state, colours, task, side) {
  const failed = TASK_STATES[state] === "failed";
  const { x, y } = placeOf(plan, task);
  const [low, mid, high] = [side * 0.32, side * 0.5, side * 0.68];
  context.strokeStyle = failed ? colours.mark : colours.softMark;
  context.lineWidth = Math.max(1.4, side / 10);
  context.lineCap = "round";
  context.beginPath();
  const to = (points) => points.forEach(([a, b], place) =>
    place ? context.lineTo(x + a, y + b) : context.moveTo(x + a, y + b));
  if (failed) {
    to([[low, low], [high, high]]);
    to([[high, low], [low, high]]);
  } else if (TASK_STATES[state] === "skipped") to([[low, low], [high, mid], [low, high]]);
  else to([[low, mid], [high, mid]]);
  context.stroke();
}

function paintNumbers(context, plan, { states, colours, numberOf }, from, to) {
  const side = plan.size - plan.gap;
  context.font = "10.5px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colours.ink;
  context.globalAlpha = 0.6;
  for (let task = from; task < to; task += 1) {
    if (states[task] > 3 || states[task] === RUNNING) continue; // those say more
    const { x, y } = placeOf(plan, task);
    context.fillText(numberOf(task), x + side / 2, y + side / 2 + 0.5, side - 4);
  }
  context.globalAlpha = 1;
}

function paintLabels(context, plan, { colours, numberOf }, first, last) {
  const every = Math.max(1, Math.ceil(17 / plan.size));
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = colours.soft;
  const begin = Math.ceil(first / every) * every;
  for (let row = begin; row < last; row += every) {
    const y = row * plan.size + (plan.size - plan.gap) / 2;
    context.fillText(numberOf(row * plan.columns), GUTTER - 10, Math.max(6, y));
  }
}

/** What changed a moment ago glows, and fades. */
function paintFlashes(context, plan, { flashes, now, colours, top, height }) {
  const side = plan.size - plan.gap;
  context.fillStyle = colours.flash;
  for (const [task, since] of flashes) {
    const age = (now - since) / FLASH_MS;
    const { x, y } = placeOf(plan, task);
    if (age >= 1 || y + side < top || y > top + height) {
      flashes.delete(task);
      continue;
    }
    context.globalAlpha = 0.85 * (1 - age) ** 2;
    const grow = side >= 8 ? 2 * (1 - age) : 0;
    context.beginPath();
    context.roundRect(x - grow, y - grow, side + 2 * grow, side + 2 * grow, side >= 8 ? 3 : 0);
    context.fill();
  }
  context.globalAlpha = 1;
  return flashes.size > 0;
}

function outline(context, plan, task, colour) {
  if (task === undefined || task < 0 || task >= plan.total) return;
  const { x, y } = placeOf(plan, task);
  const side = plan.size - plan.gap;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(x - 2, y - 2, side + 4, side + 4, 4);
  context.stroke();
}
