// Instance maps as files: grey PNG of 16 bits, as Cityscapes' *_instanceIds.png.
//
// Where classes say which of them are things, the file is one of that kind: class × 1000 + n on
// things, the class id elsewhere, so that it holds class map and instance map at once. Else the
// values are the instance ids, 0 for none.

import { BASE } from "./board.js";
import { place } from "./maskfile.js";
import { decode, encodeGrey16 } from "./png.js";

export function writeInstances({ width, height, things }, mask, instance) {
  const values = things ? instance.map((id, at) => id || mask[at]) : instance;
  return encodeGrey16({ width, height, values });
}

// Whether an opened PNG is an instance map, not a mask.
export function holdsInstances({ header }) {
  return header.colorType === 0 && header.depth === 16;
}

function checkId({ classes, things, width }, id, at) {
  const classId = id < BASE ? id : Math.floor(id / BASE);
  if (classId >= classes.length) {
    throw new Error(
      `unknown id ${id} ${place(at, width)}: it says class ${classId}, but the classes are 0 to ` +
        `${classes.length - 1}; allowed are class ids, and class × ${BASE} + n on things`,
    );
  }
  if (id >= BASE && !things.includes(classId)) {
    const names = things.map((thing) => classes[thing].name).join(", ");
    throw new Error(
      `id ${id} ${place(at, width)} counts a '${classes[classId].name}'; only these have ` +
        `instances: ${names}. Use ${classId} there`,
    );
  }
}

// An opened file to {instance, mask}; mask is null where the file says nothing about classes.
// Throws an Error that says what was found and where, and what is allowed.
export async function readInstances(space, { bytes, header }) {
  const { values } = await decode(bytes, header, { deep: true });
  if (!space.things) return { instance: values, mask: null };
  const seen = new Set();
  values.forEach((id, at) => {
    if (seen.has(id)) return;
    checkId(space, id, at);
    seen.add(id);
  });
  return {
    instance: values.map((id) => (id < BASE ? 0 : id)),
    mask: Uint8Array.from(values, (id) => (id < BASE ? id : Math.floor(id / BASE))),
  };
}
