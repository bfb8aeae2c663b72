// Which values share one mean: samples, channels and pixels as blocks, four normalisations.

import { createRadios } from "../radios.js";

const SVG = "http://www.w3.org/2000/svg";
const CELL = 17;
const DEPTH = 10;

// For each method: axes that are averaged, a key that values with the same mean share, and how
// many such sets and values per set there are.
const METHODS = {
  batch: { axes: "N, H, W", key: (n, c) => `${c}`, sets: ({ C }) => C },
  layer: { axes: "C, H, W", key: (n) => `${n}`, sets: ({ N }) => N },
  instance: { axes: "H, W", key: (n, c) => `${n},${c}`, sets: ({ N, C }) => N * C },
  group: {
    axes: "H, W and the channels of a group",
    key: (n, c, { C, G }) => `${n},${Math.floor((c * G) / C)}`,
    sets: ({ N, G }) => N * G,
  },
};

export const count = (method, sizes) => {
  const means = METHODS[method].sets(sizes);
  return { means, values: (sizes.N * sizes.C * sizes.H * sizes.H) / means };
};

const divisors = (number) =>
  Array.from({ length: number }, (_, i) => i + 1).filter((i) => number % i === 0);

const plural = (number, word) =>
  `${number.toLocaleString("en")} ${number === 1 ? word : `${word}s`}`;

function shape(parent, tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.appendChild(node);
  return node;
}

// One sample: a slab whose front shows channels from left to right and pixels from top to bottom.
function drawSample(parent, n, sizes, shares) {
  const { C, H } = sizes;
  const [wide, high] = [C * CELL, H * H * CELL];
  const svg = shape(parent, "svg", {
    viewBox: `-1 ${-DEPTH - 1} ${wide + DEPTH + 2} ${high + DEPTH + 2}`,
    width: wide + DEPTH + 2, height: high + DEPTH + 2, "aria-hidden": "true",
  });
  const side = (points, shared) =>
    shape(svg, "polygon", { points, class: shared ? "nbgan-shared" : "nbgan-side" });
  for (let c = 0; c < C; c++) {
    const x = c * CELL;
    side(
      `${x},0 ${x + CELL},0 ${x + CELL + DEPTH},${-DEPTH} ${x + DEPTH},${-DEPTH}`,
      shares(n, c),
    );
  }
  for (let p = 0; p < H * H; p++) {
    const y = p * CELL;
    side(
      `${wide},${y} ${wide + DEPTH},${y - DEPTH} ${wide + DEPTH},${y + CELL - DEPTH} ` +
        `${wide},${y + CELL}`,
      shares(n, C - 1),
    );
    for (let c = 0; c < C; c++) {
      shape(svg, "rect", {
        x: c * CELL, y, width: CELL, height: CELL,
        class: shares(n, c) ? "nbgan-shared" : "nbgan-cell", "data-n": n, "data-c": c,
      });
    }
  }
}

