// The keyboard: j and k walk the jobs, Enter opens, Escape goes up, / filters.

import { above, parse } from "./route.js";

const TYPING = "input, textarea, select";

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.(TYPING);
    if (event.key === "Escape") return typing ? event.target.blur() : goUp();
    if (typing) return;
    if (event.key === "/") {
      const filter = document.querySelector("#jobs .filter");
      if (!filter.offsetParent) location.hash = "#/";
      filter.focus();
      event.preventDefault();
    } else if (event.key === "j" || event.key === "k") walk(event.key === "j" ? 1 : -1);
  });
}

function goUp() {
  const route = parse(location.hash);
  if (route.level !== "farm") location.hash = above(route);
}

function walk(step) {
  const rows = [...document.querySelectorAll("#jobs-list .row")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const from = at >= 0 ? at : rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = from < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, from + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
}
