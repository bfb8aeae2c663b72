// The bars of buttons above and below the mask.

import { element } from "./dom.js";
import { saveInstances, saveMask } from "./files.js";
import { icon } from "./icons.js";

const TOOLS = [
  ["brush", "Brush", "B"],
  ["eraser", "Eraser", "E"],
  ["fill", "Fill", "F"],
  ["pick", "Pick", "I"],
  ["rectangle", "Rectangle", "R"],
  ["polygon", "Polygon", "P"],
  ["move", "Move", "M"],
  ["select", "Object", "O"],
];
const INSTANCES = [
  ["new", "new", "Each stroke is an instance of its own"],
  ["add", "add to", "A stroke joins the instance where it begins, else the last one"],
  ["none", "none", "Strokes belong to no instance"],
];

export function button(parent, { name, label, hint, key, short }, onClick) {
  const title = `${hint ?? label}${key ? ` (${key})` : ""}`;
  const node = element("button", parent, { type: "button", className: "nbgan-button", title }, {
    "aria-label": label,
  });
  icon(name, node);
  if (short !== null) element("span", node, { textContent: short ?? label });
  node.addEventListener("click", onClick);
  return node;
}

function group(parent, label) {
  return element("div", parent, { className: "nbgan-group" }, { role: "group", "aria-label": label });
}

function slider(parent, { label, min, max, name }, onInput) {
  const row = element("label", parent, { className: `nbgan-slider nbgan-${name}` });
  const text = element("span", row, { textContent: label });
  const input = element("input", row, { type: "range", min, max, step: 1 });
  const shown = element("output", row);
  input.addEventListener("input", () => onInput(Number(input.value)));
  return { row, text, input, shown };
}

export function createTools(parent, painter, { onSelect }) {
  const bar = element("div", parent, { className: "nbgan-bar nbgan-tools" }, {
    role: "toolbar", "aria-label": "painting tools",
  });
  const tools = group(bar, "tool");
  const offered = TOOLS.filter(([name]) => name !== "select" || onSelect);
  const buttons = offered.map(([name, label, key]) => {
    const hint = name === "select" ? "Choose an object" : label;
    const node = button(tools, { name, label, hint, key }, () => painter.setTool(name));
    node.dataset.tool = name;
    return node;
  });
  const steps = group(bar, "history");
  const undo = button(steps, { name: "undo", label: "Undo", key: "Ctrl+Z" }, () => painter.undo());
  const redo = button(steps, { name: "redo", label: "Redo", key: "Ctrl+Y" }, () => painter.redo());
  const guard = group(bar, "protection");
  const protect = button(
    guard,
    { name: "protect", label: "Protect", hint: "Protect other classes", key: "L" },
    () => painter.setProtect(!painter.settings.protect),
  );
  protect.setAttribute("aria-label", "Protect other classes");
  const largest = Math.max(Math.round(Math.min(painter.board.width, painter.board.height) / 2), 8);
  const size = slider(bar, { label: "Size", min: 1, max: largest, name: "size" }, (value) =>
    painter.setSize(value),
  );
  let instances = [];
  if (painter.board.instance) {
    const row = group(bar, "instance of the next stroke");
    row.classList.add("nbgan-instances");
    element("span", row, { className: "nbgan-lead", textContent: "Instance" });
    instances = INSTANCES.map(([name, label, title]) => {
      const node = element("button", row, {
        type: "button", className: "nbgan-chip", textContent: label, title,
      });
      node.dataset.instance = name;
      node.addEventListener("click", () => painter.setInstanceMode(name));
      return node;
    });
  }
  return () => {
    const { tool, sizes, protect: on, instanceMode } = painter.settings;
    for (const node of buttons) node.setAttribute("aria-pressed", String(node.dataset.tool === tool));
    for (const node of instances) {
      node.setAttribute("aria-pressed", String(node.dataset.instance === instanceMode));
    }
    undo.disabled = !painter.board.done.length;
    redo.disabled = !painter.board.undone.length;
    protect.setAttribute("aria-pressed", String(on));
    const sized = tool === "eraser" ? "eraser" : "brush";
    size.text.textContent = sized === "eraser" ? "Eraser size" : "Brush size";
    size.input.value = sizes[sized];
    size.shown.textContent = `${sizes[sized]} px`;
  };
}

export function createActions(parent, painter, { examples, random }) {
  const bar = element("div", parent, { className: "nbgan-bar nbgan-actions" }, {
    role: "toolbar", "aria-label": "view and files",
  });
  const view = group(bar, "view");
  button(view, { name: "minus", label: "Zoom out", key: "−", short: null }, () => painter.zoom(-1));
  const zoom = element("output", view, { className: "nbgan-zoom" }, { "aria-label": "zoom" });
  button(view, { name: "plus", label: "Zoom in", key: "+", short: null }, () => painter.zoom(1));
  button(view, { name: "fit", label: "Whole mask", key: "Home", short: null }, () =>
    painter.camera.look(1, 0, 0),
  );
  const comparison = group(bar, "comparison");
  const compare = button(
    comparison,
    { name: "compare", label: "Compare", hint: "Compare before and after", key: "C" },
    () => painter.compare(),
  );
  const opacity = slider(bar, { label: "Mask opacity", min: 0, max: 100, name: "opacity" }, (value) =>
    painter.setOpacity(value / 100),
  );
  opacity.row.title = "Lower it to see the picture through the mask while you paint";
  const masks = group(bar, "masks");
  if (examples.length) {
    const select = element("select", masks, { className: "nbgan-select" }, {
      "aria-label": "load an example mask",
    });
    element("option", select, { value: "", textContent: "Examples …" });
    examples.forEach(({ name }, at) => element("option", select, { value: at, textContent: name }));
    select.addEventListener("change", () => {
      if (select.value !== "") painter.loadExample(Number(select.value));
      select.value = "";
    });
  }
  if (random) button(masks, { name: "random", label: "Random" }, () => painter.loadRandom());
  button(masks, { name: "reset", label: "Reset", hint: "Back to the mask you started from" }, () =>
    painter.reset(),
  );
  const instances = painter.board.instance !== null;
  const chooser = element("input", masks, {
    type: "file", accept: "image/png", hidden: true, multiple: instances,
  }, { "aria-label": instances ? "mask and instance files" : "mask file" });
  chooser.addEventListener("change", () => {
    const files = [...chooser.files];
    chooser.value = "";
    if (files.length) painter.load(files);
  });
  const what = instances ? "a mask, an instance map (16-bit PNG), or both" : "a mask from a PNG file";
  button(masks, { name: "open", label: "Load", hint: `Load ${what}` }, () => chooser.click());
  button(masks, { name: "save", label: "Save", hint: "Save the mask as an indexed PNG" }, () =>
    painter.save(saveMask),
  );
  if (instances) {
    const hint = "Save the instance map as a 16-bit PNG";
    button(masks, { name: "save", label: "Save instances", hint }, () => painter.save(saveInstances));
  }
  const help = button(masks, { name: "keys", label: "Keys", hint: "Keyboard shortcuts", key: "?" }, () =>
    painter.showHelp(),
  );
  return () => {
    zoom.textContent = `${Math.round(painter.camera.zoom * 100)} %`;
    help.setAttribute("aria-expanded", String(painter.helping));
    opacity.row.hidden = comparison.hidden = !painter.picturePaneShown();
    const percent = Math.round(painter.view.opacity * 100);
    opacity.input.value = percent;
    opacity.shown.textContent = `${percent} %`;
    opacity.input.disabled = compare.disabled = !painter.picture.after;
    compare.setAttribute("aria-pressed", String(painter.picture.comparing));
  };
}
