// The mask on the screen: pixels with hard edges, zoom and pan, the size ring and outlines.

import { around } from "./board.js";
import { clamp, element, rgb, shape } from "./dom.js";

const CLOSEST = 32; // largest zoom, times the size that fits
const EDGE = 0.62; // how dark the border of an instance is, on a light class
const GLOW = 0.45; // how far towards white it is, on a dark one
const DARK = 70; // of 255, the brightness below which a class is dark

// Shared by the mask and the picture beside it, so that both show the same part.
export class Camera {
  constructor(width, height) {
    Object.assign(this, { width, height, zoom: 1, left: 0, top: 0, listeners: [] });
  }

  // Screen pixels for a mask pixel on a canvas that is `span` screen pixels wide.
  scale(span) {
    return (span / this.width) * this.zoom;
  }

  look(zoom, left, top) {
    this.zoom = clamp(zoom, 1, CLOSEST);
    this.left = clamp(left, 0, this.width * (1 - 1 / this.zoom));
    this.top = clamp(top, 0, this.height * (1 - 1 / this.zoom));
    this.listeners.forEach((listener) => listener());
  }

  // Zoom so that the mask point [x, y] stays where it is on the screen.
  zoomAt(factor, [x, y]) {
    const zoom = clamp(this.zoom * factor, 1, CLOSEST);
    const ratio = this.zoom / zoom;
    this.look(zoom, x - (x - this.left) * ratio, y - (y - this.top) * ratio);
  }

  pan(dx, dy) {
    this.look(this.zoom, this.left + dx, this.top + dy);
  }

  get middle() {
    const half = 0.5 / this.zoom;
    return [this.left + this.width * half, this.top + this.height * half];
  }

  reveal([x, y]) {
    const [wide, high] = [this.width / this.zoom, this.height / this.zoom];
    const margin = 0.1;
    const left = clamp(this.left, x - wide * (1 - margin), x - wide * margin);
    const top = clamp(this.top, y - high * (1 - margin), y - high * margin);
    if (left !== this.left || top !== this.top) this.look(this.zoom, left, top);
  }
}

// A canvas that fills its frame at the screen's resolution; draw(context, ratio) repaints it.
export function screenCanvas(frame, draw) {
  const canvas = element("canvas", frame);
  const context = canvas.getContext("2d");
  let ratio = 1;
  const fit = () => {
    ratio = globalThis.devicePixelRatio || 1;
    const wide = Math.max(Math.round(frame.clientWidth * ratio), 1);
    const high = Math.max(Math.round(frame.clientHeight * ratio), 1);
    if (canvas.width === wide && canvas.height === high) return;
    canvas.width = wide;
    canvas.height = high;
    draw(context);
  };
  const observer = new ResizeObserver(fit);
  observer.observe(frame);
  fit();
  return { canvas, context, stop: () => observer.disconnect() };
}

export class MaskView {
  constructor({ parent, camera, board, classes }) {
    Object.assign(this, { camera, board, opacity: 1, picture: null, dirty: null, frame: 0 });
    this.colors = new Uint8Array(256 * 3);
    this.borders = new Uint8Array(256 * 3);
    classes.forEach(({ color }, id) => {
      const [red, green, blue] = rgb(color);
      const isDark = 0.299 * red + 0.587 * green + 0.114 * blue < DARK;
      const border = (part) => (isDark ? part + (255 - part) * GLOW : part * EDGE);
      this.colors.set([red, green, blue], id * 3);
      this.borders.set([red, green, blue].map(border), id * 3);
    });
    this.pixels = new ImageData(camera.width, camera.height);
    this.surface = element("canvas", null, { width: camera.width, height: camera.height });
    this.surfaceContext = this.surface.getContext("2d");
    this.stage = element("div", parent, { className: "nbgan-stage", tabIndex: 0 });
    this.stage.style.aspectRatio = `${camera.width} / ${camera.height}`;
    this.colorize(board.whole);
    this.screen = screenCanvas(this.stage, () => this.draw());
    this.screen.canvas.setAttribute("aria-hidden", "true");
    this.overlay = shape("svg", this.stage, { class: "nbgan-overlay", "aria-hidden": "true" });
    // Each outline twice, light over dark: visible on any class.
    this.outlines = ["dark", "light"].map((tone) => ({
      ring: shape("ellipse", this.overlay, { class: tone, visibility: "hidden" }),
      path: shape("path", this.overlay, { class: tone }),
    }));
    this.selected = ["dark", "light"].map((tone) =>
      shape("path", this.overlay, {
        class: `nbgan-selected ${tone}`, "vector-effect": "non-scaling-stroke",
      }),
    );
    camera.listeners.push(() => this.draw());
    this.draw();
  }

