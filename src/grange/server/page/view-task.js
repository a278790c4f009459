// A task: its runs, exact command, files and log.

import { el, keyed, setAttr, setText, show } from "./dom.js";
import { taskName } from "./frames.js";
import { shotsOf, stateWord as wordOf } from "./model.js";
import { button, say, stateWord } from "./parts.js";
import { above } from "./route.js";
import { shotStrip } from "./shots.js";
import { logView } from "./view-log.js";
import { commandLine, duration, megabytes, moment } from "./words.js";

const FILES_SHOWN = 100;
const GOOD = new Set(["done", "skipped", "parser-success", "failed-post"]);

/** @param {object} act `chooseRun(id)` shows another run's log. */
export function taskView(root, act) {
  const back = el("a", { class: "back" }, "Job");
  const title = el("h2", { tabindex: -1 });
  const state = stateWord();
  const about = el("span", { class: "soft" });
  const message = el("p", { class: "message", hidden: true });
  const why = el("p", { class: "task-why" });
  const runs = el("ol", { class: "runs" });
  const runsPart = part("Runs", runs);
  const command = el("code");
  const copy = button("Copy", () => copyText(command.textContent), "small");
  const folder = el("p", { class: "soft small" });
  const files = el("ul", { class: "files" });
  const filesPart = part("Files", files);
  const error = el("p", { class: "message", role: "alert", hidden: true });
  const commandPart = part("Command", el("pre", { class: "command" }, command), folder);
  commandPart.firstChild.append(copy);
  const log = logView();
  const shots = shotStrip("Pictures of the task");
  root.append(back, el("div", { class: "task-head" }, title, el("p", { class: "sub" }, state.node, about)),
    why, error, message, shots.node, runsPart, log.node, commandPart, filesPart);

  return (model, route, now) => {
    const { task } = model;
    show(root, Boolean(task));
    if (!task) return;
    const job = model.jobs.get(task.job);
    setAttr(back, "href", above(route));
    setText(back, job?.name ?? "Job");
    const view = latest(model, task);
    setText(title, view?.name || taskName(job?.blocks[task.block], task.task));
    show(state.node, Boolean(view));
    if (view) state.update(wordOf(view));
    setText(about, view ? aboutTask(view, now) : "");
    const waits = view && ["waiting", "ready", "suspended"].includes(wordOf(view));
    setText(why, waits ? task.why : "");
    show(why, why.textContent !== "");
    setText(error, task.error);
    show(error, task.error !== "");
    const tells = view && (wordOf(view) !== "done" || view.flags.includes("warning"));
    const said = tells ? view.message : "";
    setText(message, said ?? "");
    show(message, Boolean(said));
    drawDetail(task.detail, model.log?.run, now);
    log.update(model.log);
    shots.update(task.job, shotsOf(model, task.job, task.block, task.task), (shot) => shot.name);
  };

  function drawDetail(detail, shownRun, now) {
    const known = detail?.runs ?? [];
    show(runsPart, known.length > 0);
    keyed(runs, known.map((run) => ({ run, now, open: run.run_id === shownRun })),
      (item) => item.run.run_id, () => runRow(act));
    const line = detail ? commandLine(detail.command) : "";
    show(commandPart, line !== "");
    setText(command, line);
    setText(folder, detail?.working_directory ? `in ${detail.working_directory}` : "");
    show(filesPart, Boolean(detail?.files.length));
    keyed(files, (detail?.files ?? []).slice(0, FILES_SHOWN), (name) => name, (name) => {
      const item = el("li", {}, name);
      return { node: item, update: () => {} };
    });
  }
}

function part(title, ...content) {
  return el("section", { class: "part-of-task" }, el("div", { class: "part-head" }, el("h3", {}, title)), ...content);
}

/** The newest that is known: a patch of the grid is fresher than what was read. */
function latest({ grid }, task) {
  const inGrid = grid?.job === task.job && grid.block === task.block;
  return (inGrid && grid.tasks.get(task.task)) || task.detail?.task || null;
}

function aboutTask(view, now) {
  const parts = [];
  if (view.worker) parts.push(view.worker);
  if (wordOf(view) === "running" && view.percent >= 0) parts.push(`${view.percent} %`);
  if (view.started) parts.push(duration(Math.max(0, (view.ended || now) - view.started)));
  if (view.activity) parts.push(view.activity);
  if (view.flags.length) parts.push(view.flags.join(", "));
  return parts.join(" · ");
}

function runRow(act) {
  const state = stateWord();
  const worker = el("span", { class: "run-worker" });
  const time = el("span", { class: "run-time" });
  const used = el("span", { class: "run-used soft" });
  const note = el("span", { class: "run-note" });
  const choose = el("button", { type: "button", class: "run" }, state.node, worker, time, used, note);
  let id = 0;
  choose.addEventListener("click", () => act.chooseRun(id));
  const update = ({ run, now, open }) => {
    id = run.run_id;
    const { result } = run;
    choose.dataset.good = !result || GOOD.has(result.status);
    setAttr(choose, "aria-pressed", open);
    state.update(result ? shapeOf(result.status) : "running");
    setText(state.node.lastChild, result ? result.status : "running");
    setText(worker, run.worker);
    setText(time, duration(Math.max(0, (run.ended || now) - run.started)));
    setAttr(time, "title", `began ${moment(run.started)}`);
    setText(used, usedBy(run));
    setAttr(used, "title", allUsedBy(run));
    setText(note, noteOf(run));
    show(note, note.textContent !== "");
  };
  return { node: el("li", {}, choose), update };
}

function shapeOf(status) {
  if (GOOD.has(status)) return status === "skipped" ? "skipped" : "done";
  return ["stopped", "lost", "lease-ended"].includes(status) ? "suspended" : "failed";
}

function usedBy({ result, progress }) {
  const memory = result?.meter?.peak_memory_mb || progress?.memory_mb;
  return memory ? megabytes(memory) : "";
}

/** All that was measured of a run: while it runs, as it is now. */
function allUsedBy({ result, progress }) {
  const used = result?.meter ?? progress ?? {};
  const parts = [
    ["processor", used.cpu_s && duration(used.cpu_s)],
    ["memory", megabytesOf(used.peak_memory_mb || used.memory_mb)],
    ["GPU memory", megabytesOf(used.gpu_memory_mb)],
    ["read", megabytesOf(used.read_mb)],
    ["written", megabytesOf(used.written_mb)],
  ];
  return parts.filter(([, value]) => value).map(([name, value]) => `${name} ${value}`).join(", ") || null;
}

const megabytesOf = (value) => (value ? megabytes(value) : "");

function noteOf({ result, helps }) {
  if (helps) return `serves run ${helps}`;
  if (!result) return "";
  if (GOOD.has(result.status)) return result.warning ? result.message ?? "" : "";
  const code = result.exit_code ?? null;
  const how = result.signal ? `signal ${result.signal}` : code !== null ? `exit status ${code}` : "";
  return result.message || how;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    say("This browser did not allow copying; select the text instead.", "error");
  }
}
