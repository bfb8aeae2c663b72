// One object of the mask, chosen by a click: an instance, or all of a class that has none there.

// The border of the pixels where inside(index) holds, as the path of an SVG in mask pixels.
function border({ width, height }, inside) {
  const lines = [];
  const at = (x, y) => x >= 0 && y >= 0 && x < width && y < height && inside(y * width + x);
  for (let y = 0; y <= height; y++) {
    for (let x = 0, from = -1; x <= width; x++) {
      const edge = x < width && at(x, y) !== at(x, y - 1);
      if (edge && from < 0) from = x;
      if (edge || from < 0) continue;
      lines.push(`M${from},${y}H${x}`);
      from = -1;
    }
  }
  for (let x = 0; x <= width; x++) {
    for (let y = 0, from = -1; y <= height; y++) {
      const edge = y < height && at(x, y) !== at(x - 1, y);
      if (edge && from < 0) from = y;
      if (edge || from < 0) continue;
      lines.push(`M${x},${from}V${y}`);
      from = -1;
    }
  }
  return lines.join("");
}

export class Selection {
  // onSelect(null or {classId, instance}) whenever another object, or none, is chosen.
  constructor({ board, view, onSelect }) {
    Object.assign(this, { board, view, onSelect, chosen: null });
  }

  // Choose the object at a pixel.
  choose(index) {
    const { mask, instance } = this.board;
    this.#set({ classId: mask[index], instance: instance?.[index] ?? 0 });
  }

  // Choose none; false if none was chosen.
  clear() {
    if (!this.chosen) return false;
    this.#set(null);
    return true;
  }

  // After a change of the mask: show where the object is now; without a pixel it is gone.
  follow() {
    if (this.chosen) this.#set(this.chosen);
  }

  #set(wanted) {
    const { mask, instance } = this.board;
    const inside = (index) =>
      wanted.instance
        ? instance[index] === wanted.instance
        : mask[index] === wanted.classId && !instance?.[index];
    const first = wanted ? mask.findIndex((_, index) => inside(index)) : -1;
    const before = this.chosen;
    // An instance is of the class that its pixels have: it may have been painted anew.
    this.chosen = first < 0 ? null : { classId: mask[first], instance: wanted.instance };
    this.view.select(this.chosen ? border(this.board, inside) : "");
    const same =
      before?.instance === this.chosen?.instance && before?.classId === this.chosen?.classId;
    if (!same) this.onSelect(this.chosen);
  }
}
