// Masks as files. What goes out is an indexed PNG: the pixel values are the class ids, the palette
// holds the classes' colours. What comes in must say the classes exactly.

import { hex, rgb } from "./dom.js";
import { decode, encodeIndexed, kindOf, readHeader } from "./png.js";

const HEAVIEST = 64e6; // bytes of a file that is looked at at all

export function writeMask({ width, height, classes }, mask) {
  const most = mask.reduce((high, id) => Math.max(high, id), classes.length - 1);
  const palette = Array.from({ length: most + 1 }, (_, id) =>
    id < classes.length ? rgb(classes[id].color) : [0, 0, 0],
  );
  return encodeIndexed({ width, height, indices: mask, palette });
}

export function place(index, width) {
  return `at x ${index % width}, y ${Math.floor(index / width)}`;
}

function idsByColor({ classes, ignoreId }) {
  const ids = new Map();
  if (ignoreId !== null) ids.set("#000000", ignoreId);
  classes.forEach(({ color }, id) => ids.set(color.toLowerCase(), id));
  return ids;
}

function fromIndices(space, { values, palette }) {
  const { width, classes, ignoreId } = space;
  const known = (id) => id < classes.length || id === ignoreId;
  const used = [...new Set(values)];
  const colors = palette && new Map(used.filter((i) => palette[i]).map((i) => [i, hex(palette[i])]));
  const byColor = idsByColor(space);
  // A palette that knows no class, only black, says nothing.
  const names = (index) => (byColor.get(colors.get(index)) ?? ignoreId) !== ignoreId;
  const allKnown = colors && used.every((index) => byColor.has(colors.get(index)));
  if (allKnown && used.some(names)) {
    return values.map((index) => byColor.get(colors.get(index)));
  }
  if (used.every(known)) return values.slice();
  const at = values.findIndex((id) => !known(id));
  const shown = colors?.has(values[at]) ? ` (colour ${colors.get(values[at])})` : "";
  throw new Error(
    `unknown class id ${values[at]}${shown} ${place(at, width)}; allowed are ids 0 to ` +
      `${classes.length - 1} or the palette's exact colours`,
  );
}

function fromColors(space, { values, channels }) {
  const byColor = idsByColor(space);
  const codes = new Map([...byColor].map(([color, id]) => [parseInt(color.slice(1), 16), id]));
  return Uint8Array.from({ length: values.length / channels }, (_, index) => {
    const at = index * channels;
    const code = values[at] * 65536 + values[at + 1] * 256 + values[at + 2];
    const where = place(index, space.width);
    if (channels === 4 && values[at + 3] !== 255) {
      throw new Error(`a transparent pixel ${where}; every pixel needs a class: fill it`);
    }
    if (!codes.has(code)) {
      const color = `#${code.toString(16).padStart(6, "0")}`;
      throw new Error(
        `colour ${color} ${where} belongs to no class; use the palette's exact colours, without ` +
          "smoothing",
      );
    }
    return codes.get(code);
  });
}

// The bytes and the header of a PNG file of the mask's size. space: {width, height, …}.
// Throws an Error that says what was found and what is allowed.
export async function openPng(space, file) {
  if (file.size > HEAVIEST) {
    throw new Error(`${Math.round(file.size / 1e6)} MB is too large; at most ${HEAVIEST / 1e6} MB`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const kind = kindOf(bytes);
  if (kind !== "PNG") {
    const why = kind === "JPEG" ? "JPEG changes colours at every edge" : "only PNG keeps classes";
    throw new Error(`${kind ?? "not a picture that is known"}; ${why}. Save the mask as PNG`);
  }
  const header = readHeader(bytes);
  if (header.width !== space.width || header.height !== space.height) {
    throw new Error(
      `${header.width} × ${header.height} pixels (width × height); this mask has ` +
        `${space.width} × ${space.height}. Resize it with nearest neighbour`,
    );
  }
  return { bytes, header };
}

// An opened file to class ids. space: {width, height, classes: [{name, color}], ignoreId}.
// Throws an Error that says what was found and where, and what is allowed.
export async function readMask(space, { bytes, header }) {
  const pixels = await decode(bytes, header);
  return pixels.channels === 1 ? fromIndices(space, pixels) : fromColors(space, pixels);
}
