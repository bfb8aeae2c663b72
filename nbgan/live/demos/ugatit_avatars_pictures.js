// Pictures of the translation demo: bytes and floats, heat maps in colours, faces from parts.

// Bytes of a canvas (RGBA) to floats [3, height, width] in [-1, 1], and back.
export function toFloats(pixels) {
  const count = pixels.length / 4;
  const floats = new Float32Array(3 * count);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) floats[c * count + i] = pixels[4 * i + c] / 127.5 - 1;
  return floats;
}
export function toBytes(floats) {
  const count = floats.length / 3;
  const pixels = new Uint8ClampedArray(4 * count).fill(255);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = Math.round((floats[c * count + i] + 1) * 127.5);
  return pixels;
}

// The picture in grey under the map, 0 to 1, in colours.
export function heated(pixels, heat, { colors, strength }) {
  const shown = new Uint8ClampedArray(pixels.length).fill(255);
  for (let i = 0; i < heat.length; i++) {
    const grey = (pixels[4 * i] + pixels[4 * i + 1] + pixels[4 * i + 2]) / 3;
    const color = colors[Math.round(255 * Math.min(1, Math.max(0, heat[i])))];
    for (let c = 0; c < 3; c++)
      shown[4 * i + c] = strength * color[c] + (1 - strength) * grey;
  }
  return shown;
}

// A face as SVG: the chosen variant of every part, in painting order, in the chosen colours.
export function faceAsSvg(data, { parts, colors }) {
  const drawn = data.parts.map(({ name, variants }) => variants[name ? parts[name] : 0].svg).join("");
  const filled = Object.entries(data.stand_ins).reduce(
    (svg, [name, code]) => svg.replaceAll(code, data.swatches[name][colors[name]]),
    drawn,
  );
  const [x, y, width, height] = data.viewBox;
  const paper = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${data.paper}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${data.size}" height="${data.size}" ` +
    `viewBox="${x} ${y} ${width} ${height}">${paper}${filled}</svg>`
  );
}
