"""The painter: edit a class map with brush, fill and shapes; a model answers each stroke."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.widgets.bundle import bundle
from nbgan.widgets.latest import LatestOnly
from nbgan.widgets.maps import Map, MapChecks, Masks, Picture, map_shape, to_rgb

PAINTER_MODULE = Path(__file__).parent / "painter" / "index.js"
PAINTER_STYLE = Path(__file__).parent / "painter" / "painter.css"

_log = logging.getLogger(__name__)


class Painter(anywidget.AnyWidget):
    """A class map to paint on, and the picture that a model makes of it.

    Painting happens in the browser; each finished stroke arrives here as one message, so
    :attr:`mask` is always what the page shows. Setting :attr:`mask`, :attr:`instance` or
    :attr:`picture` changes the page at once.

    Args:
        label_space: names and colours of the classes.
        size: of the mask in pixels, ``(height, width)`` or one number for a square. None takes
            it from ``mask``, or 128.
        mask: class ids, any integer dtype, ``[H, W]``; None for class 0 everywhere.
        instances: True to paint an instance map as well, or the map to start from, integers 0
            (no instance) to 65535, ``[H, W]``.
        examples: masks to choose from, by name; with ``instances`` also pairs (mask, instance).
        random: makes a mask, or a pair (mask, instance), for the button "Random".
        render: makes a picture of a mask (with ``instances``: of mask and instance map). Called
            at the start, after each finished stroke and when the mask is set. Strokes that
            arrive while it runs are answered by one more call, with the latest mask. Its errors
            are shown in the widget, and the mask is kept.
        things: ids of the classes that have instances, whose new instances are numbered
            class × 1000 + n as in Cityscapes; strokes of other classes belong to none. None:
            all classes have instances, numbered 1, 2, 3.
        offered: ids of the classes to choose from; None: all.
        selectable: offer a tool that chooses an object; see :attr:`selected`.
        background: name of the class that the eraser leaves. None: the eraser brings back what
            was there when the mask was opened, loaded or set.
        label: name of the widget for screen readers.

    Raises:
        InputError: a mask or instance map of another size, of another kind or with unknown ids;
            an unknown class in ``things``, ``offered`` or ``background``.
    """

    _esm = bundle(PAINTER_MODULE)
    _css = PAINTER_STYLE

    size = traitlets.List(traitlets.Int()).tag(sync=True)  # width, height
    classes: traitlets.List = traitlets.List().tag(sync=True)
    ignore_id = traitlets.Int(None, allow_none=True).tag(sync=True)
    background = traitlets.Int(None, allow_none=True).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    instances = traitlets.Bool(False).tag(sync=True)
    things: traitlets.List = traitlets.List(None, allow_none=True).tag(sync=True)
    offered: traitlets.List = traitlets.List(None, allow_none=True).tag(sync=True)
    selectable = traitlets.Bool(False).tag(sync=True)
    selection: traitlets.List = traitlets.List(traitlets.Int()).tag(sync=True)  # class, instance
    example_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    example_masks = traitlets.CBytes(b"").tag(sync=True)
    example_instances = traitlets.CBytes(b"").tag(sync=True)
    has_random = traitlets.Bool(False).tag(sync=True)
    renders = traitlets.Bool(False).tag(sync=True)
    picture_pane = traitlets.Bool(False).tag(sync=True)

    # The page knows its own strokes: sending them back could only undo a newer one.
    mask_bytes = traitlets.CBytes(b"").tag(sync=True, echo_update=False)
    instance_bytes = traitlets.CBytes(b"").tag(sync=True, echo_update=False)
    sequence = traitlets.Int(0).tag(sync=True, echo_update=False)  # strokes sent by the page
    received = traitlets.Int(0).tag(sync=True)  # strokes that arrived here
    answered = traitlets.Int(0).tag(sync=True)  # strokes with a picture, or an error
    problem = traitlets.Unicode("").tag(sync=True)
    picture_size = traitlets.List(traitlets.Int(), default_value=[0, 0]).tag(sync=True)
    picture_bytes = traitlets.CBytes(b"").tag(sync=True)

    def __init__(
        self,
        label_space: LabelSpace,
        *,
        size: int | tuple[int, int] | None = None,
        mask: Map | None = None,
        instances: bool | Map = False,
        examples: Mapping[str, Masks] | None = None,
        random: Callable[[], Masks] | None = None,
        render: Callable[..., Picture] | None = None,
        things: Sequence[int] | None = None,
        offered: Sequence[int] | None = None,
        selectable: bool = False,
        background: str | None = None,
        label: str = "mask painter",
    ) -> None:
        self.label_space = label_space
        self._shape = map_shape(size, mask, default=128)
        self._checks = MapChecks(label_space=label_space, shape=self._shape)
        self._render = render
        self._random = random
        self._callbacks: list[Callable[[np.ndarray], None]] = []
        self._answer = LatestOnly(self._render_once)
        self._complaint = ""  # of the callbacks, about the last stroke
        with_instances = not isinstance(instances, bool) or instances
        ids = np.zeros(self._shape, np.uint8) if mask is None else self._checks.mask(mask, "mask")
        numbers = np.zeros(self._shape, np.uint16)
        if not isinstance(instances, bool):
            numbers = self._checks.instance(instances, "instances")
        shown = {
            name: self._checks.pair(pair, f"example '{name}'")
            for name, pair in (examples or {}).items()
        }
        super().__init__(
            size=[self._shape[1], self._shape[0]],
            classes=[
                {"name": name, "color": "#{:02x}{:02x}{:02x}".format(*color)}
                for name, color in zip(label_space.classes, label_space.colors, strict=True)
            ],
            ignore_id=label_space.ignore_id,
            background=None if background is None else label_space.index(background),
            label=label,
            instances=with_instances,
            things=self._known(things, "things"),
            offered=self._known(offered, "offered"),
            selectable=selectable,
            example_names=list(shown),
            example_masks=b"".join(pair[0].tobytes() for pair in shown.values()),
            example_instances=(
                b"".join(pair[1].tobytes() for pair in shown.values()) if with_instances else b""
            ),
            has_random=random is not None,
            renders=render is not None,
            picture_pane=render is not None,
            mask_bytes=ids.tobytes(),
            instance_bytes=numbers.tobytes() if with_instances else b"",
        )
        self.observe(self._on_sequence, "sequence")
        self.on_msg(self._on_message)
        self._answer()

    # --- state -------------------------------------------------------------------------------

    @property
    def mask(self) -> np.ndarray:
        """Class ids as painted so far, uint8 ``[H, W]``; a copy. Set it to change the page."""
        return np.frombuffer(self.mask_bytes, np.uint8).reshape(self._shape).copy()

    @mask.setter
    def mask(self, value: Map) -> None:
        self.set(value)

    @property
    def instance(self) -> np.ndarray | None:
        """Instance ids, 0 for none, uint16 ``[H, W]``; a copy. None without ``instances``."""
        if not self.instances:
            return None
        return np.frombuffer(self.instance_bytes, np.uint16).reshape(self._shape).copy()

    @instance.setter
    def instance(self, value: Map) -> None:
        if not self.instances:
            raise InputError("instance: this painter has none; make it with instances=True")
        self.set(self.mask, value)

    def set(self, mask: Map, instance: Map | None = None) -> None:
        """Replace mask and instance map together; without ``instance`` there are none.

        Raises:
            InputError: another size, another kind, or unknown ids; nothing is changed then.
        """
        ids = self._checks.mask(mask, "mask")
        if instance is not None and not self.instances:
            raise InputError("instance: this painter has none; make it with instances=True")
        things = np.zeros(self._shape, np.uint16)
        if instance is not None:
            things = self._checks.instance(instance, "instance")
        with self.hold_sync():
            self.mask_bytes = ids.tobytes()
            if self.instances:
                self.instance_bytes = things.tobytes()
        self._answer()

    @property
    def picture(self) -> np.ndarray | None:
        """The picture beside the mask, uint8 ``[H, W, 3]``, or None.

        Set it to a tensor ``[3, H, W]`` in [−1, 1], a uint8 array ``[H, W, 3]``, a PIL image or
        None.
        """
        width, height = self.picture_size
        if not width:
            return None
        return np.frombuffer(self.picture_bytes, np.uint8).reshape(height, width, 3).copy()

    @picture.setter
    def picture(self, value: Picture | None) -> None:
        colors = np.zeros((0, 0, 3), np.uint8) if value is None else to_rgb(value)
        with self.hold_sync():
            self.picture_size = [colors.shape[1], colors.shape[0]]
            self.picture_bytes = colors.tobytes()
            self.picture_pane = self.picture_pane or value is not None

    def on_stroke(self, callback: Callable[[np.ndarray], None]) -> None:
        """Call ``callback(mask)`` after each finished stroke in the page."""
        self._callbacks.append(callback)

    @property
    def selected(self) -> tuple[int, int] | None:
        """The object chosen in the page as (class, instance), or None.

        Instance 0 stands for all pixels of the class that belong to no instance.
        """
        return (self.selection[0], self.selection[1]) if self.selection else None

    def on_select(self, callback: Callable[[tuple[int, int] | None], None]) -> None:
        """Call ``callback(selected)`` whenever another object, or none, is chosen."""
        self.observe(lambda _: callback(self.selected), "selection")

    def _known(self, ids: Sequence[int] | None, where: str) -> list[int] | None:
        if ids is None:
            return None
        count = self.label_space.num_classes
        for known in ids:
            if not 0 <= known < count:
                raise InputError(f"{where}: {known} is no class; allowed are 0 to {count - 1}")
        return list(ids)

    # --- messages ----------------------------------------------------------------------------

    @traitlets.validate("mask_bytes", "instance_bytes")
    def _valid_bytes(self, proposal: Any) -> bytes:
        value: bytes = proposal["value"]
        name: str = proposal["trait"].name
        count = self._shape[0] * self._shape[1] * (2 if name == "instance_bytes" else 1)
        # A TraitError: traitlets takes back a whole message for that kind only.
        if len(value) != count and (value or name == "mask_bytes"):
            raise traitlets.TraitError(f"{name}: {len(value)} bytes; this map has {count}")
        if name == "mask_bytes":
            try:
                self.label_space.check(np.frombuffer(value, np.uint8), "mask from the page")
            except InputError as error:
                raise traitlets.TraitError(str(error)) from None
        return value

    def _on_sequence(self, change: Any) -> None:
        # Told before anything slow runs: the page now knows that the kernel lives.
        self.received = change["new"]
        complaints = [
            self._guarded("on_stroke", partial(callback, self.mask))[1]
            for callback in list(self._callbacks)
        ]
        self._complaint = next(filter(None, complaints), "")
        if self._render is None:
            self.problem = self._complaint
        self._answer()

    def _render_once(self) -> None:
        render = self._render
        if render is None:
            return
        number = self.sequence
        maps = (self.mask, self.instance) if self.instances else (self.mask,)
        made, problem = self._guarded("picture", lambda: to_rgb(render(*maps)))
        with self.hold_sync():
            if made is not None:
                self.picture = made
            self.problem = problem or self._complaint
            self.answered = number

    def _guarded(self, what: str, call: Callable[[], Any]) -> tuple[Any, str]:
        """Result and error text of a callback; its error must not end the painting."""
        try:
            return call(), ""
        except Exception as error:
            _log.exception("%s failed", what)
            kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
            return None, f"{what} failed: {kind}{error}. The mask is kept."

    def _on_message(self, _: Any, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        if content.get("kind") != "random" or self._random is None:
            return
        made = self._random
        pair, problem = self._guarded(
            "random mask", lambda: self._checks.pair(made(), "random mask")
        )
        reply = {"kind": "random", "request": content.get("request"), "problem": problem}
        parts = [] if pair is None else [part.tobytes() for part in pair]
        self.send(reply, parts)
