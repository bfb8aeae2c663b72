// What pointer and keyboard do to the board: press at a point, move, lift. A tool never knows
// which device is behind it.

import { line, polygon, rectangle, region } from "./raster.js";

const STROKES = ["brush", "eraser"];
const SHAPES = ["rectangle", "polygon"];

export class Tools {
  // settings: tool, classId, sizes, over (protection), instanceMode; see painter.js.
  // onStroke() after each finished stroke; onPick(id); onSelect(index); say(text, kind);
  // className(id).
  constructor({ board, settings, onStroke, onPick, onSelect, say, className }) {
    Object.assign(this, { board, settings, onStroke, onPick, onSelect, say, className });
    this.last = null; // where the brush or the rectangle is, while it is down
    this.points = []; // corners of a polygon in the making
    this.lastInstance = 0;
  }

  get busy() {
    return this.last !== null || this.points.length > 0;
  }

  get tool() {
    return this.settings.tool;
  }

  press(point) {
    if (this.tool === "pick") {
      if (this.board.inside(point)) this.onPick(this.board.mask[this.board.at(point)]);
    } else if (this.tool === "select") {
      if (this.board.inside(point)) this.onSelect(this.board.at(point));
    } else if (this.tool === "fill") {
      this.#fill(point);
    } else if (this.tool === "polygon") {
      if (!this.points.length) this.#started(point);
      this.points.push(point);
    } else if (STROKES.includes(this.tool)) {
      this.#begin(point);
      this.last = point;
      this.#draw(point);
    } else if (this.tool === "rectangle") {
      this.#started(point);
      this.anchor = point;
      this.last = point;
    }
  }

  move(points) {
    if (this.last === null) return;
    if (STROKES.includes(this.tool)) {
      for (const point of points) this.#draw(point);
    } else {
      this.last = points.at(-1);
    }
  }

  lift() {
    if (this.last === null) return;
    if (this.tool === "rectangle") {
      this.#begin(this.origin);
      rectangle(this.board, this.anchor, this.last, this.board.visit);
    }
    this.last = null;
    this.#end();
  }

  // Close the polygon.
  close() {
    const { points } = this;
    if (!points.length) return;
    this.points = [];
    if (points.length < 3) {
      this.say("A polygon needs three corners.", "info");
      return;
    }
    this.#begin(this.origin);
    polygon(this.board, points, this.board.visit);
    this.#end();
  }

  removeCorner() {
    this.points.pop();
  }

  // Give up what is in the making; the mask is as before. False if there was nothing.
  cancel() {
    const had = this.busy;
    if (this.board.painting) this.board.cancel();
    this.last = null;
    this.points = [];
    return had;
  }

  // Outline of the shape in the making, with the pointer at `point`.
  outline(point) {
    if (this.tool === "rectangle" && this.last) {
      const [left, right] = [this.anchor[0], this.last[0]].sort((a, b) => a - b).map(Math.floor);
      const [top, bottom] = [this.anchor[1], this.last[1]].sort((a, b) => a - b).map(Math.floor);
      const points = [
        [left, top], [right + 1, top], [right + 1, bottom + 1], [left, bottom + 1],
      ];
      return { points, closed: true };
    }
    if (this.points.length) return { points: point ? [...this.points, point] : this.points };
    return {};
  }

  get size() {
    return STROKES.includes(this.tool) ? this.settings.sizes[this.tool] : null;
  }

  #started(point) {
    this.origin = point;
  }

  #draw(point) {
    line(this.board, this.last, point, this.size, this.board.visit);
    this.last = point;
    this.board.show();
  }

  #begin(point) {
    const erase = this.tool === "eraser";
    const [instance, id] = erase ? [0, null] : this.#instance(point);
    this.board.begin({ id, instance, over: this.#over(point) });
  }

  #end() {
    if (!this.board.finish() && this.settings.protect) {
      this.say("Nothing changed: the pixels under this stroke are protected.", "info");
    }
    this.onStroke();
  }

  // Classes that may be painted over: those chosen, or the one where the stroke begins.
  #over(point) {
    const { protect, over } = this.settings;
    if (!protect) return null;
    if (over.size) return over;
    return new Set(this.board.inside(point) ? [this.board.mask[this.board.at(point)]] : []);
  }

  // Instance and class that a stroke paints, from where it begins.
  #instance(point) {
    const { instanceMode, classId } = this.settings;
    const { board } = this;
    if (!board.counts(classId) || instanceMode === "none") return [0, classId];
    const under = board.inside(point) ? board.at(point) : -1;
    if (instanceMode === "add") {
      const here = under >= 0 ? board.instance[under] : 0;
      const id = here || this.lastInstance;
      const member = id ? board.instance.indexOf(id) : -1;
      if (member >= 0) {
        this.lastInstance = id;
        this.say(`Adds to instance ${id}, ${this.className(board.mask[member])}.`, "info");
        return [id, board.mask[member]];
      }
    }
    const id = board.nextInstance(classId);
    if (id === null) {
      this.say(`There are no instance ids left for ${this.className(classId)}.`, "error");
      return [0, classId];
    }
    this.lastInstance = id;
    return [id, classId];
  }

  #fill(point) {
    const { board } = this;
    if (!board.inside(point)) return;
    const start = board.at(point);
    const id = board.mask[start];
    const instance = board.instance?.[start];
    const inside = (index) =>
      board.mask[index] === id && (!board.instance || board.instance[index] === instance);
    const pixels = [];
    region(board, start, inside, (index) => pixels.push(index));
    this.#begin(point);
    pixels.forEach(board.visit);
    this.#end();
  }
}

export function isShape(tool) {
  return SHAPES.includes(tool);
}
