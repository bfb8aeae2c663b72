// Paint a label map and watch SPADE answer, in the page.

import { gaussian } from "../random.js";
import { latestOnly, startModels } from "../runtime.js";

const NAME = "paint-landscapes";

// A row of styles: those of real pictures, then one that is drawn from a seed.
function createStyles(parent, { styles, length }, element, onChange) {
  const bar = element("div", parent, { className: "nbgan-live-styles" });
  const group = element("div", bar, { className: "nbgan-live-swatches" }, {
    role: "radiogroup", "aria-label": "style of the picture",
  });
  element("span", group, { className: "nbgan-live-word", textContent: "Style" });
  let chosen = 0;
  let seed = null;
  const swatches = styles.map(({ name, thumbnail }) => {
    const swatch = element("button", group, { type: "button", className: "nbgan-live-swatch" }, {
      role: "radio",
    });
    element("img", swatch, { src: thumbnail, alt: "", width: 64, height: 64 });
    element("span", swatch, { textContent: name });
    return swatch;
  });
  const own = element("div", bar, { className: "nbgan-live-own" });
  const random = element("button", own, { type: "button", textContent: "Random style" });
  const label = element("label", own, { textContent: "seed " });
  const field = element("input", label, {
    type: "number", min: 0, max: 99999, step: 1, placeholder: "none",
  });

  const show = () =>
    swatches.forEach((swatch, i) => {
      swatch.setAttribute("aria-checked", String(seed === null && i === chosen));
      swatch.tabIndex = i === chosen ? 0 : -1;
    });
  const choose = (at) => {
    chosen = at;
    seed = null;
    field.value = "";
    show();
    onChange();
  };
  const draw = (number) => {
    seed = number;
    field.value = number;
    show();
    onChange();
  };
  swatches.forEach((swatch, i) => swatch.addEventListener("click", () => choose(i)));
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((chosen + step + swatches.length) % swatches.length);
    swatches[chosen].focus();
  });
  random.addEventListener("click", () => draw(Math.floor(Math.random() * 100000)));
  field.addEventListener("change", () => {
    const number = Math.round(field.valueAsNumber);
    if (number >= 0 && number <= 99999) draw(number);
    else field.value = seed ?? "";
  });
  show();
  return {
    get values() {
      return seed === null ? Float32Array.from(styles[chosen].values) : gaussian(length, seed);
    },
    get name() {
      return seed === null ? styles[chosen].name : `random, seed ${seed}`;
    },
  };
}

function sliceMasks(bytes, names, count) {
  return names.map((name, i) => ({ name, mask: bytes.slice(i * count, (i + 1) * count) }));
}

function addStyleSheet(text, element) {
  const id = `${NAME}-css`;
  if (!document.getElementById(id)) element("style", document.head, { id, textContent: text });
}

export async function open(stage, tools) {
  const { root, element, assets, unpack, asset, text, module, onProgress } = tools;
  const data = JSON.parse(await text(`${NAME}.json`));
  const { width, height, plan } = data;
  const examples = sliceMasks(await asset(`${NAME}.masks`), data.examples, width * height);
  addStyleSheet(await text("painter.css"), element);
  const { createPainter } = await module("painter.mjs");
  const models = await startModels({
    assets, unpack, onProgress, models: [plan.modulate, plan.paint], parts: ["spade_worker.js"],
  });

  // The model's answer: floats [3, height, width] in (-1, 1), and the same as bytes for a canvas.
  const paint = async (mask, style) => models.call("paint", { mask, style, plan });
  const first = examples[0].mask;
  let sequence = 0;
  let painter = null;
  let shown = null;
  const style = createStyles(stage, data, element, () => answer());
  const status = element("p", stage, { className: "nbgan-live-note" }, { "aria-live": "polite" });
  const newest = latestOnly(({ mask, values }) => paint(mask, values));

  async function answer(started = performance.now()) {
    const name = style.name;
    const turn = ++sequence;
    painter.setBusy(true);
    try {
      const result = await newest({ mask: painter.mask, values: style.values });
      if (!result) return;
      await painter.setPicture(new ImageData(result.pixels, width, height));
      shown = result.picture;
      const milliseconds = performance.now() - started;
      status.textContent = `Painted in ${Math.round(milliseconds)} ms. Style: ${name}.`;
      const detail = { turn, milliseconds, model: result.milliseconds, share: result.share };
      root.dispatchEvent(new CustomEvent("nbgan-painted", { detail }));
    } catch (error) {
      painter.say(`The model stopped: ${error.message}. Your mask is kept.`, "error");
    } finally {
      if (turn === sequence) painter.setBusy(false);
    }
  }

  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    const begin = await paint(first, style.values);
    painter = createPainter(stage, {
      width, height, classes: data.classes, ignoreId: data.ignoreId, mask: first, instance: null,
      examples, startClass: data.startClass, label: "landscape painter",
      picture: new ImageData(begin.pixels, width, height),
      onStroke: () => answer(),
    });
    shown = begin.picture;
    stage.appendChild(status);
    status.textContent = `A generator with ${data.parameters} parameters paints in this page.`;
  } catch (error) {
    models.stop();
    throw error;
  }
  // For programs and tests: a picture is floats [3, height, width] in (-1, 1).
  return {
    painter,
    styles: data.styles,
    shown: () => ({ mask: painter.mask, style: style.values, picture: shown }),
    paint: (mask, values) => paint(Uint8Array.from(mask), Float32Array.from(values)),
  };
}
