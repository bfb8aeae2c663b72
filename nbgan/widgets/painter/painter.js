// The painter: one object that the tools, the keys, the bars and the page talk to.

import { Board } from "./board.js";
import { clamp, element } from "./dom.js";
import { loadFiles } from "./files.js";
import { followKeyboard } from "./keyboard.js";
import { buildPage } from "./layout.js";
import { followPointer, zoomStep } from "./pointer.js";
import { Selection } from "./selection.js";
import { Tools } from "./tools.js";
import { Camera } from "./view.js";

const HINT = "Choose a class above, then paint on the mask.";
const RINGED = ["brush", "eraser"];

// The class with which one sees one's first stroke: the first that does not fill the mask.
function firstClass(mask, count) {
  const areas = new Uint32Array(256);
  mask.forEach((id) => areas[id]++);
  const most = areas.indexOf(Math.max(...areas));
  return count > 1 && most === 0 ? 1 : 0;
}

export class Painter {
  constructor(parent, options) {
    const { width, height, classes, label } = options;
    this.classes = classes;
    const { ignoreId, things } = options;
    this.space = { width, height, classes, ignoreId, things };
    this.options = options;
    this.sequence = 0;
    this.pointer = null; // where the pointer is, in mask pixels
    this.cursor = null; // where the keyboard's cursor is
    this.disabled = false;
    this.helping = false;
    this.abort = new AbortController();
    this.root = element("section", parent, { className: "nbgan-painter" }, {
      "aria-label": label,
    });
    this.board = new Board({ ...options, onDirty: (area) => this.view.invalidate(area) });
    this.camera = new Camera(width, height);
    this.settings = {
      tool: "brush",
      classId: options.startClass ?? firstClass(this.board.mask, classes.length),
      sizes: {
        brush: clamp(Math.round(Math.min(width, height) / 12), 1, 64),
        eraser: clamp(Math.round(Math.min(width, height) / 9), 1, 64),
      },
      protect: false,
      over: new Set(),
      instanceMode: "new",
    };
    this.tools = new Tools({
      board: this.board,
      settings: this.settings,
      onStroke: () => this.finished(),
      onPick: (id) => this.pick(id),
      onSelect: (index) => this.selection.choose(index),
      say: (text, kind) => this.say(text, kind),
      className: (id) => this.className(id),
    });
    buildPage(this, options);
    if (options.onSelect) {
      const { board, view, onSelect } = { ...this, onSelect: options.onSelect };
      this.selection = new Selection({ board, view, onSelect });
    }
    this.view.stage.dataset.tool = this.settings.tool;
    this.camera.listeners.push(() => this.update());
    const stopPointer = followPointer(this, this.abort.signal);
    this.abort.signal.addEventListener("abort", stopPointer);
    followKeyboard(this, this.abort.signal);
    this.say(HINT, "info");
    this.update();
    this.showTool();
    if (options.picture) this.picture.set(options.picture);
  }

  // Bring all controls in line with the state.
  update() {
    this.updates.forEach((update) => update());
  }

  className(id) {
    return this.classes[id]?.name ?? "unlabelled";
  }

  say(text, kind = "info") {
    this.message.textContent = text;
    this.message.dataset.kind = kind;
  }

  // --- what the user does ------------------------------------------------------------------

  // Tell the page about a finished stroke, once.
  finished() {
    this.view.flush();
    this.update();
    this.selection?.follow();
    this.sequence++;
    const { mask, instance } = this.board;
    this.options.onStroke?.({
      mask: mask.slice(),
      instance: instance ? instance.slice() : null,
      sequence: this.sequence,
    });
    if (this.message.textContent === HINT) this.say("");
  }

  hasTool(tool) {
    return tool !== "select" || Boolean(this.selection);
  }

  setTool(tool) {
    this.tools.cancel();
    if (tool === "pick" && this.settings.tool !== "pick") this.toolBefore = this.settings.tool;
    this.settings.tool = tool;
    this.view.stage.dataset.tool = tool;
    if (tool === "polygon") this.say("Set corners; close at the first one or with Enter.");
    else if (tool === "select") this.say("Click on an object of the mask to choose it.");
    else if (/^(Set corners|Click on)/.test(this.message.textContent)) this.say("");
    this.update();
    this.showTool();
  }