export async function open(stage, { element }) {
  const sizes = { N: 4, C: 6, H: 3, G: 2 };
  let method = "batch";
  let chosen = [0, 0]; // sample and channel whose mean is shown

  const root = element("div", stage, { className: "nbgan-axes" });
  const methods = Object.keys(METHODS);
  const radios = createRadios({
    parent: root, className: "nbgan-axes-methods", label: "normalisation", element,
    contents: methods.map((name) => (button) => {
      button.className = "nbgan-axes-method";
      button.textContent = `${name} norm`;
    }),
    choose: (i) => choose(methods[i]),
  });

  const sliders = element("div", root, { className: "nbgan-axes-sizes" });
  const slider = (label, text, max) => {
    const row = element("label", sliders);
    element("span", row, { textContent: text });
    const input = element("input", row, { type: "range", min: 1, max, value: sizes[label] });
    const shown = element("output", row);
    input.addEventListener("input", () => {
      sizes[label] = Number(input.value);
      draw();
    });
    return () => {
      shown.textContent = label === "H" ? `${sizes.H} × ${sizes.H}` : sizes[label];
    };
  };
  const updates = [
    slider("N", "samples N", 6), slider("C", "channels C", 8), slider("H", "pixels H × W", 4),
  ];
  const groupRow = element("label", sliders);
  element("span", groupRow, { textContent: "groups" });
  const groups = element("select", groupRow, { className: "nbgan-axes-groups" });
  groups.addEventListener("change", () => {
    sizes.G = Number(groups.value);
    draw();
  });

  const block = element("div", root, { className: "nbgan-axes-block", tabIndex: 0 }, {
    role: "application",
    "aria-label": "Blocks of features. Arrow keys move to another sample or channel.",
  });
  const summary = element("p", root, { className: "nbgan-axes-summary" }, {
    "aria-live": "polite",
  });
  const table = element("table", root, { className: "nbgan-axes-table" });

  const point = (event) => {
    const { n, c } = event.target.dataset ?? {};
    if (n === undefined || (chosen[0] === Number(n) && chosen[1] === Number(c))) return;
    chosen = [Number(n), Number(c)];
    drawBlock();
  };
  // Not pointerover: each drawing puts new squares under a resting pointer, and that would take
  // the choice away from the keyboard.
  block.addEventListener("pointermove", point);
  block.addEventListener("pointerdown", point);
  block.addEventListener("keydown", (event) => {
    const move = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    }[event.key];
    if (!move) return;
    event.preventDefault();
    chosen = [chosen[0] + move[0], chosen[1] + move[1]];
    drawBlock();
  });

  function choose(name) {
    method = name;
    draw();
  }

  function drawBlock() {
    const { N, C, H } = sizes;
    chosen = [Math.min(Math.max(chosen[0], 0), N - 1), Math.min(Math.max(chosen[1], 0), C - 1)];
    const { key, axes } = METHODS[method];
    const same = key(...chosen, sizes);
    const shares = (n, c) => key(n, c, sizes) === same;
    block.replaceChildren();
    for (let n = 0; n < N; n++) {
      const figure = element("figure", block);
      drawSample(figure, n, sizes, shares);
      element("figcaption", figure, { textContent: `sample ${n + 1}` });
    }
    const { means, values } = count(method, sizes);
    const nothing = values === 1 ? " One value minus its mean is 0, whatever it was: layers refuse that." : "";
    summary.textContent =
      `${method[0].toUpperCase()}${method.slice(1)} norm averages over ${axes}: ` +
      `${plural(means, "mean")} and ${plural(means, "variance")}, each from ` +
      `${plural(values, "value")}. Blue: what shares a mean with channel ${chosen[1] + 1} of ` +
      `sample ${chosen[0] + 1} (${H} × ${H} pixels a channel).${nothing}`;
  }

  function drawTable() {
    table.replaceChildren();
    const head = element("tr", element("thead", table));
    for (const text of ["norm", "averages over", "means", "values per mean"])
      element("th", head, { textContent: text }, { scope: "col" });
    const body = element("tbody", table);
    for (const [name, { axes }] of Object.entries(METHODS)) {
      const { means, values } = count(name, sizes);
      const row = element("tr", body, { className: name === method ? "nbgan-chosen" : "" });
      element("th", row, { textContent: name }, { scope: "row" });
      for (const text of [axes, means, values]) element("td", row, { textContent: text });
    }
  }

  function draw() {
    const allowed = divisors(sizes.C);
    if (!allowed.includes(sizes.G)) sizes.G = allowed.findLast((g) => g <= sizes.G);
    groups.replaceChildren();
    for (const g of allowed) element("option", groups, { value: g, textContent: g });
    groups.value = sizes.G;
    groupRow.classList.toggle("nbgan-idle", method !== "group");
    radios.show(methods.indexOf(method));
    updates.forEach((update) => update());
    drawBlock();
    drawTable();
  }

  draw();
  return { count };
}
