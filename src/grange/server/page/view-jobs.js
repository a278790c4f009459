// The list of jobs, newest first.

import { el, keyed, setAttr, setText, show } from "./dom.js";
import { unit } from "./frames.js";
import { count, finished, progressBar, stateWord } from "./parts.js";
import { href } from "./route.js";
import { ago, many, number, percent, roughly, short } from "./words.js";

const SHOWN = 200; // rows at first; more by a button

export function jobsView(root) {
  const filter = el("input", {
    type: "search", class: "filter", placeholder: "Filter", "aria-label": "Filter jobs by name, user or state",
    autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/",
  });
  const title = el("h2", {}, "Jobs");
  const list = el("ol", { class: "rows", id: "jobs-list", tabindex: -1 });
  const more = el("button", { type: "button", class: "button more" });
  const none = el("div", { class: "empty" });
  let shown = SHOWN;
  let drawn = null;
  let redraw = () => {};
  filter.addEventListener("input", () => redraw());
  more.addEventListener("click", () => {
    shown += 500;
    redraw();
  });
  root.append(
    el("div", { class: "column-head" }, title, filter),
    el("div", { class: "row-head", "aria-hidden": "true" },
      ...["State", "Job", "Progress", "Done", "Running", "Left", "Age"].map((word) => el("span", {}, word))),
    list, more, none,
  );

  return (model, route, now) => {
    redraw = () => {
      drawn = null;
      draw(model, route, now);
    };
    draw(model, route, now);
  };

  function draw(model, route, now) {
    const key = `${route.job} ${Math.floor(now / 5)}`;
    if (drawn?.jobs === model.jobs && drawn.key === key) return;
    drawn = { jobs: model.jobs, key };
    const wanted = filter.value.trim().toLowerCase();
    const jobs = [...model.jobs.values()]
      .filter((job) => !job.hidden && matches(job, wanted))
      .sort((a, b) => b.job_id - a.job_id);
    keyed(list, jobs.slice(0, shown).map((job) => ({ job, now, open: job.job_id === route.job })),
      (item) => item.job.job_id, jobRow);
    setText(title, jobs.length ? `Jobs ${number(jobs.length)}` : "Jobs");
    show(more, jobs.length > shown);
    setText(more, `Show more of ${number(jobs.length)}`);
    show(none, model.farm !== null && !jobs.length);
    if (!jobs.length) explain(none, wanted);
  }
}

function matches(job, wanted) {
  const text = `${job.name}\n${job.user}\n${job.state}\n${job.job_id}`.toLowerCase();
  return wanted.split(/\s+/).every((word) => text.includes(word));
}

function explain(none, wanted) {
  if (wanted) none.replaceChildren(el("p", {}, "No job matches this filter."));
  else {
    none.replaceChildren(
      el("p", {}, "No jobs yet. Submit one, and it appears here:"),
      el("pre", {}, "grange submit -f 1-100 -- my-renderer scene --frame @#@"),
    );
  }
}

function jobRow() {
  const state = stateWord();
  const bar = progressBar("Progress");
  const cells = Object.fromEntries(
    ["name", "user", "why", "percent", "done", "running", "left", "age"].map((name) => [
      name, el("span", { class: `cell-${name}` }),
    ]),
  );
  const link = el("a", { class: "row" },
    el("span", { class: "cell-state" }, state.node),
    el("span", { class: "cell-title" }, cells.name, el("span", { class: "sub" }, cells.user, cells.why)),
    el("span", { class: "cell-bar" }, bar.node, cells.percent),
    cells.done, cells.running, cells.left, cells.age,
  );

  const update = ({ job, now, open }) => {
    setAttr(link, "href", href(job.job_id));
    setAttr(link, "aria-current", open ? "true" : null);
    state.update(job.state);
    bar.update(job);
    setText(cells.name, job.name);
    setText(cells.user, job.user);
    setText(cells.why, job.why && job.state !== "done" ? job.why : "");
    setText(cells.percent, percent(job.percent));
    setText(cells.done, doneOf(job));
    setAttr(cells.done, "title", `${number(finished(job.tasks))} of ${many(count(job.tasks), unit(job.blocks).slice(0, -1))}`);
    setText(cells.running, job.tasks.running ? number(job.tasks.running) : "");
    setText(cells.left, job.eta_s === null ? "" : roughly(job.eta_s));
    setText(cells.age, ago(now - job.created));
    show(cells.running, job.tasks.running > 0);
    show(cells.left, job.eta_s !== null);
  };
  return { node: el("li", {}, link), update };
}

const doneOf = (job) => `${short(finished(job.tasks))} / ${short(count(job.tasks))}`;
