// The class map and the instance map, and the strokes that change them.

const nowhere = () => ({ left: Infinity, top: Infinity, right: 0, bottom: 0 });
const MEMORY = 96e6; // bytes of undo steps that are kept

export const LAST_INSTANCE = 65535;
export const BASE = 1000; // of things: the n-th object of a class has the id class × BASE + n

// The smallest rectangle around two.
export function around(a, b) {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function cut(values, width, { left, top, right, bottom }) {
  const piece = new values.constructor((right - left) * (bottom - top));
  for (let j = top; j < bottom; j++) {
    piece.set(values.subarray(j * width + left, j * width + right), (j - top) * (right - left));
  }
  return piece;
}

function paste(values, width, { left, top, right, bottom }, piece) {
  const span = right - left;
  for (let j = top; j < bottom; j++) {
    values.set(piece.subarray((j - top) * span, (j - top + 1) * span), j * width + left);
  }
}

export class Board {
  // mask: Uint8Array or null (all class 0); instance: Uint16Array or null (not painted);
  // background: the class that the eraser leaves, or null for what was there at the start;
  // things: the classes that have instances, or null for all;
  // onDirty(rectangle) is called whenever pixels change.
  constructor({ width, height, mask, instance, background, things = null, onDirty }) {
    Object.assign(this, { width, height, background, things, onDirty });
    this.mask = mask ? mask.slice() : new Uint8Array(width * height);
    this.instance = instance ? instance.slice() : null;
    this.start = this.#copy();
    this.done = [];
    this.undone = [];
    this.stroke = null;
  }

  get whole() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  get painting() {
    return this.stroke !== null;
  }

  inside([x, y]) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  at([x, y]) {
    return Math.floor(y) * this.width + Math.floor(x);
  }

  // Whether strokes of a class belong to instances.
  counts(classId) {
    return this.instance !== null && (this.things === null || this.things.includes(classId));
  }

  // A new id for an object of a class; null if there is none left.
  nextInstance(classId) {
    if (this.things === null) {
      const id = this.instance.reduce((most, other) => (other > most ? other : most), 0) + 1;
      return id > LAST_INSTANCE ? null : id;
    }
    const used = new Set(this.instance);
    for (let id = classId * BASE; id < (classId + 1) * BASE && id <= LAST_INSTANCE; id++) {
      if (!used.has(id)) return id;
    }
    return null;
  }

  // id: class to paint, or null to erase; instance: id to paint (0 for none);
  // over: the classes that may be painted over, or null for all.
  begin({ id, instance = 0, over = null }) {
    const [area, fresh] = [nowhere(), nowhere()];
    this.stroke = { id, instance, over, before: this.#copy(), area, fresh };
  }

  // Paint one pixel. The colours of the stroke come from its begin().
  visit = (index) => {
    const { id, instance, over, before, fresh } = this.stroke;
    if (over && !over.has(before.mask[index])) return;
    const restore = id === null && this.background === null;
    this.mask[index] = restore ? this.start.mask[index] : (id ?? this.background);
    if (this.instance) this.instance[index] = restore ? this.start.instance[index] : instance;
    const column = index % this.width;
    const row = (index - column) / this.width;
    if (column < fresh.left) fresh.left = column;
    if (column >= fresh.right) fresh.right = column + 1;
    if (row < fresh.top) fresh.top = row;
    if (row >= fresh.bottom) fresh.bottom = row + 1;
  };

  // Show what was visited since the last time.
  show() {
    const { area, fresh } = this.stroke;
    if (fresh.left >= fresh.right) return;
    this.stroke.area = around(area, fresh);
    this.stroke.fresh = nowhere();
    this.onDirty(fresh);
  }

  // End of a stroke; true if it changed anything.
  finish() {
    this.show();
    const { before, area } = this.stroke;
    this.stroke = null;
    if (area.left >= area.right) return false;
    return this.#remember(before, area, this.start);
  }

  // As if the stroke had never begun.
  cancel() {
    this.show();
    const { before, area } = this.stroke;
    this.stroke = null;
    this.mask.set(before.mask);
    this.instance?.set(before.instance);
    if (area.left < area.right) this.onDirty(area);
  }

  // Another map altogether; it is also what the eraser and reset lead back to.
  replace(mask, instance = null) {
    const [before, start] = [this.#copy(), this.start];
    this.mask.set(mask);
    this.instance?.set(instance ?? new Uint16Array(this.instance.length));
    this.start = this.#copy();
    this.#remember(before, this.whole, start);
    this.onDirty(this.whole);
  }

  reset() {
    const before = this.#copy();
    this.mask.set(this.start.mask);
    this.instance?.set(this.start.instance);
    this.#remember(before, this.whole, this.start);
    this.onDirty(this.whole);
  }

  undo() {
    return this.#step(this.done, this.undone, "before");
  }

  redo() {
    return this.#step(this.undone, this.done, "after");
  }

  #copy() {
    return { mask: this.mask.slice(), instance: this.instance?.slice() };
  }

  #piece({ mask, instance }, area) {
    return {
      mask: cut(mask, this.width, area),
      instance: instance && cut(instance, this.width, area),
    };
  }

  #remember(before, area, start) {
    const old = this.#piece(before, area);
    const now = this.#piece(this, area);
    const differs = (a, b) => a && a.some((value, index) => value !== b[index]);
    if (!differs(old.mask, now.mask) && !differs(old.instance, now.instance)) return false;
    this.done.push({
      area,
      before: { ...old, start },
      after: { ...now, start: this.start },
      size: 2 * (old.mask.byteLength + (old.instance?.byteLength ?? 0)),
    });
    this.undone = [];
    let kept = this.done.reduce((sum, change) => sum + change.size, 0);
    while (kept > MEMORY && this.done.length > 1) kept -= this.done.shift().size;
    return true;
  }

  #step(from, to, side) {
    const change = from.pop();
    if (!change) return false;
    const { mask, instance, start } = change[side];
    paste(this.mask, this.width, change.area, mask);
    if (instance) paste(this.instance, this.width, change.area, instance);
    this.start = start;
    to.push(change);
    this.onDirty(change.area);
    return true;
  }
}
