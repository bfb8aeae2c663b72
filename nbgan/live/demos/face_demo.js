// What the demos of sampled faces share: pictures with captions, sliders, the part under the pointer.

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export const paletteOf = (classes) => classes.map(({ color }) => rgb(color));

const wordsOf = ({ name }) => name.replaceAll("_", " ");

export const tensor = (values) => ({ type: "float32", data: values, dims: [1, values.length] });

// One colour a pixel: colors[index(value)], each [r, g, b].
export function mappedBytes(values, colors, index = (value) => value) {
  const bytes = new Uint8ClampedArray(4 * values.length);
  values.forEach((value, i) => {
    const color = colors[index(value)];
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = color[c];
    bytes[4 * i + 3] = 255;
  });
  return bytes;
}

// The classes that a label map holds, in words.
export const partsIn = (label, classes) =>
  [...new Set(label)].sort((x, y) => x - y).map((id) => wordsOf(classes[id])).join(", ");

export function panel(element, parent, size, words) {
  const figure = element("figure", parent);
  const canvas = element("canvas", figure, { width: size, height: size }, {
    role: "img", "aria-label": words,
  });
  const context = canvas.getContext("2d");
  return {
    canvas,
    caption: element("figcaption", figure),
    put: (bytes) => context.putImageData(new ImageData(bytes, size, size), 0, 0),
  };
}

export function slider(element, parent, words, properties, choose) {
  const label = element("label", parent, { textContent: words });
  const input = element("input", label, { type: "range", ...properties }, { "aria-label": words });
  const output = element("output", label);
  input.addEventListener("input", () => choose(Number(input.value)));
  return { input, output };
}

// The caption names the part under the pointer, once there is a label map.
export function namePartsOf({ canvas, caption }, size, classes, labelNow) {
  canvas.addEventListener("pointermove", (event) => {
    const label = labelNow();
    if (!label) return;
    const frame = canvas.getBoundingClientRect();
    const at = (along, start, length) =>
      Math.min(size - 1, Math.max(0, Math.floor(((along - start) / length) * size)));
    const x = at(event.clientX, frame.left, frame.width);
    const y = at(event.clientY, frame.top, frame.height);
    caption.textContent = wordsOf(classes[label[y * size + x]]);
  });
}
