// Strokes and choices in a page's painter, answered by a model in the worker: the latest only.

import { latestOnly } from "./runtime.js";

// What every painting demo does with an answer.
//   root, painter  the demo's box, and its painter
//   size           {width, height} of the picture
//   paint          (what is to be painted) => promise of {picture, pixels, share, milliseconds}
//   wanted         () => what is to be painted now
//   describe       (what was painted, milliseconds) => words for the line below the painter
//   status         that line
//   picture        floats of what is shown at first
// Gives { answer(), picture }: the floats of what is shown now.
export function createAnswers(given) {
  const { root, painter, size, paint, wanted, describe, status, picture } = given;
  const newest = latestOnly(paint);
  const answers = { picture, answer };
  let sequence = 0;

  async function answer() {
    const started = performance.now();
    const turn = ++sequence;
    painter.setBusy(true);
    try {
      const now = wanted();
      const result = await newest(now);
      if (!result) return;
      await painter.setPicture(new ImageData(result.pixels, size.width, size.height));
      answers.picture = result.picture;
      const milliseconds = performance.now() - started;
      status.textContent = describe(now, milliseconds);
      const detail = { turn, milliseconds, model: result.milliseconds, share: result.share };
      root.dispatchEvent(new CustomEvent("nbgan-painted", { detail }));
    } catch (error) {
      painter.say(`The model stopped: ${error.message}. Your mask is kept.`, "error");
    } finally {
      if (turn === sequence) painter.setBusy(false);
    }
  }
  return answers;
}

// One row of values per example out of all of them.
export function sliceExamples(values, names, count) {
  return names.map((_, i) => values.slice(i * count, (i + 1) * count));
}

export function addStyleSheet(name, text, element) {
  const id = `nbgan-${name}`;
  if (!document.getElementById(id)) element("style", document.head, { id, textContent: text });
}
