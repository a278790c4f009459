// A job: how far it is, why it waits, its blocks, the frame grid of one of them.

import { el, keyed, setAttr, setText, show } from "./dom.js";
import { taskName, unit } from "./frames.js";
import { shotsOf } from "./model.js";
import { button, count, finished, progressBar, stateWord } from "./parts.js";
import { above, href, shownBlock } from "./route.js";
import { shotStrip } from "./shots.js";
import { gridView } from "./view-grid.js";
import { ago, duration, many, moment, number, percent, roughly } from "./words.js";

const BLOCKS_SHOWN = 200;
const READY_S = 3; // of being ready before it is said why
const LEGEND = ["done", "running", "ready", "waiting", "failed", "skipped", "suspended"];

/** @param {object} act what the buttons do; see actions.js. */
export function jobView(root, act) {
  const back = el("a", { class: "back", href: "#/" }, "Jobs");
  const title = el("h2", { tabindex: -1 });
  const state = stateWord();
  const about = el("span", { class: "soft" });
  const buttons = jobButtons(act);
  const figures = jobFigures();
  const bar = progressBar("Progress of the job");
  bar.node.classList.add("thick");
  const report = el("p", { class: "report" }); // a parser's, on the job
  const why = whyBox();
  const blocks = el("ol", { class: "blocks" });
  const shots = shotStrip("Last pictures of the job");
  const grid = gridView(act);
  const gridTitle = el("h3");
  const legend = el("ul", { class: "legend", "aria-label": "Tasks by state" });
  const gone = el("div", { class: "empty" }, el("p", {}, "This job is not there (any more)."));
  const body = el("div", { class: "job-body" },
    el("div", { class: "job-head" },
      el("div", { class: "job-title" }, title, el("p", { class: "sub" }, state.node, about)), buttons.node),
    figures.node, bar.node, report, why.node, shots.node, blocks,
    el("div", { class: "grid-head" }, gridTitle, legend), grid.node);
  root.append(back, body, gone);

  return (model, route, now) => {
    show(root, route.job !== undefined);
    if (route.job === undefined) return;
    setAttr(back, "href", above({ level: "job" }));
    const job = model.jobs.get(route.job);
    show(body, Boolean(job));
    show(gone, !job && model.farm !== null);
    if (!job) return;
    setText(title, job.name);
    state.update(job.state);
    setText(about, aboutJob(job, now));
    setAttr(about, "title", `submitted ${moment(job.created)}`);
    buttons.update(job, model.me);
    figures.update(job, now);
    bar.update(job);
    setText(report, job.report);
    show(report, Boolean(job.report));
    why.update(job, model.why, now);
    shots.update(job.job_id, shotsOf(model, job.job_id), (shot) => taskName(job.blocks[shot.block], shot.task));
    drawBlocks(job, shownBlock(route, job));
    drawGrid(model, job, route, now);
  };

  function drawBlocks(job, open) {
    const items = job.blocks.slice(0, BLOCKS_SHOWN);
    show(blocks, job.blocks.length > 1);
    keyed(blocks, items.map((block) => ({ job, block, open: block.number === open })),
      (item) => `${item.job.job_id}/${item.block.number}`, blockRow);
  }

  function drawGrid(model, job, route, now) {
    const block = job.blocks[shownBlock(route, job)];
    show(grid.node, Boolean(block));
    if (!block || model.grid?.job !== job.job_id || model.grid.block !== block.number) return;
    setText(gridTitle, block.name || "Tasks");
    const items = LEGEND.filter((word) => block.tasks[word]).map((word) => ({ word, count: block.tasks[word] }));
    keyed(legend, items, (item) => item.word, legendItem);
    grid.update(model.grid, block, route.task, now);
  }
}

function aboutJob(job, now) {
  const parts = [job.user, job.project, `job ${job.job_id}`, `priority ${job.priority}`];
  return [...parts.filter(Boolean), ago(now - job.created)].join(" · ");
}

function jobButtons(act) {
  const pause = button("Pause", () => act.pause(pause.job));
  const resume = button("Resume", () => act.resume(resume.job), "strong");
  const restart = button("Restart failed", () => act.restartFailed(restart.job));
  const remove = button("Delete …", () => act.remove(remove.job), "danger");
  const all = [pause, resume, restart, remove];
  const node = el("div", { class: "buttons" }, resume, pause, restart, remove);
  const update = (job, me) => {
    for (const item of all) item.job = job;
    show(node, mayChange(job, me));
    show(pause, !job.paused && job.state !== "done");
    show(resume, job.paused);
    show(restart, job.tasks.failed > 0);
  };
  return { node, update };
}

