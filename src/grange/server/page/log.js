// A run's log as lines: bounded, without control characters, with the bytes counted, so that
// what is read by request and what is heard live fit together. Pure.

export const LINES_MAX = 5000; // older ones are dropped
export const LINE_MAX = 2000; // characters of a line that are shown
export const READ_MAX = 1048576; // bytes that are read at once
const FAR_BEHIND = 4 * READ_MAX; // bytes; further behind, what is between is left out

const ENCODER = new TextEncoder();
// CSI ... letter; OSC ... BEL or ST; other two-character escapes
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const NO_ERROR = /\b(?:0|no|without)\s+(?:errors?|warnings?|failures?)\b/gi;
const ERROR = /\b(?:error|fatal|critical|traceback|segfault|segmentation fault)\b|(?:Error|Exception):/i;
const WARNING = /\bwarn(?:ing)?\b/i;

/** The log of a run of which nothing is known yet. */
export function open(run, over) {
  return {
    run,
    over, // the run has ended
    behind: true, // there may be more to read
    loaded: false,
    skipped: 0, // bytes before what is shown
    end: 0, // bytes up to here are in
    from: 0, // number of the first line that is kept
    lines: [], // {text, level}
    rest: "", // the line that has no end yet
  };
}

/** Take a part that was read: `{first, bytes, size}`; it may overlap what is known. */
export function read(log, part) {
  const known = Math.max(0, Math.min(part.bytes.length, log.end - part.first));
  const [first, bytes, { size }] = [part.first + known, part.bytes.subarray(known), part];
  const whole = wholeCharacters(bytes);
  const text = new TextDecoder().decode(bytes.subarray(0, whole));
  const base = first === log.end ? log : startedOver(log, first);
  const next = add({ ...base, loaded: true, end: first + whole }, text);
  const left = size - next.end;
  if (left > FAR_BEHIND) return { ...next, loaded: false, behind: true }; // to the end at once
  return { ...next, behind: left > 0 && bytes.length > 0 };
}

/** Too much was missed: go on at another place. */
function startedOver(log, first) {
  const from = log.from + log.lines.length;
  return { ...open(log.run, log.over), skipped: first, from };
}

/** Take text that came live; where it does not fit, what is missing is to be read. */
export function hear(log, { offset, text }) {
  if (offset !== log.end || !log.loaded || text.includes("\ufffd")) return { ...log, behind: true };
  return add({ ...log, end: log.end + ENCODER.encode(text).length }, text);
}

/** The range to ask for next, as a header's value; "" for the whole, if that is not too much. */
export function nextRange(log) {
  if (!log.loaded || !log.end) return "";
  return `bytes=${log.end - 1}-${log.end + READ_MAX - 1}`; // one that is known: never an empty range
}

/** The range of a log's end. */
export const LAST = `bytes=-${READ_MAX}`;

function add(log, text) {
  const pieces = (log.rest + text).split("\n");
  const rest = pieces.pop().slice(-16384);
  const lines = [...log.lines, ...pieces.map(line)];
  const dropped = Math.max(0, lines.length - LINES_MAX);
  return { ...log, rest, lines: lines.slice(dropped), from: log.from + dropped };
}

/** A line as it is shown. */
export function line(raw) {
  const text = clean(raw);
  const tried = text.replace(NO_ERROR, "");
  const level = ERROR.test(tried) ? "error" : WARNING.test(tried) ? "warning" : "";
  return { text, level };
}

/** Without colours and controls; of a line that was written over, what was written last. */
export function clean(raw) {
  const cut = raw.length > 4 * LINE_MAX ? raw.slice(0, 4 * LINE_MAX) : raw;
  const plain = cut.replace(ANSI, "").replace(/\r+$/, "");
  const shown = plain.slice(plain.lastIndexOf("\r") + 1).replace(CONTROL, "");
  return shown.length > LINE_MAX ? `${shown.slice(0, LINE_MAX)} …` : shown;
}

/** How many bytes end with a whole character. */
function wholeCharacters(bytes) {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needs ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}
