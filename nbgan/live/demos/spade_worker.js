// SPADE in the worker: what depends on the label map alone is kept, and computed again only around
// what a stroke changed (kept_maps.js). The two halves of the generator are described in spade.py.

"use strict";

const kept = { mask: null, maps: {} };

async function modulate(mask, plan) {
  const whole = { left: 0, top: 0, right: plan.width, bottom: plan.height };
  const box = kept.mask ? changedBox(plan, (i) => mask[i] !== kept.mask[i]) : whole;
  if (!box) return 0;
  const crop = surroundings(box, plan);
  const [rows, columns] = [crop.bottom - crop.top, crop.right - crop.left];
  kept.mask = null; // if this fails, everything is computed next time
  const results = await sessions[plan.modulate].run({
    label: new ort.Tensor("uint8", cutOut(mask, plan, crop), [1, rows, columns]),
  });
  for (const { name, stride } of plan.maps) {
    insert(kept.maps, name, results[name].data, results[name].dims, crop, plan, stride);
    results[name].dispose();
  }
  kept.mask = mask.slice();
  return (rows * columns) / (plan.width * plan.height);
}

// mask: Uint8Array of class ids; style: Float32Array. Gives floats in (-1, 1) and bytes for a canvas.
tasks.paint = async ({ mask, style, plan }) => {
  const started = performance.now();
  const share = await modulate(mask, plan);
  const { width, height } = plan;
  const feeds = {
    label: new ort.Tensor("uint8", mask, [1, height, width]),
    style: new ort.Tensor("float32", style, [1, style.length]),
  };
  for (const { name, stride } of plan.maps) {
    const map = kept.maps[name];
    const [rows, columns] = [height / stride, width / stride];
    feeds[name] = new ort.Tensor("float32", map, [1, map.length / (rows * columns), rows, columns]);
  }
  const { picture: tensor } = await sessions[plan.paint].run(feeds);
  const picture = tensor.data.slice();
  tensor.dispose();
  const pixels = toPixels(picture, width * height);
  return { picture, pixels, share, milliseconds: performance.now() - started };
};
