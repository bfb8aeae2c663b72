// The classes to choose from: colour, name and number, and which of them a protected stroke may
// paint over.

import { element } from "./dom.js";

function chip(parent, { name, color }, id, attributes) {
  const button = element("button", parent, { type: "button", className: "nbgan-chip" }, attributes);
  if (color) element("span", button, { className: "nbgan-swatch" }).style.background = color;
  element("span", button, { className: "nbgan-name", textContent: name });
  if (id !== null) element("kbd", button, { textContent: id });
  return button;
}

// offered: ids of the classes that are shown.
export function createPalette(parent, classes, offered, onChoose) {
  const root = element("div", parent, { className: "nbgan-palette" }, {
    role: "radiogroup", "aria-label": "class to paint with",
  });
  const chips = offered.map((id) => {
    const { name } = classes[id];
    const button = chip(root, classes[id], id, { role: "radio", title: `${name} (key ${id})` });
    button.addEventListener("click", () => onChoose(id));
    return button;
  });
  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = chips.indexOf(event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (at + step + chips.length) % chips.length;
    onChoose(offered[next]);
    chips[next].focus();
  });
  return (chosen) => {
    chips.forEach((button, at) => {
      const isChosen = offered[at] === chosen;
      button.setAttribute("aria-checked", String(isChosen));
      button.tabIndex = isChosen || (at === 0 && !offered.includes(chosen)) ? 0 : -1;
    });
  };
}

// The row that opens with the protect switch.
export function createProtection(parent, classes, offered, over, onChange) {
  const root = element("div", parent, { className: "nbgan-over" }, {
    role: "group", "aria-label": "classes that may be painted over",
  });
  element("span", root, { className: "nbgan-lead", textContent: "Paint only over" });
  const any = chip(root, { name: "the class where I start" }, null, {});
  any.addEventListener("click", () => {
    over.clear();
    onChange();
  });
  const chips = offered.map((id) => {
    const button = chip(root, classes[id], null, {});
    button.addEventListener("click", () => {
      if (!over.delete(id)) over.add(id);
      onChange();
    });
    return button;
  });
  return (shown) => {
    root.hidden = !shown;
    any.setAttribute("aria-pressed", String(over.size === 0));
    chips.forEach((button, at) =>
      button.setAttribute("aria-pressed", String(over.has(offered[at]))),
    );
  };
}
