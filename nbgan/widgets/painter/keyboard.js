// Everything by keys: tools and classes anywhere in the painter, painting with a cursor on the
// mask.

import { isShape } from "./tools.js";

const FAST = 8; // pixels a step with Shift
const PATIENCE = 700; // milliseconds within which a second digit joins the first
const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const TOOLS = {
  b: "brush", e: "eraser", f: "fill", i: "pick", r: "rectangle", p: "polygon", m: "move",
  o: "select",
};

export const SHORTCUTS = [
  ["0 … 9", "class with that number; two digits for 10 and more"],
  ["B E F I R P M", "brush, eraser, fill, pick, rectangle, polygon, move"],
  ["O", "object: choose one by a click or Space, where that is offered"],
  ["[ ]", "smaller, larger brush or eraser (also Alt + wheel)"],
  ["arrows", "move the cursor on the mask; with Shift eight pixels; with Ctrl pan"],
  ["Space", "paint at the cursor; hold it and use the arrows to draw; set a corner"],
  ["Enter", "put the brush down or lift it; close a polygon; finish a rectangle"],
  ["Backspace", "take back the last corner of a polygon"],
  ["Esc", "give up the shape or stroke in the making; else leave the mask"],
  ["Ctrl + Z", "undo (redo: Ctrl + Shift + Z or Ctrl + Y)"],
  ["+ − Home", "zoom in, zoom out, whole mask (also Ctrl + wheel, two fingers)"],
  ["L", "protect other classes"],
  ["C", "compare before and after"],
  ["Alt + click", "pick the class under the pointer"],
  ["?", "show or hide this list"],
];

export function followKeyboard(painter, signal) {
  const { view, tools, board } = painter;
  const { stage } = view;
  let digits = "";
  let typed = 0;
  let held = false; // Space is down

  function chooseByDigit(key) {
    const now = performance.now();
    digits = now - typed < PATIENCE ? digits + key : key;
    typed = now;
    if (Number(digits) >= painter.classes.length) digits = key;
    if (Number(digits) < painter.classes.length) painter.setClass(Number(digits));
  }

  function centre() {
    const [x, y] = painter.cursor ?? painter.camera.middle;
    return [Math.floor(x) + 0.5, Math.floor(y) + 0.5];
  }

  function step([dx, dy], length) {
    const [x, y] = centre();
    const next = painter.cursor
      ? [
          Math.min(Math.max(x + dx * length, 0.5), board.width - 0.5),
          Math.min(Math.max(y + dy * length, 0.5), board.height - 0.5),
        ]
      : [x, y];
    painter.useKeyboardCursor(next);
    tools.move([next]);
    painter.camera.reveal(next);
  }

  // Space and Enter on the mask.
  function paint(key, repeat) {
    if (repeat) return;
    const point = centre();
    painter.useKeyboardCursor(point);
    const down = tools.last !== null;
    if (tools.tool === "polygon") {
      if (key === "Enter" && tools.points.length) tools.close();
      else tools.press(point);
    } else if (down && (isShape(tools.tool) || key === "Enter")) {
      tools.lift();
    } else if (!down) {
      tools.press(point);
      held = key === " " && !isShape(tools.tool);
      if (key === "Enter" && tools.last !== null && !isShape(tools.tool)) {
        painter.say("Brush down: arrows paint, Enter lifts it, Esc gives up.", "info");
      }
    }
  }

  function lift() {
    if (!held) return;
    held = false;
    tools.lift();
    painter.showTool();
  }

  function onMask(event) {
    const { key } = event;
    if (ARROWS[key]) {
      if (event.ctrlKey || event.metaKey) {
        const far = board.width / painter.camera.zoom / 8;
        painter.camera.pan(ARROWS[key][0] * far, ARROWS[key][1] * far);
      } else {
        step(ARROWS[key], event.shiftKey ? FAST : 1);
      }
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    } else if (key === " " || key === "Enter") {
      paint(key, event.repeat);
    } else if (key === "Backspace" && tools.points.length) {
      tools.removeCorner();
    } else {
      return false;
    }
    return true;
  }

  function anywhere(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key === "z" && !event.altKey) event.shiftKey ? painter.redo() : painter.undo();
      else if (key === "y") painter.redo();
      else return false;
      return true;
    }
    if (event.altKey) return false;
    if (key >= "0" && key <= "9") chooseByDigit(key);
    else if (TOOLS[key] && painter.hasTool(TOOLS[key])) painter.setTool(TOOLS[key]);
    else if (key === "[" || key === "]") painter.resizeBrush(key === "[" ? -1 : 1);
    else if (key === "+" || key === "=") painter.zoom(1);
    else if (key === "-" || key === "−") painter.zoom(-1);
    else if (key === "Home") painter.camera.look(1, 0, 0);
    else if (key === "l") painter.setProtect(!painter.settings.protect);
    else if (key === "c") painter.compare();
    else if (key === "?") painter.showHelp();
    else if (key === "Escape") {
      held = false;
      if (!tools.cancel() && !painter.selection?.clear()) document.activeElement?.blur();
    } else return false;
    return true;
  }

  painter.root.addEventListener(
    "keydown",
    (event) => {
      // A notebook around the painter has one-letter commands: "a" would insert a cell.
      if (!event.ctrlKey && !event.metaKey && event.key !== "Tab") event.stopPropagation();
      if (painter.disabled || event.target.closest("select, input[type=text]")) return;
      const slider = event.target.closest("input[type=range]");
      if (slider && (ARROWS[event.key] || event.key === "Home")) return;
      const used = (event.target === stage && onMask(event)) || anywhere(event);
      if (!used) return;
      event.preventDefault();
      event.stopPropagation();
      painter.showTool();
    },
    { signal },
  );
  stage.addEventListener("keyup", (event) => event.key === " " && lift(), { signal });
  stage.addEventListener(
    "blur",
    () => {
      lift();
      painter.useKeyboardCursor(null);
      painter.showTool();
    },
    { signal },
  );
}
