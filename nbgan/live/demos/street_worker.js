// pix2pixHD in the worker: the first convolution's map is kept, and computed again only around what
// a stroke or another style changed. The two parts of the generator are described in pix2pixhd.py.

"use strict";

const street = { mask: null, maps: {} };

// A map of the vectors: styles is {id: [F numbers]}, ids as Cityscapes' (the class id on stuff).
function featureMap(ids, styles, { features }) {
  const count = ids.length;
  const map = new Float32Array(features * count);
  for (let i = 0; i < count; i++) {
    const vector = styles[ids[i]];
    if (!vector) throw new Error(`instance ${ids[i]} has no style`);
    for (let f = 0; f < features; f++) map[f * count + i] = vector[f];
  }
  return map;
}

async function begin({ mask, instance, styles }, plan) {
  const count = plan.width * plan.height;
  const ids = Int32Array.from(instance, (id, i) => id || mask[i]);
  const features = featureMap(ids, styles, plan);
  const differs = (i) => {
    if (mask[i] !== street.mask[i] || ids[i] !== street.ids[i]) return true;
    for (let at = i; at < features.length; at += count)
      if (features[at] !== street.features[at]) return true;
    return false;
  };
  const { width, height } = plan;
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const box = street.mask ? changedBox(plan, differs) : whole;
  if (!box) return 0;
  const crop = surroundings(box, plan);
  const [rows, columns] = [crop.bottom - crop.top, crop.right - crop.left];
  const part = new Float32Array(plan.features * rows * columns);
  for (let f = 0; f < plan.features; f++) {
    const channel = features.subarray(f * count, (f + 1) * count);
    part.set(cutOut(channel, plan, crop), f * rows * columns);
  }
  street.mask = null; // if this fails, everything is computed next time
  const { begun } = await sessions[plan.begin].run({
    label: new ort.Tensor("uint8", cutOut(mask, plan, crop), [1, rows, columns]),
    instance: new ort.Tensor("int32", cutOut(ids, plan, crop), [1, rows, columns]),
    features: new ort.Tensor("float32", part, [1, plan.features, rows, columns]),
  });
  insert(street.maps, "begun", begun.data, begun.dims, crop, plan, 1);
  begun.dispose();
  Object.assign(street, { mask: mask.slice(), ids, features });
  return (rows * columns) / count;
}

// mask: Uint8Array of class ids; instance: Uint16Array; styles: {id: vector}. Gives floats in
// (-1, 1), bytes for a canvas, and which share of the first map was computed.
tasks.paintStreet = async ({ mask, instance, styles, plan }) => {
  const started = performance.now();
  const share = await begin({ mask, instance, styles }, plan);
  const count = plan.width * plan.height;
  const map = street.maps.begun;
  const dims = [1, map.length / count, plan.height, plan.width];
  const { picture: tensor } = await sessions[plan.finish].run({
    begun: new ort.Tensor("float32", map, dims),
  });
  const picture = tensor.data.slice();
  tensor.dispose();
  const pixels = toPixels(picture, count);
  return { picture, pixels, share, milliseconds: performance.now() - started };
};
