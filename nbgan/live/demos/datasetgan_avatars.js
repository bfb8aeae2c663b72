// Sample faces with their labels in the page, mix the styles of two, see the ensemble's doubt.

import { addStyleSheet } from "../answers.js";
import { toBytes } from "../pixels.js";
import { gaussian } from "../random.js";
import { latestOnly, startModels } from "../runtime.js";
import { mappedBytes, namePartsOf, paletteOf, panel, partsIn, slider, tensor } from "./face_demo.js";

const NAME = "datasetgan-avatars";

// The place of an uncertainty in a table of 256 colours.
export const shade = (limit) => (value) =>
  Math.round(255 * Math.min(1, Math.max(0, value / limit)));

// Which rows come from the second face: those from `first` on.
export const rowsFrom = (first, rows) =>
  Float32Array.from({ length: rows }, (_, row) => Number(row >= first));

export async function open(stage, { root, element, assets, unpack, text, onProgress }) {
  const data = JSON.parse(await text(`${NAME}.data.json`));
  for (const name of ["face_demo.css", "datasetgan_avatars.css"])
    addStyleSheet(name, await text(name), element);
  const { size, rows } = data;
  const palette = paletteOf(data.classes);
  const models = await startModels({ assets, unpack, onProgress, models: [data.model], parts: [] });
  const state = { a: 1, b: 2, first: Math.round(rows / 3), psi: data.psi };

  const sample = async ({ a, b, first, psi }) => {
    const started = performance.now();
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

  const box = element("div", stage, { className: "nbgan-faces nbgan-factory" });
  const sources = element("div", box, { className: "nbgan-factory-sources" });
  const faces = Object.fromEntries(
    ["a", "b"].map((name) => {
      const letter = name.toUpperCase();
      const shown = panel(element, sources, size, `face ${letter}`);
      const button = element("button", shown.canvas.parentNode, {
        type: "button", textContent: `New face ${letter}`,
      });
      button.addEventListener("click", () =>
        change({ [name]: Math.floor(Math.random() * 2 ** 31) }),
      );
      return [name, { ...shown, drawn: null }];
    }),
  );
  const controls = element("div", sources, { className: "nbgan-faces-controls" });
  const firstSlider = slider(
    element, controls, "styles of B from row", { min: 0, max: rows, step: 1 },
    (first) => change({ first }),
  );
  const psiSlider = slider(
    element, controls, "truncation ψ", { min: 0, max: 1.2, step: 0.05 }, (psi) => change({ psi }),
  );
  const row = element("div", box, { className: "nbgan-faces-row" });
  const [made, labels, doubt] = [
    "the sampled picture", "its label map", "where the classifiers disagree",
  ].map((words) => panel(element, row, size, words));
  doubt.caption.textContent = "Bright: the classifiers disagree.";
  const status = element("p", box, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  let now = null;
  let turn = 0;

  const present = (result) => {
    made.put(toBytes(result.picture));
    labels.put(mappedBytes(result.label, palette));
    doubt.put(mappedBytes(result.uncertainty, data.colors, shade(data.limit)));
    made.caption.textContent = `${Math.round(result.milliseconds)} ms`;
    labels.caption.textContent = "Point at a part to see its name.";
    const sorted = [...result.uncertainty].sort((x, y) => y - x);
    const tenth = sorted.slice(0, Math.max(1, Math.floor(sorted.length / 10)));
    const score = tenth.reduce((sum, value) => sum + value, 0) / tenth.length;
    status.textContent =
      `Found: ${partsIn(result.label, data.classes)}. Uncertainty of the picture: ${score.toFixed(3)} nats ` +
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
        face.put(toBytes(alone.picture));
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
    firstSlider.input.value = state.first;
    firstSlider.output.textContent = String(state.first);
    psiSlider.input.value = state.psi;
    psiSlider.output.textContent = state.psi.toFixed(2);
    return answer();
  }
  namePartsOf(labels, size, data.classes, () => now?.label);

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
