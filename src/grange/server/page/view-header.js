// The farm in one sentence, what needs attention, and whether this page is in touch with it.

import { el, setText, show } from "./dom.js";
import { number, many } from "./words.js";

const LINK = {
  connecting: "connecting …",
  live: "live",
  lost: "out of touch, trying again …",
  refused: "refused",
  "signed-out": "signed out",
};

export function headerView(root) {
  const sentence = el("h1", { class: "sentence" });
  const left = el("span");
  const trouble = el("span", { class: "trouble" });
  const me = el("span", { class: "me" });
  const link = el("span", { class: "link" });
  const notice = el("p", { class: "notice", role: "alert", hidden: true });
  root.append(
    el("a", { class: "mark", href: "#/", "aria-label": "Grange: all jobs" },
      el("img", { src: "/icon.svg", alt: "", width: 28, height: 28 })),
    el("div", { class: "words" }, sentence, el("p", { class: "after" }, left, trouble)),
    el("div", { class: "aside" }, me, link),
    notice,
  );

  return (model) => {
    const { farm } = model;
    setText(sentence, farm ? inOneSentence(farm) : "Grange");
    setText(left, farm ? whatIsLeft(farm) : "");
    setText(trouble, attention(model));
    setText(me, model.me ? `${model.me.user} · ${model.me.role}` : "");
    link.dataset.link = model.link.state;
    setText(link, LINK[model.link.state]);
    setText(notice, noticeOf(model));
    show(notice, notice.textContent !== "");
    document.body.dataset.link = model.link.state;
  };
}

/** The farm, as one would say it. */
export function inOneSentence(farm) {
  const { tasks, workers, workers_online: online, workers_busy: busy, jobs_running: running } = farm;
  if (!workers) return "The farm has no worker yet.";
  if (!online) return workers === 1 ? "The worker is offline." : `All ${number(workers)} workers are offline.`;
  const all = many(online, "worker");
  if (!running && tasks.waiting + tasks.ready) return `No job is running; ${all} online.`;
  if (!running) return `The farm is at rest, ${all} online.`;
  const jobs = running === 1 ? "1 job is running" : `${number(running)} jobs are running`;
  if (busy < online) return `${jobs} on ${number(busy)} of ${all}.`;
  return `${jobs} on ${online > 1 ? "all " : ""}${all}.`;
}

function whatIsLeft({ tasks, workers, workers_online: online }) {
  const left = tasks.waiting + tasks.ready + tasks.running;
  const parts = [left ? `${many(left, "task")} to go` : tasks.done ? "nothing left to do" : ""];
  if (online && online < workers) parts.push(`${many(workers - online, "worker")} offline`);
  return parts.filter(Boolean).join(" · ");
}

function attention({ jobs, workers }) {
  const failed = [...jobs.values()].filter((job) => job.tasks.failed > 0).length;
  const sick = [...workers.values()].filter((worker) => worker.sick).length;
  const pending = [...workers.values()].filter((worker) => worker.state === "pending").length;
  const parts = [];
  if (failed) parts.push(`${many(failed, "job")} with failed tasks`);
  if (sick) parts.push(`${many(sick, "sick worker")}`);
  if (pending) parts.push(`${many(pending, "worker")} to accept`);
  return parts.join(" · ");
}

function noticeOf({ link, me }) {
  if (link.state === "signed-out") {
    return "You are not signed in any more. On a machine that may use this farm, run: grange open";
  }
  if (me?.role === "submit") return "This token may submit jobs only; watching needs a viewer's.";
  return link.state === "refused" ? link.message : "";
}
