// Paint a label map and watch SPADE answer, in the page.

import { addStyleSheet, createAnswers, sliceExamples } from "../answers.js";
import { createRadios } from "../radios.js";
import { gaussian } from "../random.js";
import { startModels } from "../runtime.js";

const NAME = "paint-landscapes";

// A row of styles: those of real pictures, then one that is drawn from a seed.
function createStyles(parent, { styles, length }, element, onChange) {
  const bar = element("div", parent, { className: "nbgan-live-styles" });
  let chosen = 0;
  let seed = null;
  const { group, show: showChosen } = createRadios({
    parent: bar, className: "nbgan-live-swatches", label: "style of the picture", element,
    contents: styles.map(({ name, thumbnail }) => (swatch) => {
      swatch.className = "nbgan-live-swatch";
      element("img", swatch, { src: thumbnail, alt: "", width: 64, height: 64 });
      element("span", swatch, { textContent: name });
    }),
    choose: (i) => choose(i),
  });
  group.prepend(element("span", group, { className: "nbgan-live-word", textContent: "Style" }));
  const own = element("div", bar, { className: "nbgan-live-own" });
  const random = element("button", own, { type: "button", textContent: "Random style" });
  const label = element("label", own, { textContent: "seed " });
  const field = element("input", label, {
    type: "number", min: 0, max: 99999, step: 1, placeholder: "none",
  });

  const show = () => showChosen(seed === null ? chosen : -1);
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

export async function open(stage, tools) {
  const { root, element, assets, unpack, asset, text, module, onProgress } = tools;
  const data = JSON.parse(await text(`${NAME}.json`));
  const { width, height, plan } = data;
  const masks = sliceExamples(await asset(`${NAME}.masks`), data.examples, width * height);
  const examples = data.examples.map((name, i) => ({ name, mask: masks[i] }));
  addStyleSheet("painter.css", await text("painter.css"), element);
  const { createPainter } = await module("painter.mjs");
  const models = await startModels({
    assets, unpack, onProgress, models: [plan.modulate, plan.paint],
    parts: ["kept_maps.js", "spade_worker.js"],
  });

  // The model's answer: floats [3, height, width] in (-1, 1), and the same as bytes for a canvas.
  const paint = ({ mask, style }) => models.call("paint", { mask, style, plan });
  const style = createStyles(stage, data, element, () => answers.answer());
  const status = element("p", stage, { className: "nbgan-live-note" }, { "aria-live": "polite" });
  let answers = null;
  let painter = null;
  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    const begin = await paint({ mask: masks[0], style: style.values });
    painter = createPainter(stage, {
      width, height, classes: data.classes, ignoreId: data.ignoreId, mask: masks[0],
      instance: null, examples, startClass: data.startClass, label: "landscape painter",
      picture: new ImageData(begin.pixels, width, height),
      onStroke: () => answers.answer(),
    });
    answers = createAnswers({
      root, painter, paint, status, size: data,
      wanted: () => ({ mask: painter.mask, style: style.values, name: style.name }),
      describe: ({ name }, milliseconds) =>
        `Painted in ${Math.round(milliseconds)} ms. Style: ${name}.`,
      picture: begin.picture,
    });
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
    shown: () => ({ mask: painter.mask, style: style.values, picture: answers.picture }),
    paint: (mask, values) =>
      paint({ mask: Uint8Array.from(mask), style: Float32Array.from(values) }),
  };
}
