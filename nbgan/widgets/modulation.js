// A feature map under gamma, beta and rho. Everything is computed here, no kernel needed.

const LIMIT = 3;
const SLIDERS = [
  { name: "gamma", label: "γ scale", min: -2, max: 3, step: 0.05 },
  { name: "beta", label: "β shift", min: -3, max: 3, step: 0.05 },
  { name: "rho", label: "ρ layer → instance", min: 0, max: 1, step: 0.01 },
];
const BLUE = [5, 48, 97];
const RED = [103, 0, 31];

function element(tag, parent, properties = {}) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  parent.appendChild(node);
  return node;
}

// Blue below zero, white at zero, red above; ends at -LIMIT and LIMIT.
function paint(pixels, index, value) {
  const strength = Math.min(Math.abs(value) / LIMIT, 1);
  const end = value < 0 ? BLUE : RED;
  for (let k = 0; k < 3; k++) pixels[4 * index + k] = 255 + strength * (end[k] - 255);
  pixels[4 * index + 3] = 255;
}

function panel(parent, title, [width, height], description) {
  const figure = element("figure", parent);
  const canvas = element("canvas", figure, { width, height });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", description);
  element("figcaption", figure, { textContent: title });
  return canvas.getContext("2d");
}

export default {
  render({ model, el }) {
    const root = element("div", el, { className: "nbgan-modulation" });
    const size = model.get("size");
    const count = size[0] * size[1];
    const view = model.get("maps");
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

    const controls = element("div", root, { className: "nbgan-controls" });
    const row = element("label", controls, { textContent: "channel" });
    const select = element("select", row);
    model.get("names").forEach((name, i) => element("option", select, { value: i, textContent: name }));
    select.addEventListener("change", () => {
      model.set("channel", Number(select.value));
      model.save_changes();
    });
    const inputs = SLIDERS.map(({ name, label, min, max, step }) => {
      const line = element("label", controls, { textContent: label });
      const input = element("input", line, { type: "range", min, max, step });
      const shown = element("output", line);
      input.addEventListener("input", () => {
        model.set(name, Number(input.value));
        model.save_changes();
      });
      return { name, input, shown };
    });
    const reset = element("button", controls, { type: "button", textContent: "reset" });
    reset.addEventListener("click", () => {
      model.set({ gamma: 1, beta: 0, rho: 1 });
      model.save_changes();
    });

    const panels = element("div", root, { className: "nbgan-panels" });
    const modulated = panel(panels, "normalised and modulated", size, "feature map after normalisation and modulation");
    const rectified = panel(panels, "what a ReLU lets through", size, "the same map after a ReLU");
    const note = element("p", root, { className: "nbgan-note" });
    note.setAttribute("aria-live", "polite");

    function draw() {
      const channel = model.get("channel");
      const [gamma, beta, rho] = ["gamma", "beta", "rho"].map((name) => model.get(name));
      const [inOffset, inStep, lnOffset, lnStep] = model.get("scales")[channel];
      const offset = gamma * (rho * inOffset + (1 - rho) * lnOffset) + beta;
      const step = gamma * (rho * inStep + (1 - rho) * lnStep);
      const before = modulated.createImageData(size[0], size[1]);
      const after = rectified.createImageData(size[0], size[1]);
      let positive = 0;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < count; i++) {
        const value = offset + step * bytes[channel * count + i];
        paint(before.data, i, value);
        paint(after.data, i, Math.max(value, 0));
        sum += value;
        squares += value * value;
        if (value > 0) positive++;
      }
      modulated.putImageData(before, 0, 0);
      rectified.putImageData(after, 0, 0);
      const mean = sum / count;
      const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 0));
      note.textContent = `mean ${mean.toFixed(2)} · standard deviation ${deviation.toFixed(2)} · ` +
        `${Math.round((100 * positive) / count)} % of the pixels pass the ReLU`;
      select.value = channel;
      for (const { name, input, shown } of inputs) {
        input.value = model.get(name);
        shown.textContent = model.get(name).toFixed(2);
      }
    }

    const watched = ["channel", "gamma", "beta", "rho"].map((name) => `change:${name}`).join(" ");
    model.on(watched, draw);
    draw();
    return () => model.off(watched, draw);
  },
};