  // Class ids to colours, in a rectangle of mask pixels; the border of an instance stands out.
  colorize({ left, top, right, bottom }) {
    const { width, height, mask, instance } = this.board;
    const [from, until] = [instance ? Math.max(left - 1, 0) : left, Math.min(right, width)];
    const [first, last] = [instance ? Math.max(top - 1, 0) : top, Math.min(bottom, height)];
    const { data } = this.pixels;
    for (let j = first; j < last; j++) {
      for (let i = from; i < until; i++) {
        const at = j * width + i;
        const border =
          instance &&
          ((i + 1 < width && instance[at] !== instance[at + 1]) ||
            (j + 1 < height && instance[at] !== instance[at + width]));
        const colors = border ? this.borders : this.colors;
        for (let k = 0; k < 3; k++) data[4 * at + k] = colors[3 * mask[at] + k];
        data[4 * at + 3] = 255;
      }
    }
    this.surfaceContext.putImageData(this.pixels, 0, 0, from, first, until - from, last - first);
  }

  // Pixels changed: repaint their rectangle in the next frame.
  invalidate(area) {
    this.dirty = this.dirty ? around(this.dirty, area) : area;
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  flush() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.dirty) return;
    const area = this.dirty;
    this.dirty = null;
    this.colorize(area);
    this.draw(area);
  }

  draw(area = this.board.whole) {
    if (!this.screen) return;
    const { canvas, context } = this.screen;
    const { camera } = this;
    const scale = camera.scale(canvas.width);
    const pad = 1;
    context.save();
    context.beginPath();
    context.rect(
      Math.floor((area.left - pad - camera.left) * scale),
      Math.floor((area.top - pad - camera.top) * scale),
      Math.ceil((area.right - area.left + 2 * pad) * scale) + 1,
      Math.ceil((area.bottom - area.top + 2 * pad) * scale) + 1,
    );
    context.clip();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -camera.left * scale, -camera.top * scale);
    if (this.picture && this.opacity < 1) {
      context.imageSmoothingEnabled = true;
      context.drawImage(this.picture, 0, 0, camera.width, camera.height);
    }
    context.globalAlpha = this.picture ? this.opacity : 1;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.surface, 0, 0);
    context.restore();
    this.outline();
  }

  setPicture(picture) {
    this.picture = picture;
    if (this.opacity < 1) this.draw();
  }

  setOpacity(opacity) {
    this.opacity = opacity;
    this.draw();
  }

  // Screen position of an event to mask pixels.
  locate({ clientX, clientY }) {
    const box = this.stage.getBoundingClientRect();
    const scale = this.camera.scale(this.stage.clientWidth);
    return [
      (clientX - box.left - this.stage.clientLeft) / scale + this.camera.left,
      (clientY - box.top - this.stage.clientTop) / scale + this.camera.top,
    ];
  }

  // Outline an object; d: the path of its border in mask pixels, empty for none.
  select(d) {
    for (const path of this.selected) path.setAttribute("d", d);
  }

  // What lies over the mask: {ring: {point, size}, points, closed, cross}.
  outline(shown = this.shown ?? {}) {
    this.shown = shown;
    if (!this.outlines) return;
    const { ring, points = [], closed = false, cross = null } = shown;
    const scale = this.camera.scale(this.stage.clientWidth);
    const shift = `scale(${scale}) translate(${-this.camera.left} ${-this.camera.top})`;
    for (const path of this.selected) path.setAttribute("transform", shift);
    const place = ([x, y]) => [(x - this.camera.left) * scale, (y - this.camera.top) * scale];
    const lines = points.length ? [`M${points.map((point) => place(point)).join("L")}`] : [];
    if (closed) lines.push("Z");
    if (cross) {
      const [x, y] = place(cross);
      const [near, far] = [4, 11];
      lines.push(`M${x - far},${y}H${x - near}M${x + near},${y}H${x + far}`);
      lines.push(`M${x},${y - far}V${y - near}M${x},${y + near}V${y + far}`);
    }
    for (const outline of this.outlines) {
      outline.path.setAttribute("d", lines.join(""));
      outline.ring.setAttribute("visibility", ring ? "visible" : "hidden");
      if (!ring) continue;
      const [x, y] = place(ring.point);
      outline.ring.setAttribute("cx", x);
      outline.ring.setAttribute("cy", y);
      const radius = Math.max((ring.size * scale) / 2, 2);
      outline.ring.setAttribute("rx", radius);
      outline.ring.setAttribute("ry", radius);
    }
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.screen.stop();
  }
}
