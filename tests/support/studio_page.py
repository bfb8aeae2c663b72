"""A studio on a page, as a user sees and handles it."""

from __future__ import annotations

import base64
import json

import numpy as np
import torch
from torch import Tensor

# Colours of the mask on the screen, at the middle of each mask pixel.
MASK_COLORS = """({ width, height }) => {
  const canvas = document.querySelector(".nbgan-stage canvas");
  const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colors = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = Math.floor(((y + 0.5) * canvas.height) / height);
      const at = 4 * (row * canvas.width + Math.floor(((x + 0.5) * canvas.width) / width));
      colors.push(all[at], all[at + 1], all[at + 2]);
    }
  return colors;
}"""

# The pixels that were last drawn onto the visible canvas of the picture, and that canvas' own.
PICTURE_COLORS = """() => {
  const source = globalThis.shownPicture;
  const read = (canvas) => Array.from(
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  ).filter((_, i) => i % 4 < 3);
  const small = document.createElement("canvas");
  Object.assign(small, { width: source.width, height: source.height });
  const context = small.getContext("2d");
  context.imageSmoothingQuality = "high";
  const visible = document.querySelector(".nbgan-frame canvas");
  context.drawImage(visible, 0, 0, small.width, small.height);
  return { size: [source.height, source.width, 3], given: read(source), visible: read(small) };
}"""

FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class StudioPage:
    """One studio; ``painting`` is the model that should answer, kept in the test's process."""

    def __init__(self, page, system) -> None:
        self.page, self.system = page, system
        self.height, self.width = system.recipe.height_width

    def wait_for_picture(self) -> None:
        self.page.wait_for_function("globalThis.shownPicture !== undefined")
        self.page.wait_for_function(
            "document.querySelector('.nbgan-frame').getAttribute('aria-busy') !== 'true'"
        )

    def choose(self, name: str) -> None:
        self.page.get_by_role("radio", name=name).first.click()

    def drag(self, *points: tuple[float, float]) -> None:
        """A stroke with the mouse through points in mask pixels."""
        stage = self.page.locator(".nbgan-stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        places = [
            (box["x"] + box["width"] * x / self.width, box["y"] + box["height"] * y / self.height)
            for x, y in points
        ]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.evaluate("() => { globalThis.pictureBefore = globalThis.shownPicture; }")
        self.page.mouse.up()
        # Away from the mask, so that no brush ring is in the way of the next look.
        self.page.mouse.move(2, 2)

    def wait_for_answer(self) -> None:
        """Until another picture than before the last stroke is shown."""
        self.page.wait_for_function("globalThis.shownPicture !== globalThis.pictureBefore")

    @property
    def mask(self) -> np.ndarray:
        """Class ids, by the colours that are on the screen."""
        self.page.evaluate(FRAMES)
        size = {"width": self.width, "height": self.height}
        colors = np.array(self.page.evaluate(MASK_COLORS, size), np.uint8)
        return self.system.label_space.from_colors(colors.reshape(self.height, self.width, 3))

    @property
    def picture(self) -> np.ndarray:
        """The picture on the screen, uint8 [H, W, 3], before it was enlarged."""
        self.page.evaluate(FRAMES)
        seen = self.page.evaluate(PICTURE_COLORS)
        given = np.array(seen["given"], np.uint8).reshape(seen["size"])
        visible = np.array(seen["visible"], np.uint8).reshape(seen["size"])
        assert np.abs(given.astype(int) - visible).mean() < 4, "the screen shows something else"
        return given

    def model_paints(self, mask: np.ndarray, style: Tensor | None = None) -> np.ndarray:
        """What the model makes of a mask in this process, uint8 [H, W, 3]."""
        label = torch.from_numpy(mask.astype(np.int64))[None]
        picture = self.system.generate(label, style=style)[0]
        pixels = ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return pixels.permute(1, 2, 0).numpy()

    def assert_model_answered(self, style: Tensor | None = None) -> None:
        """The picture on the screen is the model's answer to the mask on the screen."""
        difference = self.picture.astype(int) - self.model_paints(self.mask, style)
        assert np.abs(difference).max() <= 1


def run_in_kernel(page, path: str, code: str) -> str:
    """Run code in the kernel of an open notebook of JupyterLab; returns what it printed."""
    return page.evaluate(
        """async ({ path, code }) => {
          const app = globalThis.jupyterapp;
          const panel = [...app.shell.widgets("main")].find(
            (widget) => widget.context?.path === path);
          const kernel = panel.sessionContext.session.kernel;
          const future = kernel.requestExecute({ code, store_history: false });
          let text = "";
          future.onIOPub = ({ header, content }) => {
            if (header.msg_type === "stream" && content.name === "stdout") text += content.text;
            if (header.msg_type === "error") text += content.traceback.join("\\n");
          };
          await future.done;
          return text;
        }""",
        {"path": path, "code": code},
    )


def array_from_kernel(page, path: str, expression: str) -> np.ndarray:
    """A NumPy array of the kernel."""
    said = run_in_kernel(
        page,
        path,
        "import base64 as _b, json as _j, numpy as _n\n"
        f"_a = _n.ascontiguousarray({expression})\n"
        "print(_j.dumps([_a.dtype.str, _a.shape, _b.b64encode(_a.tobytes()).decode()]))",
    )
    kind, shape, data = json.loads(said)
    return np.frombuffer(base64.b64decode(data), kind).reshape(shape)


RUN_ALL = """async (path) => {
  const app = globalThis.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute("docmanager:open", { path });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute("notebook:run-all-cells");
  const cells = panel.content.model.sharedModel.cells.filter((c) => c.cell_type === "code");
  return cells.map((cell) => ({
    count: cell.execution_count,
    errors: cell.getOutputs().filter((o) => o.output_type === "error").map((o) => o.evalue),
  }));
}"""


def run_notebook(page, lab, path: str) -> list[dict]:
    """Open a notebook in JupyterLab and run its cells; returns number and errors of each."""
    page.goto(f"{lab.address}/lab?token={lab.token}")
    page.wait_for_function("globalThis.jupyterapp !== undefined")
    return page.evaluate(RUN_ALL, path)
