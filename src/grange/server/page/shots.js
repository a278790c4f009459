// Thumbnails side by side; each leads to its task.

import { thumbnailPath } from "./api.js";
import { el, keyed, setAttr, setText, show } from "./dom.js";
import { href } from "./route.js";

/** A strip: `{node, update(job, list, captionOf)}`; without thumbnails it takes no room. */
export function shotStrip(label) {
  const node = el("ol", { class: "shots", "aria-label": label, hidden: true });
  const update = (job, list, captionOf) => {
    show(node, list.length > 0);
    const items = list.map((shot) => ({ job, shot, caption: captionOf(shot) }));
    keyed(node, items, ({ shot }) => `${shot.run_id}/${shot.number}/${shot.made}`, shotRow);
  };
  return { node, update };
}

function shotRow({ job, shot }) {
  const picture = el("img", { alt: "", decoding: "async", src: thumbnailPath(job, shot) });
  const caption = el("span", { class: "shot-name" });
  const link = el("a", { class: "shot", href: href(job, shot.block, shot.task) }, picture, caption);
  const node = el("li", {}, link);
  picture.addEventListener("error", () => show(node, false)); // replaced or deleted meanwhile
  const update = (item) => {
    setText(caption, item.caption);
    setAttr(link, "title", item.shot.name);
  };
  return { node, update };
}
