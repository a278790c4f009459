// Making and changing elements. What comes from the farm only ever becomes text.

/** An element. Attributes: `class`, `on` (listeners by name), `data` (dataset), else as named. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") listen(node, value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function listen(node, listeners) {
  for (const [name, listener] of Object.entries(listeners)) node.addEventListener(name, listener);
}

/** Set a text, where it differs. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set an attribute, where it differs; null removes it. */
export function setAttr(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Show or hide. */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** Set a length in percent, where it differs. */
export function setShare(node, property, share) {
  const text = `${Math.round(share * 1e4) / 100}%`;
  if (node.style[property] !== text) node.style[property] = text;
}

const rows = new WeakMap(); // parent -> Map of key to row

/**
 * Make a parent's children those of a list, by key: rows are kept, moved, made and dropped.
 * @param {(item) => object} make gives `{node, update(item)}`.
 */
export function keyed(parent, items, keyOf, make) {
  const known = rows.get(parent) ?? new Map();
  const next = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const row = known.get(key) ?? make(item);
    known.delete(key);
    next.set(key, row);
    row.update(item);
    if (row.node === place) place = place.nextSibling;
    else parent.insertBefore(row.node, place);
  }
  for (const row of known.values()) row.node.remove();
  rows.set(parent, next);
}