/** Whether one may change a job; the server decides again. */
export function mayChange(job, me) {
  if (!me) return false;
  return me.role === "admin" || me.role === "wrangler" || (me.role === "artist" && me.user === job.user);
}

function jobFigures() {
  const figures = ["percent", "tasks", "running", "left", "each"].map((name) => {
    const [value, label] = [el("dd"), el("dt")];
    return [name, { value, label, node: el("div", { class: "figure" }, label, value) }];
  });
  const of = Object.fromEntries(figures);
  const node = el("dl", { class: "figures" }, ...figures.map(([, item]) => item.node));
  const set = (name, label, value) => {
    show(of[name].node, value !== "");
    setText(of[name].label, label);
    setText(of[name].value, value);
  };
  const update = (job, now) => {
    const words = unit(job.blocks);
    set("percent", "complete", percent(job.percent));
    set("tasks", `${words} done`, `${number(finished(job.tasks))} / ${number(count(job.tasks))}`);
    set("running", "running", job.state === "done" ? "" : number(job.tasks.running));
    set("left", ...timeOf(job, now));
    const mean = job.blocks.filter((block) => block.run_time_mean_s > 0);
    set("each", `a ${words.slice(0, -1)}, on average`, mean.length === 1 ? duration(mean[0].run_time_mean_s) : "");
  };
  return { node, update };
}

function timeOf(job, now) {
  if (job.done && job.started) return ["took", roughly(job.done - job.started)];
  if (job.eta_s !== null) return ["left", roughly(job.eta_s)];
  return ["since it began", job.started ? roughly(Math.max(0, now - job.started)) : ""];
}

function whyBox() {
  const summary = el("p", { class: "why-summary" });
  const reasons = el("ul", { class: "reasons" });
  const node = el("div", { class: "why", hidden: true }, summary, reasons);
  let still = { job: 0, since: 0 }; // since when it does not run
  const update = (job, why, now) => {
    if (job.state === "running" || still.job !== job.job_id) still = { job: job.job_id, since: now };
    const view = why?.job === job.job_id ? why.view : null;
    const text = view?.summary || job.why;
    // between two frames of a busy farm a job is ready for a moment: that needs no explanation
    const passing = job.state === "ready" && now - still.since < READY_S;
    const shown = Boolean(text) && !passing && !["done", "running"].includes(job.state);
    show(node, shown);
    if (!shown) return;
    setText(summary, text);
    const items = (view?.reasons ?? []).filter((item) => item.text !== text).slice(0, 8);
    keyed(reasons, items, (item) => `${item.code} ${item.text}`, () => {
      const line = el("li");
      return { node: line, update: (item) => setText(line, reasonText(item)) };
    });
  };
  return { node, update };
}

function reasonText({ text, workers, names }) {
  const who = workers ? `${many(workers, "worker")}: ` : "";
  const some = names.length ? ` (${names.join(", ")}${workers > names.length ? ", …" : ""})` : "";
  return who + text + some;
}

function blockRow() {
  const name = el("span", { class: "block-name" });
  const state = stateWord();
  const bar = progressBar("Progress of the block");
  const done = el("span", { class: "block-done" });
  const about = el("span", { class: "block-about soft" });
  const link = el("a", { class: "block" }, name, state.node, bar.node, done, about);
  const update = ({ job, block, open }) => {
    setAttr(link, "href", href(job.job_id, block.number));
    setAttr(link, "aria-current", open ? "true" : null);
    setText(name, block.name || taskName(null, block.number));
    state.update(block.state);
    bar.update(block);
    setText(done, `${number(finished(block.tasks))} / ${number(count(block.tasks))}`);
    setText(about, aboutBlock(block));
  };
  return { node: el("li", {}, link), update };
}

function aboutBlock(block) {
  const each = block.run_time_mean_s ? `${duration(block.run_time_mean_s)} each` : "";
  const warned = block.warnings ? many(block.warnings, "warning") : "";
  return [block.service, each, warned, block.why].filter(Boolean).join(" · ");
}

function legendItem() {
  const state = stateWord();
  const value = el("span", { class: "count" });
  const node = el("li", {}, state.node, value);
  const update = (item) => {
    state.update(item.word);
    setText(value, number(item.count));
  };
  return { node, update };
}
