// Build a face from parts or draw one, and let U-GAT-IT translate it, in the page.

import { addStyleSheet } from "../answers.js";
import { toBytes, toFloats } from "../pixels.js";
import { createRadios } from "../radios.js";
import { latestOnly, startModels } from "../runtime.js";
import { faceAsSvg, heated } from "./ugatit_avatars_pictures.js";

const NAME = "ugatit-avatars";
const PENS = ["#000000", "#ffffff", "#d62728", "#1f77b4", "#f2c14e", "#4a312c"];
const SIDES = { a2b: "coloured", b2a: "ink" };
const WAYS = { a2b: "colour to ink", b2a: "ink to colour" };
const percent = (share) => `${Math.round(100 * share)} %`;
const sigmoid = (score) => 1 / (1 + Math.exp(-score));

const loadImage = (address) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture could not be read"));
    image.src = address;
  });

export async function open(stage, tools) {
  const { root, element, assets, unpack, text, onProgress } = tools;
  const data = JSON.parse(await text(`${NAME}.json`));
  addStyleSheet("ugatit_avatars.css", await text("ugatit_avatars.css"), element);
  const { size } = data;
  const inks = await Promise.all(data.ink.map(loadImage));
  const models = await startModels({
    assets, unpack, onProgress, models: Object.values(data.models), parts: [],
  });

  const choosable = data.order.map((wanted) => data.parts.find(({ name }) => name === wanted));
  const pick = (choose) => ({
    parts: Object.fromEntries(choosable.map(({ name, variants }) => [name, choose(variants)])),
    colors: Object.fromEntries(
      Object.entries(data.swatches).map(([name, colors]) => [name, choose(colors)]),
    ),
  });
  const state = { direction: "a2b", ...pick(() => 0), ink: 0, pen: 0, width: 4, taken: null };

  const translate = async (floats, direction) => {
    const started = performance.now();
    const outputs = await models.call("run", {
      name: data.models[direction],
      inputs: { image: { type: "float32", data: floats, dims: [1, 3, size, size] } },
    });
    return {
      picture: outputs.picture.data,
      heat: outputs.heat.data,
      logits: [...outputs.logits.data],
      milliseconds: performance.now() - started,
    };
  };
  const newest = latestOnly(({ floats, direction }) => translate(floats, direction));

  // What is translated: a picture, and strokes over it.
  const sheet = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    return canvas.getContext("2d", { willReadFrequently: true });
  };
  const [base, strokes] = [sheet(), sheet()];
  const drawBase = async () => {
    const { direction, taken, ink } = state;
    let picture = taken;
    if (!picture && direction === "b2a") picture = inks[ink];
    if (!picture) {
      const svg = faceAsSvg(data, state);
      picture = await loadImage(`data:image/svg+xml;utf8,${encodeURIComponent(svg)}`);
    }
    if (picture instanceof ImageData) base.putImageData(picture, 0, 0);
    else base.drawImage(picture, 0, 0, size, size);
  };

  const box = element("div", stage, { className: "nbgan-translate" });
  const radios = (parent, label, contents, choose) =>
    createRadios({ parent, className: "nbgan-translate-group", label, contents, choose, element });
  const swatch = (color, label) => (button) => {
    button.className = "nbgan-translate-swatch";
    button.style.background = color;
    button.setAttribute("aria-label", label);
  };

  const top = element("div", box, { className: "nbgan-translate-row" });
  const ways = Object.keys(WAYS);
  const showWay = radios(
    top, "direction", ways.map((way) => (button) => (button.textContent = WAYS[way])),
    (i) => change({ direction: ways[i], taken: null }),
  ).show;
  const random = element("button", top, { type: "button", textContent: "Random face" });
  const take = element("button", top, { type: "button", textContent: "Translate the result back" });

  const main = element("div", box, { className: "nbgan-translate-main" });
  const panel = (label) => {
    const figure = element("figure", main);
    const canvas = element("canvas", figure, { width: size, height: size }, {
      role: "img", "aria-label": label,
    });
    return { canvas, context: canvas.getContext("2d"), caption: element("figcaption", figure) };
  };
  const given = panel("what the generator is given; you can draw on it");
  const made = panel("what the generator makes of it");
  const looks = panel("where the generator looks");
  given.canvas.classList.add("nbgan-translate-paper");
  given.caption.textContent = "Draw here, too.";
  looks.caption.textContent = "Yellow: what it weighs most.";

  const builder = element("div", box, { className: "nbgan-translate-builder" });
  const selects = choosable.map(({ name, variants }) => {
    const label = element("label", builder, { textContent: name });
    const select = element("select", label, {}, { "aria-label": name });
    variants.forEach(({ word }, i) => element("option", select, { value: i, textContent: word }));
    select.addEventListener("change", () => {
      state.parts[name] = Number(select.value);
      change({ taken: null });
    });
    return [name, select];
  });
  const palettes = Object.entries(data.swatches).map(([name, colors]) => {
    const field = element("div", builder, { className: "nbgan-translate-palette" });
    element("span", field, { textContent: `colour of ${name}` });
    const { show } = radios(
      field, `colour of ${name}`,
      colors.map((color, i) => swatch(color, `${name} ${i + 1}`)),
      (i) => {
        state.colors[name] = i;
        change({ taken: null });
      },
    );
    return [name, show];
  });
  const drawings = element("div", box, { className: "nbgan-translate-inks" });
  const showInk = radios(
    drawings, "ink drawing",
    data.ink.map((address, i) => (button) => {
      button.className = "nbgan-translate-ink";
      element("img", button, { src: address, alt: `drawing ${i + 1}` });
    }),
    (ink) => change({ ink, taken: null }),
  ).show;

  const pens = element("div", box, { className: "nbgan-translate-row" });
  element("span", pens, { textContent: "pen" });
  const showPen = radios(
    pens, "pen", PENS.map((color, i) => swatch(color, i === 1 ? "paper white" : `pen ${i + 1}`)),
    (pen) => {
      state.pen = pen;
      showPen(pen);
    },
  ).show;
  const widthLabel = element("label", pens, { textContent: "width " });
  const width = element("input", widthLabel, { type: "range", min: 1, max: 16, value: state.width });
  width.addEventListener("input", () => (state.width = Number(width.value)));
  const clear = element("button", pens, { type: "button", textContent: "Wipe the strokes" });
  const status = element("p", box, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  let now = null;
  const paintGiven = () => {
    given.context.drawImage(base.canvas, 0, 0);
    given.context.drawImage(strokes.canvas, 0, 0);
    return given.context.getImageData(0, 0, size, size);
  };
  let turn = 0;
  async function answer() {
    const mine = ++turn;
    const started = performance.now();
    const { direction } = state;
    try {
      await drawBase();
      if (mine !== turn) return;
      const picture = paintGiven();
      const floats = toFloats(picture.data);
      const result = await newest({ floats, direction });
      if (!result) return;
      const shown = new ImageData(toBytes(result.picture), size, size);
      made.context.putImageData(shown, 0, 0);
      const map = heated(picture.data, result.heat, data);
      looks.context.putImageData(new ImageData(map, size, size), 0, 0);
      made.caption.textContent = `${WAYS[direction]}, ${Math.round(result.milliseconds)} ms`;
      const [average, maximum] = result.logits.map(sigmoid);
      status.textContent =
        `The generator's own classifier takes the picture on the left for ${SIDES[direction]} with ` +
        `${percent(average)} (average pooling) and ${percent(maximum)} (max pooling).`;
      now = { direction, floats, shown, ...result };
      const detail = { turn: mine, milliseconds: performance.now() - started };
      root.dispatchEvent(new CustomEvent("nbgan-painted", { detail }));
    } catch (error) {
      status.textContent = `The model stopped: ${error.message}. Your picture is kept.`;
    }
  }
  function change(changes) {
    Object.assign(state, changes);
    const { direction, parts, colors, taken, ink, pen } = state;
    showWay(ways.indexOf(direction));
    for (const [name, select] of selects) select.value = parts[name];
    for (const [name, show] of palettes) show(colors[name]);
    showInk(taken ? -1 : ink);
    showPen(pen);
    builder.hidden = direction !== "a2b";
    drawings.hidden = direction !== "b2a";
    random.hidden = direction !== "a2b";
    return answer();
  }
  random.addEventListener("click", () =>
    change({ ...pick((values) => Math.floor(Math.random() * values.length)), taken: null }),
  );
  const wipe = () => strokes.clearRect(0, 0, size, size);
  take.addEventListener("click", () => {
    if (!now) return;
    wipe();
    change({ direction: now.direction === "a2b" ? "b2a" : "a2b", taken: now.shown });
  });
  clear.addEventListener("click", () => {
    wipe();
    answer();
  });

  let last = null;
  const at = (event) => {
    const frame = given.canvas.getBoundingClientRect();
    return [
      ((event.clientX - frame.left) / frame.width) * size,
      ((event.clientY - frame.top) / frame.height) * size,
    ];
  };
  const drawTo = (point) => {
    strokes.strokeStyle = PENS[state.pen];
    strokes.lineWidth = (state.width * size) / 128;
    strokes.lineCap = strokes.lineJoin = "round";
    strokes.beginPath();
    strokes.moveTo(...last);
    strokes.lineTo(...point);
    strokes.stroke();
    last = point;
    paintGiven();
  };
  given.canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    given.canvas.setPointerCapture(event.pointerId);
    last = at(event);
    drawTo(last);
  });
  given.canvas.addEventListener("pointermove", (event) => last && drawTo(at(event)));
  for (const name of ["pointerup", "pointercancel"])
    given.canvas.addEventListener(name, () => {
      if (!last) return;
      last = null;
      answer();
    });

  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    await drawBase();
    await translate(toFloats(paintGiven().data), state.direction);
  } catch (error) {
    models.stop();
    throw error;
  }
  await change({});
  status.textContent = `Two generators with ${data.parameters} parameters each. ${status.textContent}`;
  // For programs and tests: pictures are floats [3, size, size] in [-1, 1].
  return {
    translate: (floats, direction) => translate(Float32Array.from(floats), direction),
    change,
    state: () => structuredClone({ ...state, taken: Boolean(state.taken) }),
    shown: () => now,
  };
}
