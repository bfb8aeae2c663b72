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
