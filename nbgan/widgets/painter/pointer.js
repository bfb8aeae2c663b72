// Mouse, touch and pen on the mask: one pointer paints, two fingers zoom and pan, the middle or
// right button pans. Moves are collected and painted once a frame.

import { clamp } from "./dom.js";

const LATE = 12; // mask is kept if a stroke got this far (screen pixels) before a second finger
const NEAR = 12; // screen pixels within which a polygon's first corner is hit

export function followPointer(painter, signal) {
  const { view, camera, tools } = painter;
  const { stage } = view;
  const fingers = new Map();
  let painting = null; // id of the pointer that paints
  let panning = null; // id of the pointer that pans
  let travelled = 0;
  let waiting = [];
  let frame = 0;

  const on = (name, listener, options = {}) =>
    stage.addEventListener(name, listener, { signal, ...options });
  const screenDistance = (a, b) => {
    const scale = camera.scale(stage.clientWidth);
    return Math.hypot(a[0] - b[0], a[1] - b[1]) * scale;
  };

  function flush() {
    cancelAnimationFrame(frame);
    frame = 0;
    if (waiting.length) tools.move(waiting);
    waiting = [];
    painter.showTool();
  }

  function stop() {
    painting = null;
    waiting = [];
    tools.cancel();
    painter.showTool();
  }

  function spread() {
    const [a, b] = [...fingers.values()];
    return {
      middle: { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 },
      distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1,
    };
  }

  function pinch(event) {
    const before = spread();
    const held = view.locate(before.middle);
    fingers.set(event.pointerId, event);
    const now = spread();
    camera.zoomAt(now.distance / before.distance, held);
    const [x, y] = view.locate(now.middle);
    camera.pan(held[0] - x, held[1] - y);
  }

  on("pointerdown", (event) => {
    if (painter.disabled) return;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    painter.useKeyboardCursor(null);
    if (event.pointerType === "touch") {
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        // A finger that has only just landed was the first of two.
        if (painting !== null && travelled < LATE) stop();
        else if (painting !== null) finish();
        panning = null;
        return;
      }
      if (fingers.size > 2) return;
    }
    if (event.button === 1 || event.button === 2 || painter.settings.tool === "move") {
      event.preventDefault();
      panning = { id: event.pointerId, point: view.locate(event) };
      stage.classList.add("nbgan-panning");
      return;
    }
    if (event.button !== 0 || painting !== null) return;
    const point = view.locate(event);
    painter.pointer = point;
    travelled = 0;
    if (event.altKey) {
      painter.pickAt(point);
      return;
    }
    const [first] = tools.points;
    if (tools.points.length > 2 && screenDistance(first, point) < NEAR) {
      tools.close();
    } else {
      painting = event.pointerId;
      tools.press(point);
    }
    painter.showTool();
  });

  on("pointermove", (event) => {
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      pinch(event);
      return;
    }
    const point = view.locate(event);
    if (panning?.id === event.pointerId) {
      camera.pan(panning.point[0] - point[0], panning.point[1] - point[1]);
      return;
    }
    if (painting === event.pointerId) {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length ? all : [event]) waiting.push(view.locate(each));
      travelled += Math.hypot(event.movementX, event.movementY);
    } else if (painting !== null) {
      return;
    }
    painter.pointer = point;
    frame ||= requestAnimationFrame(flush);
  });

  function finish() {
    flush();
    painting = null;
    tools.lift();
    painter.showTool();
  }

  function leave(event, action) {
    fingers.delete(event.pointerId);
    if (panning?.id === event.pointerId) {
      panning = null;
      stage.classList.remove("nbgan-panning");
    }
    if (painting === event.pointerId) action();
  }

  on("pointerup", (event) => {
    if (painting === event.pointerId) waiting.push(view.locate(event));
    leave(event, finish);
    if (event.pointerType === "touch") painter.pointer = null;
    painter.showTool();
  });
  on("pointercancel", (event) => leave(event, stop));
  on("lostpointercapture", (event) => leave(event, finish));
  on("pointerleave", () => {
    if (painting !== null) return;
    painter.pointer = null;
    painter.showTool();
  });
  on("dblclick", () => {
    if (!tools.points.length) return;
    tools.removeCorner();
    tools.close();
    painter.showTool();
  });
  on("contextmenu", (event) => event.preventDefault());

  // With Ctrl (and for a pinch on a touch pad) the wheel zooms, with Alt it sets the size. Plain
  // scrolling moves a zoomed mask, and the page once the mask's edge is reached.
  on(
    "wheel",
    (event) => {
      const lines = event.deltaMode ? 16 : 1;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        camera.zoomAt(Math.exp((-event.deltaY * lines) / 300), view.locate(event));
      } else if (event.altKey) {
        event.preventDefault();
        painter.resizeBrush(-Math.sign(event.deltaY || event.deltaX));
      } else if (camera.zoom > 1) {
        const scale = camera.scale(stage.clientWidth);
        const { left, top } = camera;
        camera.pan((event.deltaX * lines) / scale, (event.deltaY * lines) / scale);
        if (camera.left !== left || camera.top !== top) event.preventDefault();
      }
      painter.pointer = view.locate(event);
      painter.showTool();
    },
    { passive: false },
  );
  return () => cancelAnimationFrame(frame);
}

export function zoomStep(camera, direction) {
  camera.zoomAt(clamp(direction > 0 ? 1.5 : 1 / 1.5, 0.1, 10), camera.middle);
}
