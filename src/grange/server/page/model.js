// What the page knows of the farm: values, and one function that makes the next from a message.
// Nothing here reads the clock, the network or the document.

import * as log from "./log.js";

export const JOBS_MAX = 5000; // the oldest are forgotten first
export const TASKS_MAX = 5000; // of the open block, whose details are kept
export const RUNNING = 2; // the byte of a running task

/** By number, as the bytes of a block's states are. */
export const TASK_STATES = [
  "waiting", "ready", "running", "done", "failed", "skipped", "suspended",
];

export const empty = Object.freeze({
  number: 0, // of the last message; what a new connection goes on from
  link: { state: "connecting", since: 0 },
  me: null,
  farm: null,
  skew: 0, // seconds by which the server's clock is ahead of this one
  jobs: new Map(),
  workers: new Map(),
  grid: null, // the block that is open
  task: null, // the task that is open
  why: null, // why the open job does not run
  log: null, // of the run that is shown
  shots: {}, // thumbnails of the open job and of the open task
});

const APPLY = {
  snapshot: applySnapshot,
  patch: applyPatch,
  error: (model, message) => ({
    ...model,
    link: { state: "refused", since: model.link.since, message: message.message },
  }),
  link: (model, { state, since }) => ({ ...model, link: { state, since } }),
  "job-read": (model, { job }) => ({ ...model, jobs: newest(changed(model.jobs, [job], "job_id")) }),
  me: (model, { me }) => ({ ...model, me }),
  "open-grid": openGrid,
  "grid-asked": (model) => ({ ...model, grid: { ...model.grid, stale: false, late: [] } }),
  "grid-read": applyGridRead,
  "grid-failed": (model, message) =>
    onGrid(model, message, (grid) => ({ ...grid, stale: message.again, late: null })),
  "tasks-read": applyTasksRead,
  "open-task": openTask,
  "task-asked": (model) => ({ ...model, task: { ...model.task, stale: false } }),
  "task-read": applyTaskRead,
  "task-failed": (model, message) =>
    sameTask(model.task, message)
      ? { ...model, task: { ...model.task, error: message.error, stale: message.again } }
      : model,
  "choose-run": (model, { run }) =>
    chooseLog({ ...model, task: { ...model.task, chosen: run } }),
  why: (model, { job, word, view }) => ({ ...model, why: { job, word, view } }),
  "shots-read": (model, { level, job, block, task, list }) => ({
    ...model,
    shots: { ...model.shots, [level]: { job, block, task, list } },
  }),
  "log-asked": (model) => ({ ...model, log: { ...model.log, behind: false } }),
  "log-read": (model, message) =>
    onLog(model, message.run, (known) => log.read(known, message.part)),
  "log-failed": (model, message) =>
    onLog(model, message.run, (known) => ({ ...known, behind: message.again })),
};

/** The model after a message from the server, or one of the page's own. */
export function apply(model, message) {
  const change = APPLY[message.type];
  return change ? change(model, message) : model;
}

function applySnapshot(model, message) {
  const next = {
    ...model,
    number: message.number,
    ...clock(message, model),
    jobs: newest(new Map((message.jobs ?? []).map((job) => [job.job_id, job]))),
    workers: new Map((message.workers ?? []).map((worker) => [worker.worker_id, worker])),
    task: model.task && { ...model.task, stale: true },
    log: model.log && { ...model.log, behind: true },
  };
  return model.grid ? { ...next, grid: { ...model.grid, stale: true } } : next;
}

function applyPatch(model, message) {
  const { jobs, jobs_gone, workers, workers_gone, tasks, tasks_stale, logs } = message;
  let next = { ...model, number: message.number, ...clock(message, model) };
  if (jobs?.length || jobs_gone?.length) {
    next.jobs = newest(changed(model.jobs, jobs, "job_id", jobs_gone));
  }
  if (workers?.length || workers_gone?.length) {
    next.workers = changed(model.workers, workers, "worker_id", workers_gone);
  }
  if (tasks?.length) next = applyTasks(next, tasks);
  for (const [job, block] of tasks_stale ?? []) {
    if (next.grid?.job === job && next.grid.block === block) {
      next.grid = { ...next.grid, stale: true };
    }
    if (next.task?.job === job && next.task.block === block) {
      next.task = { ...next.task, stale: true };
    }
  }
  for (const text of logs ?? []) {
    next = onLog(next, text.run_id, (known) => log.hear(known, text));
  }
  return next;
}

function applyTasks(model, views) {
  const { grid, task } = model;
  const next = { ...model };
  if (grid) {
    const mine = views.filter((view) => view.job_id === grid.job && view.block === grid.block);
    if (mine.length) next.grid = heard(grid, mine);
  }
  const view = task && views.find((item) => sameTask(task, { ...item, job: item.job_id }));
  if (view && isNews(task.detail?.task, view)) next.task = { ...task, stale: true };
  return next;
}

