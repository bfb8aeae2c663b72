// Paint class maps. One module for notebooks, apps and pages; painter.css goes with it.
// createPainter is for pages; the default export is the widget's, for anywidget.

import { Painter } from "./painter.js";
import { renderWidget } from "./widget.js";

function check({ width, height, classes, mask, instance }) {
  const count = width * height;
  if (!(Number.isInteger(width) && Number.isInteger(height) && count > 0)) {
    throw new Error(`painter: size ${width} × ${height}; give two positive whole numbers`);
  }
  if (!classes?.length) throw new Error("painter: no classes; give at least one {name, color}");
  for (const [name, values] of Object.entries({ mask, instance })) {
    if (values && values.length !== count) {
      throw new Error(`painter: ${name} has ${values.length} pixels; expected ${count}`);
    }
  }
}

function checkIds({ classes, ignoreId }, mask) {
  const unknown = mask?.find((id) => id >= classes.length && id !== ignoreId);
  if (unknown === undefined) return;
  throw new Error(`painter: unknown class id ${unknown}; allowed are 0 to ${classes.length - 1}`);
}

// options:
//   width, height       of the mask, in pixels
//   classes             [{name, color: "#rrggbb"}]; the position is the id
//   ignoreId            id of pixels without a class, or null
//   mask                Uint8Array of width * height ids, row by row, or null: all class 0
//   instance            Uint16Array of instance ids (0: none), or null: not painted
//   things              ids of the classes that have instances, numbered class × 1000 + n as in
//                       Cityscapes; null: all classes have, numbered 1, 2, 3
//   offered             ids of the classes that can be chosen from; null: all
//   background          class that the eraser leaves; null: what was there when the mask was
//                       opened, loaded or set
//   startClass          class that is chosen first
//   examples            [{name, mask, instance?}]
//   random              async () => ({mask, instance?}), or null
//   picture             what a model made of the mask: ImageData, canvas, ImageBitmap, Blob, null
//   picturePane         whether there is a place for a picture beside the mask
//   onStroke            ({mask, instance, sequence}) => {}: once per finished stroke, fill, undo,
//                       redo, load, example, random and reset; the arrays are copies
//   onSelect            ({classId, instance} or null) => {}: an object was chosen with the tool
//                       "Object", which is there only if this is given; instance 0: all of the
//                       class that belongs to no instance
//   label               name for screen readers
export function createPainter(parent, options) {
  const given = {
    ignoreId: null, mask: null, instance: null, things: null, offered: null, background: null,
    examples: [], random: null, picture: null, picturePane: true, onStroke: null, onSelect: null,
    label: "mask painter", ...options,
  };
  check(given);
  checkIds(given, given.mask);
  for (const { mask, instance } of given.examples) {
    check({ ...given, mask, instance });
    checkIds(given, mask);
  }
  const painter = new Painter(parent, given);
  return {
    get mask() {
      return painter.board.mask.slice();
    },
    get instance() {
      return painter.board.instance ? painter.board.instance.slice() : null;
    },
    // From outside: no onStroke, but a step that can be undone.
    setMask(mask, instance = null) {
      check({ ...given, mask, instance });
      checkIds(given, mask);
      painter.replace(mask, instance);
      painter.refresh();
    },
    // Choose the object at a pixel (its index), as the tool "Object" does.
    select: (index) => painter.selection?.choose(index),
    setPicture: (picture) => painter.picture.set(picture),
    setBusy: (busy) => painter.picture.setBusy(busy),
    say: (text, kind) => painter.say(text, kind),
    setDisabled: (disabled) => painter.setDisabled(disabled),
    destroy: () => painter.destroy(),
  };
}

export default {
  render: ({ model, el }) => renderWidget({ model, el, createPainter }),
};
