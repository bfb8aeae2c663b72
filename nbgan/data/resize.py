"""The ways of resizing and cutting that pix2pixHD offers.

A picture and all that belongs to it (class ids, instance ids, feature map) go through one
:class:`~nbgan.data.pictures.Geometry`: bicubic for pictures, the nearest pixel for ids.

==========================  =========================================================
mode                        what happens to a picture of 2048 × 1024 (width × height)
==========================  =========================================================
``"scale_width"``           ``size=1024``: 1024 × 512, proportions kept
``"scale_width_and_crop"``  ``load_size=1024, size=512``: 1024 × 512, then a window 512 × 512
``"resize_and_crop"``       ``load_size=1024, size=512``: squeezed to 1024 × 1024, then a window
``"crop"``                  ``size=512``: a window 512 × 512 at the file's own resolution
``"none"``                  kept; only rounded to the nearest multiple that the network needs
==========================  =========================================================

Source: Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional
GANs", CVPR 2018; the modes are the options of the released program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from nbgan.data.pictures import Geometry
from nbgan.errors import InputError

RESIZE_MODES = ("scale_width", "scale_width_and_crop", "resize_and_crop", "crop", "none")
_CROPS = ("scale_width_and_crop", "resize_and_crop", "crop")
LOAD_MODES = ("scale_width_and_crop", "resize_and_crop")
"""Those that need a size before cutting."""


@dataclass(frozen=True, kw_only=True)
class Resizing:
    """A mode of the table above with its numbers.

    Args:
        mode: one of ``RESIZE_MODES``.
        size: final size in pixels. ``"scale_width"``: the width, or ``(height, width)`` to refuse
            pictures whose height comes out otherwise. The modes that cut: the window, one number
            for a square or ``(height, width)``. ``"none"``: must be ``None``.
        load_size: size before cutting, for the two modes that scale and cut.
            ``"scale_width_and_crop"``: the width. ``"resize_and_crop"``: one number for a square or
            ``(height, width)``.
        multiple: what height and width of the result must be divisible by; a network that halves
            its input k times needs ``2 ** k``. ``"none"`` rounds to it, the others raise an error.
        rounded: round to ``multiple`` whatever the mode, before anything is cut.
        random_crop: ``True`` draws the window's place anew for every picture from PyTorch's global
            random state, as for training; ``False`` takes the middle.

    Raises:
        InputError: unknown mode, or a number that is missing, not wanted or not positive.
    """

    mode: str
    size: int | tuple[int, int] | None = None
    load_size: int | tuple[int, int] | None = None
    multiple: int = 1
    random_crop: bool = False
    rounded: bool = False

    def __post_init__(self) -> None:
        if self.mode not in RESIZE_MODES:
            raise InputError(f"resize is '{self.mode}'; allowed are {', '.join(RESIZE_MODES)}")
        if not isinstance(self.multiple, int) or self.multiple < 1:
            raise InputError(f"multiple is {self.multiple!r}; give a whole number of at least 1")
        self._check("size", self.size, wanted=self.mode != "none", pair=True)
        self._check(
            "load_size",
            self.load_size,
            wanted=self.mode in LOAD_MODES,
            pair=self.mode == "resize_and_crop",
        )

    def _check(self, name: str, value: object, *, wanted: bool, pair: bool) -> None:
        if not wanted:
            if value is not None:
                raise InputError(
                    f"{name} is {value!r}, but resize '{self.mode}' takes none; leave it out"
                )
            return
        numbers = value if pair and isinstance(value, tuple) else (value,)
        good = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in numbers)
        if not good or len(numbers) > 2 or (isinstance(value, tuple) and len(numbers) != 2):
            allowed = "one positive whole number" + (
                ", or (height, width)" if pair else ", a width"
            )
            raise InputError(f"{name} is {value!r}; resize '{self.mode}' needs {allowed}")

    def whole(self) -> Resizing:
        """The same scale without cutting, rounded to what a network can take.

        For whatever has to see all of a picture, such as an encoder of instances.
        """
        if self.mode not in _CROPS:
            return self
        whole = replace(self, random_crop=False, rounded=True)
        if self.mode == "crop":
            return replace(whole, mode="none", size=None)
        height, width = _pair(self.load_size)
        if self.mode == "scale_width_and_crop":
            return replace(whole, mode="scale_width", size=width, load_size=None)
        return replace(whole, size=whole._scaled(height, width))

    def plan(self, height: int, width: int, *, where: str = "picture") -> Geometry:
        """What becomes of a source of ``height × width`` pixels.

        Args:
            where: what to call the source in a message, usually the file name.

        Raises:
            InputError: the window is larger than the picture, the height is not the wanted one, or
                the result is not divisible by ``multiple``.
        """
        scaled = self._scaled(height, width)
        cut = _pair(self.size) if self.mode in _CROPS else scaled
        if cut[0] > scaled[0] or cut[1] > scaled[1]:
            fix = "lower size" if self.mode == "crop" else "lower size or raise load_size"
            raise InputError(
                f"{where}: the window is {_spell(cut)} pixels (width × height), but the picture "
                f"{'has' if self.mode == 'crop' else 'scaled to'} {_spell(scaled)}; {fix}"
            )
        if isinstance(self.size, tuple) and cut != self.size:
            raise InputError(
                f"{where}: {_spell((height, width))} pixels (width × height) scaled to width "
                f"{cut[1]} have height {cut[0]}, wanted is {self.size[0]}; give a size of the "
                "pictures' proportions, or resize another way"
            )
        check_divisible(*cut, multiple=self.multiple, where=f"{where}, resize '{self.mode}'")
        top, left = (self._place(scaled[i] - cut[i]) for i in (0, 1))
        down, across = height / scaled[0], width / scaled[1]
        box = (
            left * across,
            top * down,
            min((left + cut[1]) * across, float(width)),
            min((top + cut[0]) * down, float(height)),
        )
        return Geometry(box=box, height=cut[0], width=cut[1])

    def _scaled(self, height: int, width: int) -> tuple[int, int]:
        """Height and width before cutting."""
        if self.mode == "resize_and_crop":
            height, width = _pair(self.load_size)
        elif self.mode in ("scale_width", "scale_width_and_crop"):
            new_width = _pair(self.size if self.mode == "scale_width" else self.load_size)[1]
            height, width = max(1, new_width * height // width), new_width
        if self.rounded or self.mode == "none":
            return _round_to(height, self.multiple), _round_to(width, self.multiple)
        return height, width

    def _place(self, free: int) -> int:
        if not self.random_crop or free == 0:
            return free // 2
        return int(torch.randint(free + 1, ()))


def resizing(
    mode: str,
    *,
    size: int | tuple[int, int] | None,
    load_size: int | tuple[int, int] | None = None,
    multiple: int = 1,
    random_crop: bool = False,
) -> str | Resizing:
    """A mode by name for a reader, which also knows ``"resize"``: stretch to ``size``.

    Args:
        mode: ``"resize"`` or one of ``RESIZE_MODES``.
        size, multiple, random_crop: see :class:`Resizing`.
        load_size: ``None`` takes twice the window's size where a mode needs one.

    Returns:
        ``"resize"`` itself, or a :class:`Resizing`.

    Raises:
        InputError: see :class:`Resizing`.
    """
    if mode == "resize":
        if load_size is not None:
            raise InputError(
                f"load_size is {load_size!r}, but resize 'resize' takes none; leave it out, or "
                f"choose one of {', '.join(LOAD_MODES)}"
            )
        if size is not None and multiple > 1:
            check_divisible(*_pair(size), multiple=multiple, where="size")
        return mode
    if mode not in RESIZE_MODES:
        raise InputError(f"resize is '{mode}'; allowed are resize, {', '.join(RESIZE_MODES)}")
    if load_size is None and size is not None and mode in LOAD_MODES:
        height, width = _pair(size)
        load_size = 2 * width if mode == "scale_width_and_crop" else (2 * height, 2 * width)
    return Resizing(
        mode=mode, size=size, load_size=load_size, multiple=multiple, random_crop=random_crop
    )


def check_divisible(height: int, width: int, *, multiple: int, where: str) -> None:
    """Raise InputError if a size does not fit a network, with the nearest one that does.

    Args:
        multiple: what both sides must be divisible by.
        where: what has that size.
    """
    if height % multiple == 0 and width % multiple == 0:
        return
    near = (_round_to(height, multiple), _round_to(width, multiple))
    raise InputError(
        f"{where}: {_spell((height, width))} pixels (width × height), but the network needs both "
        f"divisible by {multiple}; the nearest such size is {_spell(near)}"
    )


def _round_to(side: int, multiple: int) -> int:
    return max(multiple, round(side / multiple) * multiple)


def _pair(size: int | tuple[int, int] | None) -> tuple[int, int]:
    assert size is not None
    return (size, size) if isinstance(size, int) else size


def _spell(size: tuple[int, int]) -> str:
    return f"{size[1]} × {size[0]}"
