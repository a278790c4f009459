// The shell: holds the model, draws it at most once a frame, and keeps it in touch with the farm.

import * as actions from "./actions.js";
import * as api from "./api.js";
import { listenToKeys } from "./keys.js";
import { Live } from "./live.js";
import { apply, empty } from "./model.js";
import { Reader } from "./reader.js";
import { parse, shownBlock } from "./route.js";
import { headerView } from "./view-header.js";
import { jobView } from "./view-job.js";
import { jobsView } from "./view-jobs.js";
import { taskView } from "./view-task.js";
import { workersView } from "./view-workers.js";
import { percent } from "./words.js";

let model = empty;
let route = parse(location.hash);
let due = 0;

function dispatch(message) {
  model = apply(model, message);
  if (!due) due = requestAnimationFrame(draw);
}

const reader = new Reader({ model: () => model, route: () => route, dispatch });
const live = new Live({
  wanted: () => ({
    tasks_of: route.job === undefined ? [] : [route.job],
    logs_of: model.log && !model.log.over ? [model.log.run] : [],
    after: model.number,
  }),
  heard: dispatch,
  linked: (state) => {
    if (state !== model.link.state) dispatch({ type: "link", state, since: Date.now() / 1000 });
    if (state === "live" && !model.me) learnWho();
  },
  signedIn: async () => (await askWho()) !== 401,
});

const act = {
  ...actions,
  near: (grid, task) => reader.near(grid, task),
  go: (address) => (location.hash = address),
  chooseRun: (run) => dispatch({ type: "choose-run", run }),
};
const byId = (id) => document.getElementById(id);
const views = [
  headerView(byId("header")),
  jobsView(byId("jobs")),
  jobView(byId("job"), act),
  taskView(byId("task"), act),
  workersView(byId("workers")),
];

function draw() {
  due = 0;
  openWhatIsShown();
  const now = Date.now() / 1000 + model.skew;
  document.body.dataset.level = route.level;
  for (const view of views) view(model, route, now);
  document.title = titleOf();
  live.subscribe();
  reader.keepUp();
}

/** The model follows the address: the block and the task that are to be seen. */
function openWhatIsShown() {
  const job = model.jobs.get(route.job);
  const block = shownBlock(route, job);
  model = apply(model, { type: "open-grid", job: block === undefined ? 0 : route.job, block });
  model = apply(model, { type: "open-task", ...route });
}

function titleOf() {
  const job = model.jobs.get(route.job);
  if (job) return `${percent(job.percent)} · ${job.name} · Grange`;
  const running = model.farm?.jobs_running;
  return running ? `${running} running · Grange` : "Grange";
}

async function askWho() {
  try {
    dispatch({ type: "me", me: await api.whoami() });
    return 200;
  } catch (error) {
    return error.status;
  }
}

let learning = false;
async function learnWho() {
  if (learning) return;
  learning = true;
  await askWho();
  learning = false;
}

addEventListener("hashchange", () => {
  route = parse(location.hash);
  document.body.dataset.level = route.level;
  cancelAnimationFrame(due);
  draw();
  if (!document.activeElement?.offsetParent) focusShown();
});

/** What had the focus is no longer seen: give it to what is. */
function focusShown() {
  const row = document.querySelector("#jobs-list [aria-current]") ?? byId("jobs-list");
  const place = route.level === "farm" ? row : byId(route.level).querySelector("h2");
  place.focus({ preventScroll: true });
  if (route.level !== "farm") scrollTo({ top: 0 });
}

addEventListener("online", () => live.hurry());
document.addEventListener("visibilitychange", () => document.hidden || live.hurry());
setInterval(() => document.hidden || (due ||= requestAnimationFrame(draw)), 1000);
listenToKeys();
live.connect();
