// Reads by request what the model says is stale: one read of a kind at a time, and not too often.

import * as api from "./api.js";
import { nextRange } from "./log.js";
import { stateWord } from "./model.js";
import { finished } from "./parts.js";

const PACE_MS = {
  job: 1000, grid: 400, task: 400, log: 150, why: 1000, "job shots": 2000, "task shots": 2000,
};
const LATE_MS = 6000; // a thumbnail comes so much later than what it shows
const AGAIN_MS = 3000; // after a read that failed
const RUNNING_MAX = 2000; // running tasks whose progress is read with the states
const NEAR = 64; // tasks that are read around the one pointed at
const WAITING_TASKS = new Set(["waiting", "ready", "suspended"]);
const WAITS = new Set(["waiting", "ready", "paused", "approval", "suspended"]);

export class Reader {
  /** @param {object} hooks `model()`, `route()`, `dispatch(message)`. */
  constructor(hooks) {
    this.hooks = hooks;
    this.busy = new Set();
    this.asked = new Set(); // pages of tasks that were asked for
    this.shots = {}; // of the open job and task: how far it is, since when, when it was read
    this.missing = 0; // the open job, which was seen or asked for: not to be asked for again
  }

  /** Begin the reads that are due. */
  keepUp() {
    const { farm, jobs, grid, task, log } = this.hooks.model();
    const { job } = this.hooks.route();
    if (jobs.has(job)) this.missing = job;
    else if (farm && job !== undefined && this.missing !== job) {
      this.once("job", () => this.readJob(job));
    }
    if (grid?.stale) this.once("grid", () => this.readGrid(grid));
    if (task?.stale) this.once("task", () => this.readTask(task));
    if (log?.behind) this.once("log", () => this.readLog(log));
    const due = this.whyDue();
    if (due) this.once("why", () => this.readWhy(due));
    for (const level of ["job", "task"]) {
      if (this.shotsDue(level)) this.once(`${level} shots`, () => this.readShots(level));
    }
  }

  async once(kind, work) {
    if (this.busy.has(kind)) return;
    this.busy.add(kind);
    let wait = PACE_MS[kind];
    try {
      await work();
    } catch (error) {
      if (!(error instanceof api.Refused)) throw error;
      wait = AGAIN_MS;
    } finally {
      setTimeout(() => {
        this.busy.delete(kind);
        this.keepUp();
      }, wait);
    }
  }

  /** Read; where that fails, say so to the model and let `once` wait. */
  async reading(failed, work) {
    try {
      await work();
    } catch (error) {
      const again = error.status === 0 || error.status >= 500;
      this.hooks.dispatch({ ...failed, error: error.message, again });
      throw error;
    }
  }

  /** A job that is older than those of the snapshot. */
  async readJob(job) {
    this.missing = job;
    this.hooks.dispatch({ type: "job-read", job: await api.job(job) });
  }

  async readGrid({ job, block }) {
    const { dispatch } = this.hooks;
    dispatch({ type: "grid-asked" });
    this.asked.clear();
    await this.reading({ type: "grid-failed", job, block }, async () => {
      const [states, tasks] = await Promise.all([
        api.states(job, block),
        api.tasks(job, block, { state: "running", limit: RUNNING_MAX }),
      ]);
      dispatch({ type: "grid-read", job, block, states, tasks });
    });
  }

  async readTask({ job, block, task }) {
    const { dispatch } = this.hooks;
    dispatch({ type: "task-asked" });
    await this.reading({ type: "task-failed", job, block, task }, async () => {
      const detail = await api.task(job, block, task);
      const waits = WAITING_TASKS.has(stateWord(detail.task));
      const why = waits ? (await api.whyTask(job, block, task)).summary : "";
      dispatch({ type: "task-read", job, block, task, detail, why });
    });
  }

  async readLog(log) {
    const { dispatch } = this.hooks;
    dispatch({ type: "log-asked" });
    await this.reading({ type: "log-failed", run: log.run }, async () => {
      dispatch({ type: "log-read", run: log.run, part: await api.log(log.run, nextRange(log)) });
    });
  }

  whyDue() {
    const { jobs, why } = this.hooks.model();
    const job = jobs.get(this.hooks.route().job);
    if (!job || !WAITS.has(job.state)) return null;
    const word = `${job.state} ${job.why}`;
    return why?.job === job.job_id && why.word === word ? null : { job: job.job_id, word };
  }

  async readWhy({ job, word }) {
    let view = null;
    try {
      view = await api.whyJob(job);
    } finally {
      this.hooks.dispatch({ type: "why", job, word, view });
    }
  }

  /** Whether the open job or task has changed a short while ago: its thumbnails come after it. */
  shotsDue(level) {
    const { jobs, task } = this.hooks.model();
    const route = this.hooks.route();
    const job = jobs.get(route.job);
    const view = level === "task" ? task?.detail?.task : job;
    if (!job || !view || (level === "task" && route.level !== "task")) return false;
    const far = level === "task" ? `${view.run_id} ${view.percent}` : finished(job.tasks);
    const word = `${route.job} ${view.block} ${view.task} ${far} ${view.state}`;
    if (word !== this.shots[level]?.word) this.shots[level] = { word, since: Date.now(), read: 0 };
    return this.shots[level].read < this.shots[level].since + LATE_MS;
  }

  async readShots(level) {
    const { job, block, task } = this.hooks.route();
    this.shots[level].read = Date.now();
    const list = await (level === "task" ? api.thumbnailsOf(job, block, task) : api.thumbnails(job));
    this.hooks.dispatch({ type: "shots-read", level, job, block, task, list });
  }

  /** Read the details of tasks near the one that is pointed at. */
  async near({ job, block }, task) {
    const offset = Math.floor(task / NEAR) * NEAR;
    const key = `${job}/${block}/${offset}`;
    if (this.asked.has(key)) return;
    this.asked.add(key);
    try {
      const tasks = await api.tasks(job, block, { offset, limit: NEAR });
      this.hooks.dispatch({ type: "tasks-read", job, block, tasks });
    } catch (error) {
      if (!(error instanceof api.Refused)) throw error;
    }
  }
}
