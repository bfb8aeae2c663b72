// Edit faces in the page: named vectors by sliders; picture and mask follow together.

import { addStyleSheet } from "../answers.js";
import { toBytes } from "../pixels.js";
import { gaussian } from "../random.js";
import { latestOnly, startModels } from "../runtime.js";
import { mappedBytes } from "./datasetgan_avatars.js";

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

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export async function open(stage, { root, element, assets, unpack, text, onProgress }) {
  const data = JSON.parse(await text(`${NAME}.data.json`));
  addStyleSheet("editgan_avatars.css", await text("editgan_avatars.css"), element);
  const { size, faces, vectors } = data;
  const palette = data.classes.map(({ color }) => rgb(color));
  const models = await startModels({ assets, unpack, onProgress, models: [data.model], parts: [] });
  const none = () => vectors.map(() => 0);
  const state = { face: 0, seed: 1, strengths: none() };

  const edit = async ({ face, seed, strengths }) => {
    const started = performance.now();
    const tensor = (values) => ({ type: "float32", data: values, dims: [1, values.length] });
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

  const box = element("div", stage, { className: "nbgan-edit" });
  const choices = element("div", box, { className: "nbgan-edit-faces" }, {
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
  const main = element("div", box, { className: "nbgan-edit-main" });
  const panel = (words) => {
    const figure = element("figure", main);
    const canvas = element("canvas", figure, { width: size, height: size }, {
      role: "img", "aria-label": words,
    });
    const caption = element("figcaption", figure, { textContent: words });
    return { canvas, context: canvas.getContext("2d"), caption };
  };
  const before = panel("before");
  const after = panel("edited");
  const mask = panel("mask of the edited face");
  const controls = element("div", box, { className: "nbgan-edit-controls" });
  const sliders = vectors.map((name, at) => {
    const words = name.replaceAll("-", " ");
    const label = element("label", controls, { textContent: words });
    const input = element("input", label, { type: "range", min: -MOST, max: MOST, step: 0.1 }, {
      "aria-label": words,
    });
    const output = element("output", label);
    input.addEventListener("input", () => {
      const strengths = [...state.strengths];
      strengths[at] = Number(input.value);
      change({ strengths });
    });
    return { input, output };
  });
  const reset = element("button", box, { type: "button", textContent: "All sliders to 0" });
  reset.addEventListener("click", () => change({ strengths: none() }));
  const status = element("p", box, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  const put = ({ context }, bytes) => context.putImageData(new ImageData(bytes, size, size), 0, 0);
  let now = null;
  let drawn = null; // the face that is shown as "before"
  let turn = 0;

  const present = (result) => {
    put(after, toBytes(result.picture));
    put(mask, mappedBytes(result.label, palette, (id) => id));
    const found = [...new Set(result.label)].sort((x, y) => x - y);
    const names = found.map((id) => data.classes[id].name.replaceAll("_", " "));
    status.textContent = `${Math.round(result.milliseconds)} ms. Parts: ${names.join(", ")}.`;
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
        put(before, toBytes(alone.picture));
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
  mask.canvas.addEventListener("pointermove", (event) => {
    if (!now) return;
    const frame = mask.canvas.getBoundingClientRect();
    const at = (along, start, length) =>
      Math.min(size - 1, Math.max(0, Math.floor(((along - start) / length) * size)));
    const x = at(event.clientX, frame.left, frame.width);
    const y = at(event.clientY, frame.top, frame.height);
    mask.caption.textContent = data.classes[now.label[y * size + x]].name.replaceAll("_", " ");
  });

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
