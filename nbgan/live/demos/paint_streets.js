// Paint a street with instances and watch pix2pixHD answer, in the page; choose a style for each.

import { addStyleSheet, createAnswers, sliceExamples } from "../answers.js";
import { createChooser, Wardrobe } from "../object_styles.js";
import { startModels } from "../runtime.js";

const NAME = "paint-streets";

const same = (a, b) => a.every((value, i) => value === b[i]);

export async function open(stage, tools) {
  const { root, element, assets, unpack, asset, text, module, onProgress } = tools;
  const data = JSON.parse(await text(`${NAME}.json`));
  const { width, height, plan, own } = data;
  const masks = sliceExamples(await asset(`${NAME}.masks`), data.examples, width * height);
  const numbers = new Uint16Array((await asset(`${NAME}.instances`)).buffer);
  const instances = sliceExamples(numbers, data.examples, width * height);
  const examples = data.examples.map((name, i) => ({
    name, mask: masks[i], instance: instances[i],
  }));
  addStyleSheet("painter.css", await text("painter.css"), element);
  const { createPainter } = await module("painter.mjs");
  const models = await startModels({
    assets, unpack, onProgress, models: [plan.begin, plan.finish],
    parts: ["kept_maps.js", "street_worker.js"],
  });

  const paint = (given) => models.call("paintStreet", { ...given, plan });
  const wardrobe = new Wardrobe({ ...data, length: plan.features });
  wardrobe.restart(own[0]);
  const dressed = (mask, instance) => ({
    mask, instance, styles: wardrobe.vectors(mask, instance),
  });
  let answers = null;
  let painter = null;
  let chosen = null;
  const showStyles = createChooser(stage, {
    classes: data.classes, wardrobe, element, onChange: () => answers.answer(),
  });
  const status = element("p", stage, { className: "nbgan-live-note" }, { "aria-live": "polite" });

  // An example that was just opened looks as in its picture.
  function stroke({ mask, instance }) {
    const at = examples.findIndex((each) => same(each.mask, mask) && same(each.instance, instance));
    if (at >= 0 && own[at] !== wardrobe.own) {
      wardrobe.restart(own[at]);
      showStyles(chosen);
    }
    answers.answer();
  }

  try {
    // Before anything is shown: a model that fails here leaves the page as it was.
    const begin = await paint(dressed(masks[0], instances[0]));
    painter = createPainter(stage, {
      width, height, classes: data.classes, ignoreId: data.ignoreId, mask: masks[0],
      instance: instances[0], things: data.things, offered: data.offered, examples,
      startClass: data.startClass, label: "street painter",
      picture: new ImageData(begin.pixels, width, height),
      onStroke: stroke,
      onSelect: (now) => showStyles((chosen = now)),
    });
    answers = createAnswers({
      root, painter, paint, status, size: data,
      wanted: () => dressed(painter.mask, painter.instance),
      describe: (_, milliseconds) => `Painted in ${Math.round(milliseconds)} ms.`,
      picture: begin.picture,
    });
    showStyles(null);
    if (data.startObject >= 0) painter.select(data.startObject);
    stage.appendChild(status);
    status.textContent = `A generator with ${data.parameters} parameters paints in this page.`;
  } catch (error) {
    models.stop();
    throw error;
  }
  // For programs and tests: a picture is floats [3, height, width] in (-1, 1); styles are
  // {id: vector}, ids as in Cityscapes' files.
  return {
    painter,
    shown: () => ({ ...dressed(painter.mask, painter.instance), picture: answers.picture }),
    paint: (mask, instance, styles) =>
      paint({ mask: Uint8Array.from(mask), instance: Uint16Array.from(instance), styles }),
  };
}
