// Numbers and times in words. Pure.

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const number = (value) => NUMBER.format(value);

/** Short where it is long: "400k". */
export const short = (value) =>
  value < 100000 ? number(value) : COMPACT.format(value).replace("K", "k");

/** "1 job", "2 jobs". */
export const many = (count, one, several = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : several}`;

/** A whole percent that says 100 only when all is done. */
export function percent(value) {
  const shown = value >= 100 ? 100 : Math.min(99, Math.floor(value));
  return `${Math.max(0, shown)} %`;
}

/** A length of time, exact enough to compare two frames. */
export function duration(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return roughly(seconds);
}

/** A length of time, as one would say it. */
export function roughly(seconds) {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours < 10 ? `${hours} h ${pad(minutes % 60)} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days < 10 ? `${days} d ${hours % 24} h` : `${number(days)} d`;
}

/** How long ago, in one unit. */
export function ago(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 5400) return `${roughly(seconds)} ago`;
  const hours = Math.round(seconds / 3600);
  return hours < 36 ? `${hours} h ago` : `${many(Math.round(hours / 24), "day")} ago`;
}

/** A moment, in this machine's time zone. */
export const moment = (epoch) => MOMENT.format(new Date(epoch * 1000));

/** Memory. */
export function megabytes(value) {
  return value < 1024 ? `${value} MB` : `${(value / 1024).toFixed(value < 10240 ? 1 : 0)} GB`;
}

/** A command as one would type it. */
export function commandLine(command) {
  return typeof command === "string" ? command : command.map(quoted).join(" ");
}

const quoted = (word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

const pad = (value) => String(value).padStart(2, "0");
