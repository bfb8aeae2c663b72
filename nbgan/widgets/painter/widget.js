// The painter as a widget: its state lives in a kernel, or in a saved page without one.

const PATIENCE = 6000; // milliseconds until a silent kernel is reported
const SILENT =
  "The kernel does not answer: it is busy, it has stopped, or this is a saved page without one. " +
  "Your mask is kept; you can go on painting and save it.";
const GONE = "The connection to the kernel is lost. Your mask is kept; you can save it.";

function bytes(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

// Numbers of two bytes; a slice, because a message may put them at an odd address.
function words(view) {
  const copy = bytes(view).slice();
  return copy.length ? new Uint16Array(copy.buffer) : null;
}

function same(a, b) {
  return a === b || (a && b && a.length === b.length && a.every((value, at) => value === b[at]));
}

function readExamples(model, count, instances) {
  const masks = bytes(model.get("example_masks"));
  const ids = words(model.get("example_instances"));
  return model.get("example_names").map((name, at) => ({
    name,
    mask: masks.slice(at * count, (at + 1) * count),
    instance: instances && ids ? ids.slice(at * count, (at + 1) * count) : null,
  }));
}

function readPicture(model) {
  const [width, height] = model.get("picture_size");
  if (!width) return null;
  const colors = bytes(model.get("picture_bytes"));
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = colors[3 * i + k];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

export function renderWidget({ model, el, createPainter }) {
  const [width, height] = model.get("size");
  const instances = model.get("instances");
  let own = false; // the change comes from this view
  let watch = 0;
  let complaint = null; // what this module has last complained about
  const requests = new Map(); // random masks asked for
  const painter = createPainter(el, {
    width,
    height,
    classes: model.get("classes"),
    ignoreId: model.get("ignore_id"),
    things: model.get("things"),
    offered: model.get("offered"),
    background: model.get("background"),
    label: model.get("label"),
    mask: bytes(model.get("mask_bytes")),
    instance: instances ? words(model.get("instance_bytes")) : null,
    examples: readExamples(model, width * height, instances),
    random: model.get("has_random") ? askRandom : null,
    picture: readPicture(model),
    picturePane: model.get("picture_pane"),
    onStroke: send,
    onSelect: model.get("selectable") ? select : null,
  });

  function complain(text) {
    complaint = text;
    painter.say(text, "error");
  }

  function settle() {
    const waiting = model.get("sequence") > model.get("received");
    const rendering = model.get("renders") && model.get("sequence") > model.get("answered");
    if (!waiting) clearTimeout(watch);
    painter.setBusy(rendering && complaint !== SILENT && complaint !== GONE);
    const problem = model.get("problem");
    if (problem && !rendering) {
      if (complaint !== problem) complain(problem);
    } else if (!waiting && !problem && complaint) {
      complaint = null;
      painter.say("", "info");
    }
  }

  function expectAnswer() {
    clearTimeout(watch);
    watch = setTimeout(() => {
      complain(SILENT);
      painter.setBusy(false);
    }, PATIENCE);
  }

  function send({ mask, instance }) {
    own = true;
    const values = { mask_bytes: new DataView(mask.buffer), sequence: model.get("sequence") + 1 };
    if (instance) values.instance_bytes = new DataView(instance.buffer);
    model.set(values);
    own = false;
    model.save_changes();
    settle();
    expectAnswer();
  }

  function select(chosen) {
    model.set({ selection: chosen ? [chosen.classId, chosen.instance] : [] });
    model.save_changes();
  }

  function askRandom() {
    return new Promise((resolve, reject) => {
      const request = `${Date.now()}-${requests.size}`;
      const late = setTimeout(() => reject(new Error(SILENT)), PATIENCE);
      requests.set(request, { resolve, reject, late });
      model.send({ kind: "random", request });
    });
  }

  function receive(content, buffers) {
    const asked = requests.get(content.request);
    if (content.kind !== "random" || !asked) return;
    requests.delete(content.request);
    clearTimeout(asked.late);
    if (content.problem) {
      asked.reject(new Error(content.problem));
    } else {
      const [mask, instance] = buffers;
      asked.resolve({ mask: bytes(mask), instance: instance ? words(instance) : null });
    }
  }

  function follow() {
    if (own) return;
    const mask = bytes(model.get("mask_bytes"));
    const instance = instances ? words(model.get("instance_bytes")) : null;
    if (same(mask, painter.mask) && same(instance, painter.instance)) return;
    painter.setMask(mask, instance);
  }

  const showPicture = () => painter.setPicture(readPicture(model));
  // `this` is the widget's view where the host gives one.
  const lost = function () {
    if (this?.model?.comm_live === true) {
      settle();
      return;
    }
    clearTimeout(watch);
    complain(GONE);
    painter.setBusy(false);
  };
  const listeners = {
    "change:mask_bytes change:instance_bytes": follow,
    "change:picture_bytes change:picture_size": showPicture,
    "change:received change:answered change:problem": settle,
    "comm:close comm_live_update": lost,
    "msg:custom": receive,
  };
  for (const [names, listener] of Object.entries(listeners)) {
    for (const name of names.split(" ")) model.on(name, listener);
  }
  settle();
  return () => {
    clearTimeout(watch);
    for (const [names, listener] of Object.entries(listeners)) {
      for (const name of names.split(" ")) model.off(name, listener);
    }
    painter.destroy();
  };
}
