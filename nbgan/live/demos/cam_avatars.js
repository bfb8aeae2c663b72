// Class activation maps: the page weighs the channels of a face and adds them up.

import { addStyleSheet } from "../answers.js";
import { createRadios } from "../radios.js";

const NAME = "cam-avatars";
const SHARP = 3; // canvas pixels per pixel of the picture
const REGION = "#f0e442";
const MASK = "#56b4e9";

const sigmoid = (score) => 1 / (1 + Math.exp(-score));
const percent = (share) => `${Math.round(100 * share)} %`;

// Maps of all attributes, each side × side, and their scores, from the bytes of one face.
export function explain({ features, steps, weight, bias, side, pooling }) {
  const positions = side * side;
  const maps = weight.map(() => new Float64Array(positions));
  const scores = [...bias];
  steps.forEach((step, c) => {
    const channel = features.subarray(c * positions, (c + 1) * positions);
    let sum = 0;
    let most = 0;
    for (const value of channel) {
      sum += value;
      most = Math.max(most, value);
    }
    const pooled = step * (pooling === "gap" ? sum / positions : most);
    weight.forEach((row, k) => {
      scores[k] += row[c] * pooled;
      const factor = row[c] * step;
      for (let p = 0; p < positions; p++) maps[k][p] += factor * channel[p];
    });
  });
  return { maps, scores };
}

// Bilinear, corners not aligned, as PyTorch enlarges.
export function enlarge(map, side, size) {
  const places = Array.from({ length: size }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * side) / size - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(low + 1, side - 1), at - low];
  });
  const large = new Float64Array(size * size);
  places.forEach(([y0, y1, v], y) =>
    places.forEach(([x0, x1, u], x) => {
      const above = map[y0 * side + x0] * (1 - u) + map[y0 * side + x1] * u;
      const below = map[y1 * side + x0] * (1 - u) + map[y1 * side + x1] * u;
      large[y * size + x] = above * (1 - v) + below * v;
    }),
  );
  return large;
}

// Region above a share of the maximum, against the true mask; its highest point may miss the mask by
// some pixels, along rows and along columns.
export function judge(large, mask, share, size, tolerance) {
  const highest = large.reduce((a, b) => Math.max(a, b), -Infinity);
  const region = large.map((value) => Number(highest > 0 && value >= share * highest));
  let [both, either, masked] = [0, 0, 0];
  region.forEach((inside, i) => {
    both += inside && mask[i];
    either += inside || mask[i];
    masked += mask[i];
  });
  const top = large.indexOf(highest);
  const [x, y] = [top % size, Math.floor(top / size)];
  let hit = false;
  for (let v = Math.max(0, y - tolerance); v <= Math.min(size - 1, y + tolerance); v++)
    for (let u = Math.max(0, x - tolerance); u <= Math.min(size - 1, x + tolerance); u++)
      hit ||= Boolean(mask[v * size + u]);
  return { region, iou: both / Math.max(either, 1), masked, hit, highest };
}

const loadImage = (address) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture could not be read"));
    image.src = address;
  });

// Borders between inside and outside, as lines.
function outline(context, inside, size, color, dash) {
  context.beginPath();
  const at = (x, y) => (x < 0 || y < 0 || x >= size || y >= size ? 0 : inside[y * size + x]);
  for (let y = 0; y <= size; y++) {
    for (let x = 0; x <= size; x++) {
      if (at(x, y) !== at(x, y - 1)) {
        context.moveTo(x * SHARP, y * SHARP);
        context.lineTo((x + 1) * SHARP, y * SHARP);
      }
      if (at(x, y) !== at(x - 1, y)) {
        context.moveTo(x * SHARP, y * SHARP);
        context.lineTo(x * SHARP, (y + 1) * SHARP);
      }
    }
  }
  for (const [style, width] of [["#1c2b33", 5], [color, 2.5]]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.setLineDash(style === color ? dash : []);
    context.stroke();
  }
}

