// Requests of the native API. Every refusal becomes a `Refused` with the server's own words.

import { LAST, READ_MAX } from "./log.js";

const ROOT = "/api/v1";

export class Refused extends Error {
  constructor(status, message, hint = "") {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

async function ask(method, path, { body, headers = {} } = {}) {
  const options = { method, headers: { ...headers }, cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(ROOT + path, options);
  } catch {
    throw new Refused(0, "the server cannot be reached");
  }
  if (answer.ok) return answer;
  throw await refusal(answer);
}

async function refusal(answer) {
  try {
    const { error } = await answer.json();
    return new Refused(answer.status, error.message, error.hint);
  } catch {
    return new Refused(answer.status, `the server answered ${answer.status}`);
  }
}

const block = (job, number) => `/jobs/${job}/blocks/${number}`;
const json = async (path) => (await ask("GET", path)).json();

export const whoami = () => json("/whoami");
export const job = async (id) => (await json(`/jobs/${id}`)).job;
export const whyJob = (job) => json(`/jobs/${job}/why`);
export const whyTask = (job, number, which) => json(`${block(job, number)}/tasks/${which}/why`);
export const task = (job, number, which) => json(`${block(job, number)}/tasks/${which}`);

/** One byte a task. */
export async function states(job, number) {
  const answer = await ask("GET", `${block(job, number)}/states`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Tasks of a page, or those in a state. */
export async function tasks(job, number, query) {
  const found = await json(`${block(job, number)}/tasks?${new URLSearchParams(query)}`);
  return found.tasks;
}

export const logPath = (run) => `${ROOT}/runs/${run}/log`;

/** A part of a run's log: `{first, bytes, size}`. Without a range the whole, or its end. */
export async function log(run, range) {
  const answer = await ask("GET", `/runs/${run}/log`, { headers: range ? { Range: range } : {} });
  const whole = Number(answer.headers.get("Grange-Log-Size") ?? 0);
  if (!range && whole > READ_MAX) {
    await answer.body.cancel();
    return log(run, LAST);
  }
  const said = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { first: Number(said?.[1] ?? 0), bytes, size: Number(said?.[2] ?? bytes.length) };
}

export const thumbnails = async (job) => (await json(`/jobs/${job}/thumbnails`)).thumbnails;
export const thumbnailsOf = async (job, number, which) =>
  (await json(`${block(job, number)}/tasks/${which}/thumbnails`)).thumbnails;

/** Where a thumbnail is; a newer one may have its number, hence the time behind it. */
export const thumbnailPath = (job, { block: number, task: which, number: at, run_id, made }) =>
  `${ROOT}${block(job, number)}/tasks/${which}/thumbnails/${at}?run=${run_id}#${made}`;

export const pause = (job) => ask("POST", `/jobs/${job}/pause`);
export const resume = (job) => ask("POST", `/jobs/${job}/resume`);
export const restartFailed = (job) =>
  ask("POST", `/jobs/${job}/tasks`, { body: { op: "restart", only: "failed" } });
export const remove = (job) => ask("DELETE", `/jobs/${job}`);
