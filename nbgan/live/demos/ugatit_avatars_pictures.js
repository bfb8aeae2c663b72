// Pictures of the translation demo: heat maps in colours, faces from parts.

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
