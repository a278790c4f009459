// What a person can do here. A refusal is said in the server's own words.

import * as api from "./api.js";
import { el } from "./dom.js";
import { button, say } from "./parts.js";
import { count } from "./parts.js";
import { href } from "./route.js";
import { many } from "./words.js";

async function attempt(work, done) {
  try {
    await work();
    say(done);
    return true;
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    say([`Not done: ${error.message}`, error.hint].filter(Boolean).join(" — "), "error");
    return false;
  }
}

export const pause = (job) => attempt(() => api.pause(job.job_id), "Paused. What runs now goes on.");
export const resume = (job) => attempt(() => api.resume(job.job_id), "Resumed.");
export const restartFailed = (job) =>
  attempt(() => api.restartFailed(job.job_id), `${many(job.tasks.failed, "failed task")} will run again.`);

/** Delete a job, when the person is sure. */
export async function remove(job) {
  const sure = await confirmed(
    `Delete “${job.name}”?`,
    `Its ${many(count(job.tasks), "task")} and their logs go; what it rendered stays.`,
    "Delete the job",
  );
  if (!sure) return;
  if (await attempt(() => api.remove(job.job_id), "Deleted.")) location.hash = href();
}

/** Ask in a dialog; Escape says no. */
function confirmed(question, explanation, yes) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "question" });
    const answer = (value) => () => dialog.close(value);
    const no = button("Keep it", answer(""));
    dialog.append(
      el("h2", { id: "question" }, question),
      el("p", {}, explanation),
      el("div", { class: "buttons" }, no, button(yes, answer("yes"), "danger strong")),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
