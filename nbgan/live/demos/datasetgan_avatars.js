// Sample faces with their labels in the page, mix the styles of two, see the ensemble's doubt.

import { addStyleSheet } from "../answers.js";
import { toBytes } from "../pixels.js";
import { gaussian } from "../random.js";
import { latestOnly, startModels } from "../runtime.js";

const NAME = "datasetgan-avatars";

// One colour a pixel: colors[index(value)], each [r, g, b].
export function mappedBytes(values, colors, index) {
  const bytes = new Uint8ClampedArray(4 * values.length);
  values.forEach((value, i) => {
    const color = colors[index(value)];
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = color[c];
    bytes[4 * i + 3] = 255;
  });
  return bytes;
}

// The place of an uncertainty in a table of 256 colours.
export const shade = (limit) => (value) =>
  Math.round(255 * Math.min(1, Math.max(0, value / limit)));

// Which rows come from the second face: those from `first` on.
export const rowsFrom = (first, rows) =>
  Float32Array.from({ length: rows }, (_, row) => Number(row >= first));

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export async function open(stage, { root, element, assets, unpack, text, onProgress }) {
  const data = JSON.parse(await text(`${NAME}.data.json`));
  addStyleSheet("datasetgan_avatars.css", await text("datasetgan_avatars.css"), element);
  const { size, rows } = data;
  const palette = data.classes.map(({ color }) => rgb(color));
  const models = await startModels({ assets, unpack, onProgress, models: [data.model], parts: [] });
  const state = { a: 1, b: 2, first: Math.round(rows / 3), psi: data.psi };

  const sample = async ({ a, b, first, psi }) => {
    const started = performance.now();
    const tensor = (values) => ({ type: "float32", data: values, dims: [1, values.length] });
    const outputs = await models.call("run", {
      name: data.model,
      inputs: {
        code_a: tensor(gaussian(data.code, a)),
        code_b: tensor(gaussian(data.code, b)),
        from_b: tensor(rowsFrom(first, rows)),
        psi: { type: "float32", data: Float32Array.of(psi), dims: [1] },
      },
    });
    return {
      picture: outputs.picture.data,
      label: outputs.label.data,
      uncertainty: outputs.uncertainty.data,
      milliseconds: performance.now() - started,
    };
  };
  const newest = latestOnly(sample);

  const box = element("div", stage, { className: "nbgan-factory" });
  const sources = element("div", box, { className: "nbgan-factory-sources" });
  const panel = (parent, label) => {
    const figure = element("figure", parent);
    const canvas = element("canvas", figure, { width: size, height: size }, {
      role: "img", "aria-label": label,
    });
    return { canvas, context: canvas.getContext("2d"), caption: element("figcaption", figure) };
  };
  const faces = Object.fromEntries(
    ["a", "b"].map((name) => {
      const letter = name.toUpperCase();
      const shown = panel(sources, `face ${letter}`);
      const button = element("button", shown.canvas.parentNode, {
        type: "button", textContent: `New face ${letter}`,
      });
      button.addEventListener("click", () =>
        change({ [name]: Math.floor(Math.random() * 2 ** 31) }),
      );
      return [name, { ...shown, drawn: null }];
    }),
  );
  const controls = element("div", sources, { className: "nbgan-factory-controls" });
  const slider = (words, properties, choose) => {
    const label = element("label", controls, { textContent: words });
    const input = element("input", label, { type: "range", ...properties }, { "aria-label": words });
    const output = element("output", label);
    input.addEventListener("input", () => choose(Number(input.value)));
    return [input, output];
  };
  const [firstInput, firstOutput] = slider(
    "styles of B from row", { min: 0, max: rows, step: 1 }, (first) => change({ first }),
  );
  const [psiInput, psiOutput] = slider(
    "truncation ψ", { min: 0, max: 1.2, step: 0.05 }, (psi) => change({ psi }),
  );
  const main = element("div", box, { className: "nbgan-factory-main" });
  const made = panel(main, "the sampled picture");
  const labels = panel(main, "its label map");
  const doubt = panel(main, "where the classifiers disagree");
  doubt.caption.textContent = "Bright: the classifiers disagree.";
  const status = element("p", box, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  const put = ({ context }, bytes) => context.putImageData(new ImageData(bytes, size, size), 0, 0);
  let now = null;
  let turn = 0;

  const present = (result) => {
    const found = [...new Set(result.label)].sort((x, y) => x - y);
    put(made, toBytes(result.picture));
    put(labels, mappedBytes(result.label, palette, (id) => id));
    put(doubt, mappedBytes(result.uncertainty, data.colors, shade(data.limit)));
    made.caption.textContent = `${Math.round(result.milliseconds)} ms`;
    labels.caption.textContent = "Point at a part to see its name.";
    const sorted = [...result.uncertainty].sort((x, y) => y - x);
    const tenth = sorted.slice(0, Math.max(1, Math.floor(sorted.length / 10)));
    const score = tenth.reduce((sum, value) => sum + value, 0) / tenth.length;
    const names = found.map((id) => data.classes[id].name.replaceAll("_", " "));
    status.textContent =
      `Found: ${names.join(", ")}. Uncertainty of the picture: ${score.toFixed(3)} nats ` +
      `(the mean of its most uncertain tenth).`;
  };

  async function answer() {
    const mine = ++turn;
    const started = performance.now();
    const wanted = { ...state };
    try {
      const result = await newest(wanted);
      if (!result || mine !== turn) return;
      present(result);
      now = { ...wanted, ...result };
      for (const [name, first] of [["a", rows], ["b", 0]]) {
        const face = faces[name];
        const drawn = `${state[name]} ${state.psi}`;
        if (face.drawn === drawn) continue;
        const alone = await newest({ ...state, first });
        if (!alone || mine !== turn) return;
        put(face, toBytes(alone.picture));
        face.drawn = drawn;
      }
      const detail = { turn: mine, milliseconds: performance.now() - started };
      root.dispatchEvent(new CustomEvent("nbgan-painted", { detail }));
    } catch (error) {
      status.textContent = `The model stopped: ${error.message}.`;
    }
  }
  function change(changes) {
    Object.assign(state, changes);
    firstInput.value = state.first;
    firstOutput.textContent = String(state.first);
    psiInput.value = state.psi;
    psiOutput.textContent = state.psi.toFixed(2);
    return answer();
  }
  labels.canvas.addEventListener("pointermove", (event) => {
    if (!now) return;
    const frame = labels.canvas.getBoundingClientRect();
    const at = (along, start, length) =>
      Math.min(size - 1, Math.max(0, Math.floor(((along - start) / length) * size)));
    const x = at(event.clientX, frame.left, frame.width);
    const y = at(event.clientY, frame.top, frame.height);
    const { name } = data.classes[now.label[y * size + x]];
    labels.caption.textContent = name.replaceAll("_", " ");
  });

  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    await sample(state);
  } catch (error) {
    models.stop();
    throw error;
  }
  await change({});
  status.textContent =
    `${data.parameters} parameters; ${data.members} classifiers vote here. ${status.textContent}`;
  // For programs and tests.
  return {
    sample: (wanted) => sample({ ...state, ...wanted }),
    codes: (seed) => [...gaussian(data.code, seed)],
    change,
    state: () => ({ ...state }),
    shown: () => now,
  };
}