/** Whether more changed than how far the task is. */
function isNews(known, view) {
  return !known || known.run_id !== view.run_id || stateNumber(known) !== stateNumber(view);
}

function clock(message, model) {
  const farm = message.farm ?? model.farm;
  const skew = message.farm && message.received ? message.farm.now - message.received : model.skew;
  return { farm, skew };
}

function changed(map, items = [], key, gone = []) {
  const next = new Map(map);
  for (const item of items) next.set(item[key], item);
  for (const id of gone) next.delete(id);
  return next;
}

function newest(jobs) {
  if (jobs.size <= JOBS_MAX) return jobs;
  const ids = [...jobs.keys()].sort((a, b) => b - a).slice(0, JOBS_MAX);
  return new Map(ids.map((id) => [id, jobs.get(id)]));
}

// --- the open block ----------------------------------------------------------------------------

/** Open a block, another, or (without `job`) none. */
function openGrid(model, { job, block }) {
  if (!job) return { ...model, grid: null };
  if (model.grid?.job === job && model.grid.block === block) return model;
  const grid = { job, block, states: null, tasks: new Map(), late: null, stale: true };
  return { ...model, grid };
}

/** All states as they were read; what was heard while they were read comes after them. */
function applyGridRead(model, message) {
  return onGrid(model, message, (grid) => {
    const tasks = new Map();
    for (const [number, view] of grid.tasks) {
      if (TASK_STATES[message.states[number]] === stateWord(view)) tasks.set(number, view);
    }
    const read = withTasks({ ...grid, states: message.states, tasks }, message.tasks);
    return { ...withTasks(read, grid.late ?? []), late: null };
  });
}

/** Details that were read; what was heard meanwhile is newer. */
function applyTasksRead(model, message) {
  return onGrid(model, message, (grid) =>
    withTasks(
      grid,
      message.tasks.filter(
        (view) => !grid.tasks.has(view.task) && grid.states?.[view.task] === stateNumber(view),
      ),
    ),
  );
}

/** Tasks that changed; while the states are being read they are kept to come after them. */
function heard(grid, views) {
  const late = grid.late && [...grid.late, ...views];
  return withTasks({ ...grid, late }, views);
}

function onGrid(model, { job, block }, change) {
  const { grid } = model;
  if (grid?.job !== job || grid.block !== block) return model;
  return { ...model, grid: change(grid) };
}

function withTasks(grid, views) {
  if (!views.length) return grid;
  const tasks = new Map(grid.tasks);
  const states = grid.states?.slice() ?? null;
  let stale = grid.stale;
  for (const view of views) {
    tasks.delete(view.task); // so that it becomes the latest of the map
    tasks.set(view.task, view);
    if (!states) continue;
    if (view.task < states.length) states[view.task] = stateNumber(view);
    else stale = true; // tasks were added
  }
  for (const [number, view] of tasks) {
    if (tasks.size <= TASKS_MAX) break;
    if (stateNumber(view) !== RUNNING) tasks.delete(number);
  }
  return { ...grid, tasks, states, stale };
}

/** A task's state as a word, whichever way it was sent. */
export function stateWord(view) {
  return TASK_STATES[stateNumber(view)];
}

function stateNumber({ state }) {
  return typeof state === "number" ? state : TASK_STATES.indexOf(state);
}

// --- the open task -----------------------------------------------------------------------------

function openTask(model, { job, block, task }) {
  if (task === undefined) return { ...model, task: null, log: null };
  if (sameTask(model.task, { job, block, task })) return model;
  const opened = { job, block, task, detail: null, why: "", chosen: 0, stale: true, error: "" };
  return { ...model, task: opened, log: null };
}

/** Thumbnails of a job or, with a block and a task, of that; none while they are not known. */
export function shotsOf({ shots }, job, block, task) {
  const known = task === undefined ? shots.job : shots.task;
  const same = task === undefined ? known?.job === job : sameTask(known, { job, block, task });
  return same ? known.list : [];
}

function sameTask(open, { job, block, task }) {
  return open?.job === job && open.block === block && open.task === task;
}

function applyTaskRead(model, message) {
  if (!sameTask(model.task, message)) return model;
  const task = { ...model.task, detail: message.detail, why: message.why, error: "" };
  return chooseLog({ ...model, task });
}

function onLog(model, run, change) {
  return model.log?.run === run ? { ...model, log: change(model.log) } : model;
}

/** Show the log of the chosen run, else of the newest; read what is left when it has ended. */
function chooseLog(model) {
  const runs = model.task.detail?.runs ?? [];
  const run = runs.find((item) => item.run_id === model.task.chosen) ?? runs[0];
  if (!run) return { ...model, log: null };
  const over = run.ended > 0;
  const old = model.log?.run === run.run_id ? model.log : null;
  if (old && old.over === over) return model;
  return { ...model, log: old ? { ...old, over, behind: true } : log.open(run.run_id, over) };
}
