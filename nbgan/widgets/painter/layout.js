// The parts of the painter on the page, from top to bottom.

import { element } from "./dom.js";
import { SHORTCUTS } from "./keyboard.js";
import { createPalette, createProtection } from "./palette.js";
import { PictureView } from "./picture.js";
import { createActions, createTools } from "./toolbar.js";
import { MaskView } from "./view.js";

function maskPane(painter, parent, label) {
  const { camera, board, classes } = painter;
  const figure = element("figure", parent);
  painter.view = new MaskView({ parent: figure, camera, board, classes });
  const described = {
    role: "application",
    "aria-roledescription": "painting area",
    "aria-label": `${label}: mask. Arrow keys move the cursor, Space paints, digits choose the ` +
      "class, question mark lists all keys.",
  };
  for (const [name, value] of Object.entries(described)) {
    painter.view.stage.setAttribute(name, value);
  }
  const caption = element("figcaption", figure);
  element("span", caption, { className: "nbgan-title", textContent: "mask" });
  painter.hover = element("span", caption, { className: "nbgan-hover" });
}

function picturePane(painter, parent, shown) {
  const figure = element("figure", parent, { hidden: !shown });
  painter.picture = new PictureView({
    parent: figure,
    camera: painter.camera,
    onPicture: (ready) => {
      if (ready) figure.hidden = false;
      painter.view.setPicture(ready);
      painter.update();
    },
  });
  const caption = element("figcaption", figure);
  element("span", caption, { className: "nbgan-title", textContent: "picture" });
  painter.picturePaneShown = () => !figure.hidden;
}

function helpList(parent) {
  const list = element("dl", parent, { className: "nbgan-help", hidden: true });
  for (const [keys, meaning] of SHORTCUTS) {
    const row = element("div", list);
    element("dt", row, { textContent: keys });
    element("dd", row, { textContent: meaning });
  }
  return list;
}

// Adds view, picture, hover, message and help to the painter, and `updates`: one function for
// each part that follows its state.
export function buildPage(painter, options) {
  const { root, classes, settings } = painter;
  const offered = options.offered ?? classes.map((_, id) => id);
  const palette = createPalette(root, classes, offered, (id) => painter.setClass(id));
  const tools = createTools(root, painter, options);
  const protection = createProtection(root, classes, offered, settings.over, () =>
    painter.update(),
  );
  painter.message = element("p", root, { className: "nbgan-message" }, {
    role: "status", "aria-live": "polite",
  });
  const panes = element("div", root, { className: "nbgan-panes" });
  maskPane(painter, panes, options.label);
  picturePane(painter, panes, options.picturePane);
  const actions = createActions(root, painter, options);
  painter.help = helpList(root);
  painter.updates = [
    () => palette(settings.classId),
    tools,
    () => protection(settings.protect),
    actions,
  ];
}
