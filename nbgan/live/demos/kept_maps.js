// Part of the worker: maps that are kept between strokes, and computed again only around what has
// changed.

"use strict";

// Smallest rectangle that holds all pixels where differs(index); null if there are none.
function changedBox({ width, height }, differs) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!differs(i)) continue;
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

// The part of a map of the picture's size that lies in a rectangle.
function cutOut(values, { width }, { left, top, right, bottom }) {
  const columns = right - left;
  const part = new values.constructor(columns * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const start = y * width + left;
    part.set(values.subarray(start, start + columns), (y - top) * columns);
  }
  return part;
}

// Copy a computed part into a kept map, but for what a cut edge made wrong.
function insert(maps, name, part, [, channels, rows, columns], crop, { width, height, reach }, stride) {
  const wide = width / stride;
  const high = height / stride;
  const left = crop.left / stride;
  const top = crop.top / stride;
  if (rows === high && columns === wide) {
    maps[name] = part.slice();
    return;
  }
  const first = { x: crop.left ? reach : 0, y: crop.top ? reach : 0 };
  const last = {
    x: columns - (crop.right < width ? reach : 0),
    y: rows - (crop.bottom < height ? reach : 0),
  };
  const whole = maps[name];
  for (let c = 0; c < channels; c++) {
    for (let y = first.y; y < last.y; y++) {
      const from = (c * rows + y) * columns;
      const to = (c * high + top + y) * wide + left;
      whole.set(part.subarray(from + first.x, from + last.x), to + first.x);
    }
  }
}

// Floats [3, height, width] in (-1, 1) as bytes for a canvas.
function toPixels(picture, count) {
  const pixels = new Uint8ClampedArray(4 * count).fill(255);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < count; i++) pixels[4 * i + c] = 127.5 * (picture[c * count + i] + 1);
  return pixels;
}
