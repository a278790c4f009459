// A tile per worker: what it does now, and how loaded its machine is.

import { el, keyed, setAttr, setShare, setText, show } from "./dom.js";
import { taskName } from "./frames.js";
import { stateWord } from "./parts.js";
import { href } from "./route.js";
import { megabytes, number } from "./words.js";

const SHOWN = 300; // tiles
const DIALS_SHOWN = 4; // of one worker
const PACE_S = 1; // between two drawings where there are more
const BY_NAME = new Intl.Collator("en", { numeric: true });

export function workersView(root) {
  const title = el("h2", {}, "Workers");
  const tiles = el("ul", { class: "tiles" });
  const more = el("p", { class: "soft", hidden: true });
  const none = el("div", { class: "empty", hidden: true },
    el("p", {}, "No workers yet. ", el("code", {}, "grange worker"), " makes a machine one."));
  root.append(el("div", { class: "column-head" }, title, more), tiles, none);
  let drawn = { at: 0 };

  return (model, route, now) => {
    if (drawn.workers === model.workers && drawn.jobs === model.jobs) return;
    if (model.workers.size > SHOWN && now - drawn.at < PACE_S) return;
    drawn = { workers: model.workers, jobs: model.jobs, at: now };
    const workers = [...model.workers.values()]
      .filter((worker) => worker.state !== "revoked")
      .sort((a, b) => BY_NAME.compare(a.name, b.name));
    const items = workers.slice(0, SHOWN).map((worker) => ({ worker, jobs: model.jobs }));
    keyed(tiles, items, (item) => item.worker.worker_id, tile);
    setText(title, workers.length ? `Workers ${number(workers.length)}` : "Workers");
    show(more, workers.length > SHOWN);
    setText(more, `the first ${SHOWN} by name`);
    show(none, model.farm !== null && !workers.length);
  };
}

function tile() {
  const name = el("span", { class: "tile-name" });
  const trouble = el("span", { class: "tile-trouble", role: "img", hidden: true }, "!");
  const own = el("span", { class: "tile-own soft", hidden: true }, "own");
  const state = stateWord();
  const doing = el("a", { class: "doing" });
  const note = el("span", { class: "doing soft" });
  const part = el("span", { class: "doing-part" });
  const cpu = gauge("CPU");
  const memory = gauge("Memory");
  const gpu = gauge("GPU");
  const dials = el("span", { class: "dials", hidden: true });
  const node = el("li", { class: "tile" },
    el("span", { class: "tile-head" }, name, trouble, own, state.node),
    el("span", { class: "tile-doing" }, doing, note, part),
    el("span", { class: "gauges" }, cpu.node, memory.node, gpu.node),
    dials,
  );

  const update = ({ worker, jobs }) => {
    node.dataset.state = worker.state;
    setText(name, worker.name);
    show(trouble, Boolean(worker.trouble));
    setAttr(trouble, "title", worker.trouble || null);
    setAttr(trouble, "aria-label", worker.trouble || null);
    show(own, worker.dirty.length > 0);
    setAttr(own, "title", `its own instead of its pool's: ${worker.dirty.join(", ")}`);
    state.update(worker.state);
    const run = worker.runs[0];
    show(doing, Boolean(run));
    show(note, !run);
    if (run) showRun(run, worker, jobs);
    setText(part, run ? partOf(run, worker.runs.length) : "");
    const said = worker.sick || worker.why;
    setText(note, said || "");
    setAttr(note, "title", said || null);
    showLoad(worker.resources, worker.presence === "online");
  };

  function showRun(run, worker, jobs) {
    const job = jobs.get(run.job_id);
    const task = taskName(job?.blocks[run.block], run.task);
    setAttr(doing, "href", href(run.job_id, run.block, run.task));
    setText(doing, job ? `${task} · ${job.name}` : task);
  }

  function showLoad(load, online) {
    const known = Boolean(load) && online;
    const total = load?.mem_total_mb ?? 0;
    const used = total - (load?.mem_free_mb ?? 0);
    const busy = 100 - (load?.cpu_idle ?? 100);
    cpu.update(known ? busy / 100 : 0, known ? `${busy} %` : "unknown");
    memory.update(known && total ? used / total : 0,
      known && total ? `${megabytes(used)} of ${megabytes(total)}` : "unknown");
    const gpus = known ? load.gpus ?? [] : [];
    const computing = Math.max(0, ...gpus.map((item) => item.util ?? 0));
    show(gpu.node, gpus.length > 0);
    gpu.update(computing / 100,
      `${computing} %, ${megabytes(load?.gpu_mem_used_mb ?? 0)} of ${megabytes(load?.gpu_mem_total_mb ?? 0)}`);
    const custom = known ? (load.custom ?? []).filter((item) => item.valid !== false) : [];
    keyed(dials, custom.slice(0, DIALS_SHOWN), (item) => item.name, dial);
    show(dials, custom.length > 0);
  }
  return { node, update };
}

function partOf(run, runs) {
  const percent = run.progress?.percent ?? -1;
  return [percent >= 0 ? `${percent} %` : "", runs > 1 ? `+${runs - 1}` : ""].filter(Boolean).join("  ");
}

function gauge(label) {
  const level = el("span", { class: "level" });
  const node = el("span", { class: "gauge", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 },
    el("span", { class: "gauge-label", "aria-hidden": "true" }, label === "Memory" ? "MEM" : label),
    el("span", { class: "gauge-track" }, level));
  const update = (share, text) => {
    setShare(level, "width", Math.max(0, Math.min(1, share)));
    setAttr(level, "data-high", share > 0.92 ? "true" : null);
    setAttr(node, "aria-valuenow", Math.round(share * 100));
    setAttr(node, "aria-valuetext", text);
    setAttr(node, "title", `${label} ${text}`);
  };
  return { node, update };
}

/** What a studio's own class measures: its label, and a bar in its colour. */
function dial() {
  const label = el("span", { class: "dial-label" });
  const level = el("span", { class: "level" });
  const node = el("span", { class: "dial", role: "meter", "aria-valuemin": 0 }, label,
    el("span", { class: "gauge-track" }, level));
  const update = ({ name, value = 0, valuemax = 100, label: text = "", tooltip = "", graph_colour: colour }) => {
    const said = text.replaceAll("\n", " ") || name;
    setText(label, said);
    setAttr(node, "title", tooltip || name);
    setAttr(node, "aria-label", said);
    setAttr(node, "aria-valuenow", value);
    setAttr(node, "aria-valuemax", valuemax);
    setShare(level, "width", valuemax > 0 ? Math.max(0, Math.min(1, value / valuemax)) : 0);
    level.style.backgroundColor = colour ? `rgb(${colour.map(Number).join(" ")})` : "";
  };
  return { node, update };
}