export async function open(stage, { element, asset, text }) {
  const data = JSON.parse(await text(`${NAME}.json`));
  const bytes = await asset(`${NAME}.features`);
  const labels = await asset(`${NAME}.masks`);
  addStyleSheet("cam_avatars.css", await text("cam_avatars.css"), element);
  const { size, side, channels, poolings, attributes } = data;
  const tolerance = Math.floor(size / side / 2); // half of what one value of the map stands for
  const images = await Promise.all(data.pictures.map(loadImage));
  const state = {
    face: 0, attribute: data.start, pooling: "gap", share: data.share, stretch: false,
  };

  const length = channels * side * side;
  const explained = new Map();
  const explainFace = (face, pooling) => {
    const key = `${face} ${pooling}`;
    if (!explained.has(key)) {
      const p = poolings.indexOf(pooling);
      const start = (face * poolings.length + p) * length;
      explained.set(
        key,
        explain({
          features: bytes.subarray(start, start + length),
          steps: data.steps[face][p], weight: data.weight[p], bias: data.bias[p], side, pooling,
        }),
      );
    }
    return explained.get(key);
  };
  // One scale for all faces, so that maps can be compared.
  const scale = (pooling, attribute) =>
    images.reduce(
      (most, _, face) => Math.max(most, ...explainFace(face, pooling).maps[attribute]),
      1e-6,
    );

  const root = element("div", stage, { className: "nbgan-cam" });
  const radios = (parent, className, label, contents, choose) =>
    createRadios({ parent, className, label, contents, choose, element }).show;
  const set = (changes) => {
    Object.assign(state, changes);
    draw();
  };

  const showFace = radios(
    root, "nbgan-cam-faces", "face",
    data.pictures.map((address, i) => (button) => {
      button.className = "nbgan-cam-face";
      const words = data.truth[i].join(", ") || "none of the attributes";
      element("img", button, { src: address, alt: `face ${i + 1}: ${words}` });
    }),
    (face) => set({ face }),
  );
  const main = element("div", root, { className: "nbgan-cam-main" });
  const canvas = (label) => {
    const figure = element("figure", main);
    const drawn = element(
      "canvas", figure, { width: size * SHARP, height: size * SHARP },
      { role: "img", "aria-label": label },
    );
    return [drawn.getContext("2d"), element("figcaption", figure)];
  };
  const [faceContext, faceCaption] = canvas("the face, with the region of the map and the true mask");
  const [mapContext, mapCaption] = canvas("the class activation map over the face");
  faceCaption.textContent = "Yellow line: the map, cut. Blue dashes: the true mask.";
  const bars = [];
  const showAttribute = radios(
    main, "nbgan-cam-scores", "attribute",
    attributes.map((name) => (button) => {
      button.className = "nbgan-cam-score";
      element("span", button, { textContent: name });
      const bar = element("span", element("span", button, { className: "nbgan-cam-bar" }));
      bars.push([bar, element("output", button)]);
    }),
    (attribute) => set({ attribute }),
  );
  const row = element("div", root, { className: "nbgan-cam-row" });
  const showPooling = radios(
    row, "nbgan-cam-poolings", "pooling",
    poolings.map((name) => (button) => (button.textContent = name.toUpperCase())),
    (i) => set({ pooling: poolings[i] }),
  );
  const cut = element("label", row, { textContent: "cut at " });
  const slider = element("input", cut, {
    type: "range", min: 5, max: 95, step: 5, value: 100 * state.share,
  });
  const shown = element("output", cut);
  slider.addEventListener("input", () => set({ share: Number(slider.value) / 100 }));
  const own = element("label", row);
  const box = element("input", own, { type: "checkbox" });
  own.append("stretch the map to its own range");
  box.addEventListener("change", () => set({ stretch: box.checked }));
  const summary = element("p", root, { className: "nbgan-cam-text" }, { "aria-live": "polite" });

  const maskOf = (face, attribute) =>
    labels
      .subarray(face * size * size, (face + 1) * size * size)
      .map((id) => Number(id === data.evidence[attribute]));

  function drawMap(large, low, high) {
    mapContext.drawImage(images[state.face], 0, 0, size * SHARP, size * SHARP);
    const picture = mapContext.getImageData(0, 0, size * SHARP, size * SHARP);
    const pixels = picture.data;
    for (let y = 0; y < size * SHARP; y++) {
      for (let x = 0; x < size * SHARP; x++) {
        const i = 4 * (y * size * SHARP + x);
        const value = large[Math.floor(y / SHARP) * size + Math.floor(x / SHARP)];
        const step = Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
        const grey = (pixels[i] + pixels[i + 1] + pixels[i + 2]) / 3;
        for (let c = 0; c < 3; c++)
          pixels[i + c] = data.strength * data.colors[step][c] + (1 - data.strength) * grey;
      }
    }
    mapContext.putImageData(picture, 0, 0);
  }

  function draw() {
    const { face, attribute, pooling, share, stretch } = state;
    const { maps, scores } = explainFace(face, pooling);
    const large = enlarge(maps[attribute], side, size);
    const mask = maskOf(face, attribute);
    const { region, iou, masked, hit, highest } = judge(large, mask, share, size, tolerance);
    const lowest = large.reduce((a, b) => Math.min(a, b), Infinity);
    if (stretch) drawMap(large, lowest, Math.max(highest, lowest + 1e-6));
    else drawMap(large, 0, scale(pooling, attribute));
    faceContext.drawImage(images[face], 0, 0, size * SHARP, size * SHARP);
    outline(faceContext, mask, size, MASK, [8, 5]);
    outline(faceContext, region, size, REGION, []);
    mapCaption.textContent = stretch
      ? "Dark: the map's lowest value, bright: its highest."
      : "One scale for all faces; dark: nothing, or against it.";
    scores.forEach((score, k) => {
      const [bar, output] = bars[k];
      bar.style.width = `${100 * sigmoid(score)}%`;
      output.textContent = percent(sigmoid(score));
    });
    showFace(face);
    showAttribute(attribute);
    showPooling(poolings.indexOf(pooling));
    slider.value = Math.round(100 * share);
    shown.textContent = percent(share);
    const bias = data.bias[poolings.indexOf(pooling)][attribute];
    const score = scores[attribute];
    const sum =
      pooling === "gap"
        ? `the mean of the map, ${(score - bias).toFixed(2)}, plus the bias, ${bias.toFixed(2)}`
        : `the strongest position of each channel, together ${(score - bias).toFixed(2)}, plus the ` +
          `bias, ${bias.toFixed(2)}`;
    const name = attributes[attribute];
    const found = !masked
      ? `Nothing in this face could show it, so there is no mask to compare with.`
      : `The highest point ${hit ? "hits" : "misses"} the true mask (up to ${tolerance} pixels beside ` +
        `count); the region overlaps it by ${percent(iou)} (intersection over union).`;
    summary.textContent =
      `Score of “${name}” with ${pooling.toUpperCase()}: ${score.toFixed(2)}, which is ${sum}; ` +
      `probability ${percent(sigmoid(score))}. ${found}`;
  }

  draw();
  // For programs and tests.
  return {
    explain: (face, pooling) => {
      const { maps, scores } = explainFace(face, pooling);
      return { maps: maps.map((map) => [...map]), scores };
    },
    enlarge: (map) => [...enlarge(map, side, size)],
    judge: (face, pooling, attribute, share) => {
      const large = enlarge(explainFace(face, pooling).maps[attribute], side, size);
      const mask = maskOf(face, attribute);
      const { iou, hit, masked } = judge(large, mask, share, size, tolerance);
      return { iou, hit, masked };
    },
    set,
    state: () => ({ ...state }),
  };
}