  setClass(id) {
    this.settings.classId = id;
    this.update();
  }

  pick(id) {
    if (id < this.classes.length) {
      this.setClass(id);
      this.say(`${this.className(id)}, class ${id}, is chosen.`);
    } else {
      this.say("This pixel has no class.");
    }
    if (this.settings.tool === "pick") this.setTool(this.toolBefore ?? "brush");
  }

  pickAt(point) {
    if (this.board.inside(point)) this.pick(this.board.mask[this.board.at(point)]);
  }

  setSize(size) {
    const tool = this.settings.tool === "eraser" ? "eraser" : "brush";
    const largest = Math.max(Math.round(Math.min(this.board.width, this.board.height) / 2), 8);
    this.settings.sizes[tool] = clamp(size, 1, largest);
    this.update();
    this.showTool();
  }

  resizeBrush(direction) {
    const size = this.settings.sizes[this.settings.tool === "eraser" ? "eraser" : "brush"];
    this.setSize(size + direction * Math.max(1, Math.round(size / 8)));
  }

  setProtect(on) {
    this.settings.protect = on;
    this.update();
  }

  setInstanceMode(mode) {
    this.settings.instanceMode = mode;
    this.update();
  }

  setOpacity(opacity) {
    this.view.setOpacity(opacity);
    this.update();
  }

  zoom(direction) {
    zoomStep(this.camera, direction);
  }

  compare() {
    if (!this.picture.after) return;
    this.picture.compare(!this.picture.comparing);
    this.update();
  }

  showHelp() {
    this.helping = !this.helping;
    this.help.hidden = !this.helping;
    this.update();
  }

  undo() {
    this.tools.cancel();
    if (this.board.undo()) this.finished();
  }

  redo() {
    this.tools.cancel();
    if (this.board.redo()) this.finished();
  }

  replace(mask, instance = null) {
    this.tools.cancel();
    this.board.replace(mask, instance);
    this.picture.restart();
  }

  reset() {
    this.tools.cancel();
    this.board.reset();
    this.finished();
  }

  loadExample(at) {
    const { name, mask, instance } = this.options.examples[at];
    this.replace(mask, instance);
    this.finished();
    this.say(`Example: ${name}.`);
  }

  async loadRandom() {
    try {
      const { mask, instance } = await this.options.random();
      this.replace(mask, instance);
      this.finished();
    } catch (error) {
      this.say(error.message, "error");
    }
  }

  async load(files) {
    try {
      const { mask, instance } = await loadFiles(this, files);
      this.replace(mask, instance);
      this.finished();
      this.say(`Loaded ${files.map(({ name }) => name).join(" and ")}.`);
    } catch (error) {
      this.say(error.message, "error");
    }
  }

  // write: saveMask or saveInstances.
  async save(write) {
    this.say(await write(this));
  }

  // After a change from outside.
  refresh() {
    this.view.flush();
    this.update();
    this.selection?.follow();
    this.showTool();
  }

  // --- what is shown -----------------------------------------------------------------------

  useKeyboardCursor(point) {
    this.cursor = point;
    this.hover.setAttribute("aria-live", point ? "polite" : "off");
    if (point) this.pointer = null;
  }

  // Ring, outline of the shape in the making, and what lies under the pointer.
  showTool() {
    const point = this.cursor ?? this.pointer;
    const { tool, sizes } = this.settings;
    const ring = point && RINGED.includes(tool) ? { point, size: sizes[tool] } : null;
    this.view.outline({ ring, cross: this.cursor, ...this.tools.outline(point) });
    this.hover.textContent = point && this.board.inside(point) ? this.#describe(point) : "";
  }

  #describe(point) {
    const at = this.board.at(point);
    const id = this.board.mask[at];
    const instance = this.board.instance?.[at];
    const [x, y] = point.map(Math.floor);
    const whole = `${this.className(id)} · ${id} · x ${x}, y ${y}`;
    return instance ? `${whole} · instance ${instance}` : whole;
  }

  setDisabled(disabled) {
    if (disabled) this.tools.cancel();
    this.disabled = disabled;
    this.root.toggleAttribute("inert", disabled);
  }

  destroy() {
    this.abort.abort();
    this.view.destroy();
    this.picture.destroy();
    this.root.remove();
  }
}
