// Where one is, as the address says: #/job/12, #/job/12/0, #/job/12/0/31. Pure.

/** `{level, job, block, task}`; what is absent is undefined. */
export function parse(hash) {
  const match = /^#\/job\/(\d{1,15})(?:\/(\d{1,9})(?:\/(\d{1,9}))?)?$/.exec(hash);
  if (!match) return { level: "farm" };
  const [job, block, task] = match.slice(1).map((item) => (item === undefined ? item : Number(item)));
  return { level: task === undefined ? "job" : "task", job, block, task };
}

/** The address of a job, of one of its blocks, or of a task. */
export const href = (...ids) => (ids.length ? `#/job/${ids.join("/")}` : "#/");

/** One step up. */
export function above(route) {
  return route.level === "task" ? href(route.job, route.block) : href();
}

/** The block to show: the one in the address, else where the work is. */
export function shownBlock(route, job) {
  if (!job?.blocks.length) return undefined;
  if (route.block !== undefined) return job.blocks[route.block] ? route.block : undefined;
  const at = (word) => job.blocks.find((block) => block.state === word);
  const open = at("running") ?? at("failed") ?? job.blocks.find((block) => block.state !== "done");
  return (open ?? job.blocks.at(-1)).number;
}
