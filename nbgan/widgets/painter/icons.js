// Icons of the toolbar, drawn for this painter: 24 × 24, strokes in the colour of the text.

import { shape } from "./dom.js";

const DRAWINGS = {
  brush: "M20 4 L11 13 M9.5 12.5 a3.4 3.4 0 0 1 2.4 4.9 C10.8 19.7 7.5 20.4 4 19.6 c1.6-.9 1.5-2 1.8-3.7 a3.6 3.6 0 0 1 3.7-3.4 z",
  eraser: "M8.5 19.5 L3.6 14.6 a1.4 1.4 0 0 1 0-2 L12.2 4 a1.4 1.4 0 0 1 2 0 L20 9.8 a1.4 1.4 0 0 1 0 2 L12.3 19.5 z M8 8.3 L15.8 16 M8.5 19.5 H20.5",
  fill: "M11 4.5 L4.3 11.2 a1.5 1.5 0 0 0 0 2.1 l4.9 4.9 a1.5 1.5 0 0 0 2.1 0 L18 11.5 z M8.5 2 L11 4.5 M4.5 12 H17.5 M20.3 15 c1 1.6 1.6 2.5 1.6 3.3 a1.7 1.7 0 0 1-3.4 0 c0-.8.7-1.7 1.8-3.3 z",
  pick: "M4 20 l1-4 L13.5 7.5 l3 3 L8 19 z M12 6 l6 6 M15 9 l2.8-2.8 a1.9 1.9 0 0 0-2.7-2.7 L12.5 6.2",
  rectangle: "M4 6.5 H20 V17.5 H4 z",
  polygon: "M12 4 L20 10 L17 19 H7 L4 10 z",
  move: "M12 3 V21 M3 12 H21 M9.5 5.5 L12 3 L14.5 5.5 M9.5 18.5 L12 21 L14.5 18.5 M5.5 9.5 L3 12 L5.5 14.5 M18.5 9.5 L21 12 L18.5 14.5",
  select: "M4 8 V4 H8 M16 4 H20 V8 M20 16 V20 H16 M8 20 H4 V16 M9 9.5 H15 V14.5 H9 z",
  undo: "M8 5 L4 9 L8 13 M4 9 H14 a5.5 5.5 0 0 1 0 11 H9",
  redo: "M16 5 L20 9 L16 13 M20 9 H10 a5.5 5.5 0 0 0 0 11 H15",
  protect: "M6 11 H18 V20 H6 z M8.5 11 V8 a3.5 3.5 0 0 1 7 0 V11",
  minus: "M5 12 H19",
  plus: "M5 12 H19 M12 5 V19",
  fit: "M4 9 V4 H9 M15 4 H20 V9 M20 15 V20 H15 M9 20 H4 V15",
  compare: "M12 3 V21 M4 6 H20 V18 H4 z M8.5 10 L6.5 12 L8.5 14 M15.5 10 L17.5 12 L15.5 14",
  random: "M5 5 H19 V19 H5 z M9 9 h.01 M15 9 h.01 M12 12 h.01 M9 15 h.01 M15 15 h.01",
  reset: "M4.5 12 a7.5 7.5 0 1 0 2.6-5.7 M4.5 4 V8.5 H9",
  open: "M3.5 18.5 V6 H9.5 L11.5 8.5 H20.5 V18.5 z M12 16 V11 M9.8 13 L12 10.8 L14.2 13",
  save: "M12 4 V14.5 M7.5 10.5 L12 15 L16.5 10.5 M4.5 19.5 H19.5",
  keys: "M3.5 7 H20.5 V17.5 H3.5 z M7 10.5 h.01 M10.3 10.5 h.01 M13.7 10.5 h.01 M17 10.5 h.01 M8 14.2 H16",
};

export function icon(name, parent) {
  const drawing = shape("svg", parent, {
    viewBox: "0 0 24 24",
    class: "nbgan-icon",
    "aria-hidden": "true",
    focusable: "false",
  });
  shape("path", drawing, { d: DRAWINGS[name] });
  return drawing;
}
