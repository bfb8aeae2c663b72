// Just enough of PNG (W3C Recommendation, third edition) for masks: 8-bit indexed and 16-bit grey
// out; indexed, grey, RGB and RGBA in. The browser's own decoder is no use here: it gives colours,
// not indices, and eight bits of them.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CHANNELS = { 0: 1, 2: 3, 3: 1, 6: 4 };
const LARGEST = 256 * 2 ** 20;

const CRC = new Uint32Array(256).map((_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

async function through(stream, bytes, limit, tooLong) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > limit) throw new Error(tooLong);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function chunk(type, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set([...type].map((letter) => letter.charCodeAt(0)), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

// A PNG of rows of bytes, `stride` bytes each, unfiltered.
async function encode({ width, height, depth, colorType, bytes, stride, further = [] }) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, depth);
  header.setUint8(9, colorType);
  const rows = new Uint8Array((stride + 1) * height);
  for (let j = 0; j < height; j++) {
    rows.set(bytes.subarray(j * stride, (j + 1) * stride), j * (stride + 1) + 1);
  }
  const packed = await through(new CompressionStream("deflate"), rows, Infinity);
  return new Blob(
    [
      new Uint8Array(SIGNATURE),
      chunk("IHDR", new Uint8Array(header.buffer)),
      ...further,
      chunk("IDAT", packed),
      chunk("IEND", new Uint8Array(0)),
    ],
    { type: "image/png" },
  );
}

// An indexed PNG; palette is a list of [red, green, blue], one for each index that occurs.
export async function encodeIndexed({ width, height, indices, palette }) {
  const further = [chunk("PLTE", new Uint8Array(palette.flat()))];
  return encode({ width, height, depth: 8, colorType: 3, bytes: indices, stride: width, further });
}

// A grey PNG of 16 bits; the format puts the high byte first.
export async function encodeGrey16({ width, height, values }) {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => view.setUint16(2 * at, value));
  return encode({ width, height, depth: 16, colorType: 0, bytes, stride: 2 * width });
}

// What kind of file the first bytes belong to.
export function kindOf(bytes) {
  if (SIGNATURE.every((value, at) => bytes[at] === value)) return "PNG";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "JPEG";
  const letters = String.fromCharCode(...bytes.subarray(0, 12));
  if (letters.startsWith("GIF8")) return "GIF";
  if (letters.startsWith("BM")) return "BMP";
  return letters.startsWith("RIFF") && letters.endsWith("WEBP") ? "WebP" : null;
}

// Size and layout of a PNG, and where its other chunks are; nothing is decompressed yet.
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { palette: null, data: [] };
  let at = 8;
  let ended = false;
  while (!ended) {
    if (at + 12 > bytes.length) throw new Error("the file ends too early; copy or export it again");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw new Error("the file ends too early; copy or export it again");
    if (view.getUint32(end) !== crc(bytes.subarray(at + 4, end))) {
      throw new Error(`the ${type} part is damaged; copy or export it again`);
    }
    if (type === "IHDR") {
      Object.assign(found, {
        width: view.getUint32(at + 8),
        height: view.getUint32(at + 12),
        depth: bytes[at + 16],
        colorType: bytes[at + 17],
        interlaced: bytes[at + 20] !== 0,
      });
    } else if (type === "PLTE") {
      found.palette = Array.from({ length: length / 3 }, (_, k) => [
        ...bytes.subarray(at + 8 + 3 * k, at + 11 + 3 * k),
      ]);
    } else if (type === "IDAT") {
      found.data.push(bytes.subarray(at + 8, end));
    } else if (type === "IEND") {
      ended = true;
    }
    at = end + 4;
  }
  if (!found.width || !found.height) throw new Error("it states no size; export it again");
  return found;
}

function unfilter(raw, stride, step, height) {
  const out = new Uint8Array(stride * height);
  for (let j = 0; j < height; j++) {
    const filter = raw[j * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const at = j * stride + i;
      const left = i >= step ? out[at - step] : 0;
      const up = j ? out[at - stride] : 0;
      const corner = j && i >= step ? out[at - stride - step] : 0;
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = up;
      else if (filter === 3) guess = (left + up) >> 1;
      else if (filter === 4) {
        const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs);
        if (a <= b && a <= c) guess = left;
        else guess = b <= c ? up : corner;
      }
      out[at] = raw[j * (stride + 1) + i + 1] + guess;
    }
  }
  return out;
}

// Pixel values of a PNG: {channels, palette, values}, one value per pixel and channel. With `deep`,
// also grey ones of 16 bits.
export async function decode(bytes, header = readHeader(bytes), { deep = false } = {}) {
  const { width, height, depth, colorType, interlaced, palette, data } = header;
  const channels = CHANNELS[colorType];
  if (interlaced) throw new Error("interlaced PNG files are not read; export it without interlacing");
  const isDeep = deep && colorType === 0 && depth === 16;
  if (!channels || (depth > 8 && !isDeep)) {
    throw new Error(
      `${depth} bits per channel, colour type ${colorType}; allowed are indexed, grey, RGB and ` +
        "RGBA PNG files with up to 8 bits per channel",
    );
  }
  const stride = Math.ceil((width * channels * depth) / 8);
  const expected = (stride + 1) * height;
  if (expected > LARGEST) throw new Error(`${width} × ${height} pixels are too many`);
  let raw;
  try {
    raw = await through(
      new DecompressionStream("deflate"),
      await new Blob(data).arrayBuffer(),
      expected,
      "longer than its size says",
    );
  } catch (error) {
    throw new Error(`the pixel data is damaged (${error.message}); export it again`);
  }
  if (raw.length !== expected) throw new Error("the pixel data is incomplete; export it again");
  const rows = unfilter(raw, stride, Math.max(1, (channels * depth) / 8), height);
  if (depth === 8) return { channels, palette, values: rows };
  if (isDeep) {
    const view = new DataView(rows.buffer);
    const numbers = Uint16Array.from({ length: width * height }, (_, at) => view.getUint16(2 * at));
    return { channels, palette, values: numbers };
  }
  const values = new Uint8Array(width * height);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const bit = i * depth;
      const shift = 8 - depth - (bit & 7);
      values[j * width + i] = (rows[j * stride + (bit >> 3)] >> shift) & ((1 << depth) - 1);
    }
  }
  return { channels, palette, values };
}
