// Which frames a task renders, from its block's frame list (as model/frames.py splits it). Pure.

const RANGE = /^\s*(-?\d+)(?:\s*-\s*(-?\d+)(?:\s*x\s*(\d+))?)?\s*$/;
const cache = new Map(); // frame list -> ranges, of the last few blocks

/** First and last frame of a task; null where tasks are named or the list is not understood. */
export function framesOf(block, task) {
  if (!block?.frames) return null;
  const per = Math.max(1, block.frames_per_task);
  let left = task;
  for (const range of ranges(block.frames)) {
    const tasks = Math.ceil(range.size / per);
    if (left < tasks) {
      const first = range.first + left * per * range.inc;
      const count = Math.min(per, range.size - left * per);
      return { first, last: first + (count - 1) * range.inc };
    }
    left -= tasks;
  }
  return null;
}

/** What a task is called before its name is known. */
export function taskName(block, task) {
  const frames = framesOf(block, task);
  if (!frames) return `task ${task}`;
  const { first, last } = frames;
  return first === last ? `frame ${first}` : `frame ${first}-${last}`;
}

/** "frames" where each task is one, else "tasks". */
export function unit(blocks) {
  return blocks.every((block) => block.frames && block.frames_per_task <= 1) ? "frames" : "tasks";
}

function ranges(text) {
  const known = cache.get(text);
  if (known) return known;
  const found = join(text.split(",").map(range));
  if (cache.size > 32) cache.clear();
  cache.set(text, found);
  return found;
}

function range(piece) {
  const match = RANGE.exec(piece);
  if (!match) return { first: 0, last: 0, inc: 1, size: 0 };
  const first = Number(match[1]);
  const inc = Math.max(1, Number(match[3] ?? 1));
  return sized(first, match[2] === undefined ? first : Number(match[2]), inc);
}

function sized(first, last, inc) {
  const size = Math.max(1, Math.floor((last - first) / inc) + 1);
  return { first, last: first + (size - 1) * inc, inc, size };
}

function join(items) {
  const out = [];
  for (const item of items) {
    const before = out.at(-1);
    const step = before ? item.first - before.last : 0;
    const goesOn = before && (before.size > 1 ? step === before.inc : step === 1);
    if (item.size === 1 && step > 0 && goesOn) out[out.length - 1] = sized(before.first, item.first, step);
    else out.push(item);
  }
  return out;
}
