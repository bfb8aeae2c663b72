// Edit faces in the page: named vectors by sliders; picture and mask follow together.

import { addStyleSheet } from "../answers.js";
import { toBytes } from "../pixels.js";
import { gaussian } from "../random.js";
import { latestOnly, startModels } from "../runtime.js";
import { mappedBytes, namePartsOf, paletteOf, panel, partsIn, slider, tensor } from "./face_demo.js";

const NAME = "editgan-avatars";
const MOST = 2;

// The class with the largest score at each pixel, of scores [classes, pixels].
export function labelsOf(scores, classes) {
  const pixels = scores.length / classes;
  const labels = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++)
      if (scores[c * pixels + i] > scores[best * pixels + i]) best = c;
    labels[i] = best;
  }
  return labels;
}

// One for the chosen face, zeros for a sampled one.
export const chosenFace = (face, count) =>
  Float32Array.from({ length: count }, (_, i) => Number(i === face));

export async function open(stage, { root, element, assets, unpack, text, onProgress }) {
  const data = JSON.parse(await text(`${NAME}.data.json`));
  for (const name of ["face_demo.css", "editgan_avatars.css"])
    addStyleSheet(name, await text(name), element);
  const { size, faces, vectors } = data;
  const palette = paletteOf(data.classes);
  const models = await startModels({ assets, unpack, onProgress, models: [data.model], parts: [] });
  const none = () => vectors.map(() => 0);
  const state = { face: 0, seed: 1, strengths: none() };

  const edit = async ({ face, seed, strengths }) => {
    const started = performance.now();
    const outputs = await models.call("run", {
      name: data.model,
      inputs: {
        face: tensor(chosenFace(face, faces)),
        code: tensor(gaussian(data.code, seed)),
        strengths: tensor(Float32Array.from(strengths)),
      },
    });
    return {
      picture: outputs.picture.data,
      label: labelsOf(outputs.scores.data, palette.length),
      milliseconds: performance.now() - started,
    };
  };
  const newest = latestOnly(edit);

  const box = element("div", stage, { className: "nbgan-faces nbgan-edit" });
  const choices = element("div", box, { className: "nbgan-edit-choices" }, {
    role: "group", "aria-label": "faces",
  });
  const buttons = Array.from({ length: faces }, (_, face) => {
    const button = element("button", choices, { type: "button", textContent: `Face ${face + 1}` });
    button.addEventListener("click", () => change({ face }));
    return button;
  });
  const another = element("button", choices, { type: "button", textContent: "New face" });
  another.addEventListener("click", () =>
    change({ face: -1, seed: Math.floor(Math.random() * 2 ** 31) }),
  );
  const row = element("div", box, { className: "nbgan-faces-row" });
  const [before, after, mask] = ["before", "edited", "mask of the edited face"].map((words) => {
    const shown = panel(element, row, size, words);
    shown.caption.textContent = words;
    return shown;
  });
  const controls = element("div", box, { className: "nbgan-faces-controls" });
  const sliders = vectors.map((name, at) =>
    slider(
      element, controls, name.replaceAll("-", " "), { min: -MOST, max: MOST, step: 0.1 },
      (strength) => change({ strengths: state.strengths.with(at, strength) }),
    ),
  );
  const reset = element("button", box, { type: "button", textContent: "All sliders to 0" });
  reset.addEventListener("click", () => change({ strengths: none() }));
  const status = element("p", box, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  let now = null;
  let drawn = null; // the face that is shown as "before"
  let turn = 0;

  const present = (result) => {
    after.put(toBytes(result.picture));
    mask.put(mappedBytes(result.label, palette));
    const parts = partsIn(result.label, data.classes);
    status.textContent = `${Math.round(result.milliseconds)} ms. Parts: ${parts}.`;
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
      const face = `${wanted.face} ${wanted.seed}`;
      if (drawn !== face) {
        const alone = wanted.strengths.some(Boolean)
          ? await newest({ ...wanted, strengths: none() })
          : result;
        if (!alone || mine !== turn) return;
        before.put(toBytes(alone.picture));
        drawn = face;
      }
      const detail = { turn: mine, milliseconds: performance.now() - started };
      root.dispatchEvent(new CustomEvent("nbgan-painted", { detail }));
    } catch (error) {
      status.textContent = `The model stopped: ${error.message}.`;
    }
  }
  function change(changes) {
    Object.assign(state, changes);
    buttons.forEach((button, face) =>
      button.setAttribute("aria-pressed", String(face === state.face)),
    );
    another.setAttribute("aria-pressed", String(state.face < 0));
    sliders.forEach(({ input, output }, at) => {
      input.value = state.strengths[at];
      output.textContent = state.strengths[at].toFixed(1);
    });
    return answer();
  }
  namePartsOf(mask, size, data.classes, () => now?.label);

  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    await edit(state);
  } catch (error) {
    models.stop();
    throw error;
  }
  await change({});
  status.textContent = `${data.parameters} parameters. ${status.textContent}`;
  // For programs and tests.
  return {
    edit: (wanted) => edit({ ...state, ...wanted }),
    codes: (seed) => [...gaussian(data.code, seed)],
    change,
    state: () => ({ ...state }),
    shown: () => now,
  };
}
