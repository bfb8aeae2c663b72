// The picture that a model made of the mask, with a slider between before and after.

import { element } from "./dom.js";
import { screenCanvas } from "./view.js";

async function bitmap(picture) {
  if (picture instanceof ImageData) {
    const canvas = element("canvas", null, { width: picture.width, height: picture.height });
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas;
  }
  if (picture instanceof HTMLCanvasElement) {
    // A copy: the caller may paint the next picture on the same canvas.
    const canvas = element("canvas", null, { width: picture.width, height: picture.height });
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return canvas;
  }
  return picture instanceof Blob ? createImageBitmap(picture) : picture;
}

export class PictureView {
  constructor({ parent, camera, onPicture }) {
    Object.assign(this, { camera, onPicture, before: null, after: null, turn: 0 });
    this.renew = true;
    this.frame = element("div", parent, { className: "nbgan-frame" });
    this.frame.style.aspectRatio = `${camera.width} / ${camera.height}`;
    this.screen = screenCanvas(this.frame, () => this.draw());
    this.screen.canvas.setAttribute("role", "img");
    this.screen.canvas.setAttribute("aria-label", "picture made of the mask");
    this.empty = element("p", this.frame, {
      className: "nbgan-empty",
      textContent: "The picture appears here after your first stroke.",
    });
    this.busy = element("div", this.frame, { className: "nbgan-busy", hidden: true });
    this.tags = ["before", "after"].map((name) =>
      element("span", this.frame, {
        className: `nbgan-tag nbgan-${name}`, textContent: name, hidden: true,
      }),
    );
    this.slider = element(
      "input",
      this.frame,
      { type: "range", min: 0, max: 100, value: 50, hidden: true, className: "nbgan-wipe" },
      { "aria-label": "before and after: share of the picture before" },
    );
    this.slider.addEventListener("input", () => this.draw());
    camera.listeners.push(() => this.draw());
  }

  // Pictures may take a moment to decode: the last one given wins.
  async set(picture) {
    const turn = ++this.turn;
    const ready = picture ? await bitmap(picture) : null;
    if (turn !== this.turn) return;
    if (this.renew || !this.before) this.before = ready;
    this.renew = false;
    this.after = ready;
    this.empty.hidden = Boolean(ready);
    this.onPicture(ready);
    this.draw();
  }

  // The next picture is the new "before": the mask starts afresh.
  restart() {
    this.renew = true;
  }

  setBusy(busy) {
    this.busy.hidden = !busy;
    this.frame.setAttribute("aria-busy", String(busy));
  }

  get comparing() {
    return !this.slider.hidden;
  }

  compare(on) {
    for (const node of [this.slider, ...this.tags]) node.hidden = !on;
    if (on) this.slider.focus({ preventScroll: true });
    this.draw();
  }

  draw() {
    if (!this.screen) return;
    const { canvas, context } = this.screen;
    const { camera, before, after } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!after) return;
    const scale = camera.scale(canvas.width);
    const show = (picture) => {
      context.setTransform(scale, 0, 0, scale, -camera.left * scale, -camera.top * scale);
      context.drawImage(picture, 0, 0, camera.width, camera.height);
      context.setTransform(1, 0, 0, 1, 0, 0);
    };
    show(after);
    if (!this.comparing || !before) return;
    const edge = (canvas.width * this.slider.value) / 100;
    context.save();
    context.beginPath();
    context.rect(0, 0, edge, canvas.height);
    context.clip();
    show(before);
    context.restore();
    const width = Math.max(canvas.width / 250, 2);
    context.fillStyle = "#14242c";
    context.fillRect(edge - width, 0, 2 * width, canvas.height);
    context.fillStyle = "#ffffff";
    context.fillRect(edge - width / 2, 0, width, canvas.height);
  }

  destroy() {
    this.turn++;
    this.screen.stop();
  }
}
