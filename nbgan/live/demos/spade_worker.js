// SPADE in the worker: what depends on the label map alone is kept, and computed again only around
// what a stroke changed. The two halves of the generator are described in spade.py.

"use strict";

const kept = { mask: null, maps: {} };

// Smallest rectangle that holds all changed pixels; null if there are none.
function changed(mask, { width, height }) {
  if (!kept.mask) return { left: 0, top: 0, right: width, bottom: height };
  let left = width;
  let top = height;
  let right = 0;
  let bottom = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (mask[i] === kept.mask[i]) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right ? { left, top, right, bottom } : null;
}

// The part of the map that must be seen: `reach` features to where the change ends, and as many
// again to what is right there, at the coarsest scale; its edges lie on that scale's grid.
function surroundings(box, { width, height, reach, maps }) {
  const grid = Math.max(...maps.map(({ stride }) => stride));
  const margin = 2 * reach * grid;
  const down = (v) => Math.max(0, Math.floor((v - margin) / grid) * grid);
  const up = (v, limit) => Math.min(limit, Math.ceil((v + margin) / grid) * grid);
  return {
    left: down(box.left), top: down(box.top),
    right: up(box.right, width), bottom: up(box.bottom, height),
  };
}

// Copy a computed part into a kept map, but for what a cut edge made wrong.
function insert(name, part, [, channels, rows, columns], crop, { width, height, reach }, stride) {
  const wide = width / stride;
  const high = height / stride;
  const left = crop.left / stride;
  const top = crop.top / stride;
  if (rows === high && columns === wide) {
    kept.maps[name] = part.slice();
    return;
  }
  const first = { x: crop.left ? reach : 0, y: crop.top ? reach : 0 };
  const last = {
    x: columns - (crop.right < width ? reach : 0),
    y: rows - (crop.bottom < height ? reach : 0),
  };
  const whole = kept.maps[name];
  for (let c = 0; c < channels; c++) {
    for (let y = first.y; y < last.y; y++) {
      const from = (c * rows + y) * columns;
      const to = (c * high + top + y) * wide + left;
      whole.set(part.subarray(from + first.x, from + last.x), to + first.x);
    }
  }
}

async function modulate(mask, plan) {
  const box = changed(mask, plan);
  if (!box) return 0;
  const crop = surroundings(box, plan);
  const [rows, columns] = [crop.bottom - crop.top, crop.right - crop.left];
  const label = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const start = (crop.top + y) * plan.width + crop.left;
    label.set(mask.subarray(start, start + columns), y * columns);
  }
  kept.mask = null; // if this fails, everything is computed next time
  const results = await sessions[plan.modulate].run({
    label: new ort.Tensor("uint8", label, [1, rows, columns]),
  });
  for (const { name, stride } of plan.maps) {
    insert(name, results[name].data, results[name].dims, crop, plan, stride);
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
  const count = width * height;
  const pixels = new Uint8ClampedArray(4 * count).fill(255);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < count; i++) pixels[4 * i + c] = 127.5 * (picture[c * count + i] + 1);
  return { picture, pixels, share, milliseconds: performance.now() - started };
};
