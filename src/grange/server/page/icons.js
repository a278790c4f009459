// A shape for each state, so that colour is never the only sign; and its word.

const SVG = "http://www.w3.org/2000/svg";

// Paths in a box of 16; "fill" shapes are filled, the others are strokes.
const SHAPES = {
  running: { fill: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z" },
  done: { line: "M3 8.6 6.4 12 13 4.6" },
  failed: { line: "M4 4l8 8M12 4l-8 8" },
  waiting: { line: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zM8 5.4V8l1.8 1.4" },
  ready: { line: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z" },
  skipped: { line: "M3.5 4.5 7 8l-3.5 3.5M8.5 4.5 12 8l-3.5 3.5" },
  suspended: { line: "M4 4h8v8H4z" },
  paused: { fill: "M4 3.4h2.8v9.2H4zM9.2 3.4H12v9.2H9.2z" },
  approval: { line: "M8 2.6 13.4 8 8 13.4 2.6 8z" },
  busy: { fill: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z" },
  idle: { line: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z" },
  offline: { line: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zM4.4 11.6l7.2-7.2" },
  missing: { line: "M5.6 6.2A2.4 2.4 0 1 1 8 8.8v1.1M8 12.4v.3" },
  sick: { line: "M8 3v10M3 8h10" },
  nimby: { fill: "M8 2.6a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM3 13.4c0-2.8 2-4.6 5-4.6s5 1.8 5 4.6z" },
  falling: { line: "M12.6 9.6A5.2 5.2 0 1 1 6.4 3.4a4.2 4.2 0 0 0 6.2 6.2z" },
  asleep: { line: "M12.6 9.6A5.2 5.2 0 1 1 6.4 3.4a4.2 4.2 0 0 0 6.2 6.2z" },
  waking: { line: "M8 5.4a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2zM8 1.6v1.6M8 12.8v1.6M1.6 8h1.6M12.8 8h1.6" },
  pending: { line: "M4.6 3h6.8L8 8zM4.6 13h6.8L8 8z" },
  revoked: { line: "M4 8h8" },
};

/** An icon that can be given another state: `{node, update(state)}`. */
export function icon(state) {
  const node = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  node.setAttribute("viewBox", "0 0 16 16");
  node.setAttribute("class", "icon");
  node.setAttribute("aria-hidden", "true");
  node.append(path);
  let shown = "";
  const update = (word) => {
    if (word === shown) return;
    shown = word;
    const shape = SHAPES[word] ?? SHAPES.revoked;
    path.setAttribute("d", shape.fill ?? shape.line);
    path.setAttribute("class", shape.fill ? "solid" : "stroke");
  };
  update(state);
  return { node, update };
}
