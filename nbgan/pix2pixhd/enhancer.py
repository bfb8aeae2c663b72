"""The coarse-to-fine generator of pix2pixHD: local enhancers around a global generator.

Source: Wang et al. (2018), section 3.2 and figure 3. Checked against the published implementation
(``tests/golden/pix2pixhd``).
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.gan.discriminator import NormName
from nbgan.pix2pixhd.generator import (
    GlobalGenerator,
    ResBlock,
    Trunk,
    TrunkSizes,
    check_input,
    conv7,
    conv_norm_relu,
    double,
    halve,
    to_picture,
)


class LocalPart(nn.Module):
    """One enhancer: it doubles the size of the coarser part's features.

    Args:
        in_channels: of the input.
        width: channels at this enhancer's size; the coarser features have twice as many.
        blocks: residual blocks, which work at the coarser size.
        norm: ``"instance"`` or ``"batch"``.
        out_channels: of the picture; None for an enhancer whose features another one takes up.
    """

    def __init__(
        self, *, in_channels: int, width: int, blocks: int, norm: NormName, out_channels: int | None
    ) -> None:
        super().__init__()
        self.stem = conv_norm_relu(conv7(in_channels, width), width, norm)
        self.down = conv_norm_relu(halve(width, 2 * width), 2 * width, norm)
        self.blocks = nn.Sequential(
            *(ResBlock(channels=2 * width, norm=norm) for _ in range(blocks))
        )
        self.up = conv_norm_relu(double(2 * width, width), width, norm)
        self.to_rgb = nn.Identity() if out_channels is None else to_picture(width, out_channels)

    def forward(self, x: Tensor, coarse: Tensor) -> Tensor:
        """Input ``[N, in_channels, H, W]`` and coarse features ``[N, 2 * width, H/2, W/2]``.

        Returns:
            ``[N, width, H, W]``, or the picture ``[N, out_channels, H, W]`` in (−1, 1).
        """
        return self.to_rgb(self.up(self.blocks(self.down(self.stem(x)) + coarse)))


class LocalEnhancer(nn.Module):
    """Paint a picture of twice (four times …) the size of the global generator's.

    ``global_part`` and ``local_parts`` are modules of their own, so that the global part can be
    frozen first and released later, as in the published training.

    Args:
        in_channels: classes, plus 1 for edges, plus the feature channels.
        width: channels at full size.
        global_generator: a trained one, whose weights are copied, or the sizes of one, which
            starts from new weights; None takes the paper's sizes. Its width must be
            ``width * 2 ** enhancers``.
        enhancers: how often the size is doubled.
        blocks: residual blocks of each enhancer.
        norm: ``"instance"`` or ``"batch"``.
        out_channels: of the picture.

    Raises:
        InputError: the global generator does not fit; the message says which sizes differ.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int = 32,
        global_generator: GlobalGenerator | TrunkSizes | None = None,
        enhancers: int = 1,
        blocks: int = 3,
        norm: NormName = "instance",
        out_channels: int = 3,
    ) -> None:
        super().__init__()
        if enhancers < 1:
            raise InputError(
                f"enhancers: must be at least 1, got {enhancers}; for none take a GlobalGenerator"
            )
        self.in_channels, self.enhancers = in_channels, enhancers
        needed = TrunkSizes(in_channels=in_channels, width=width * 2**enhancers, norm=norm)
        if global_generator is None:
            sizes = needed
        elif isinstance(global_generator, GlobalGenerator):
            sizes = global_generator.sizes
        else:
            sizes = global_generator
        # Depth is the global generator's own affair; what meets the enhancers must agree.
        needed = replace(needed, downsamplings=sizes.downsamplings, blocks=sizes.blocks)
        check_sizes(sizes, needed, f"{enhancers} enhancer(s) of width {width} on top")
        self.global_part = Trunk(sizes)
        self.local_parts = nn.ModuleList(
            LocalPart(
                in_channels=in_channels,
                width=width * 2 ** (enhancers - n),
                blocks=blocks,
                norm=norm,
                out_channels=out_channels if n == enhancers else None,
            )
            for n in range(1, enhancers + 1)
        )
        if isinstance(global_generator, GlobalGenerator):
            self.load_global(global_generator)

    def load_global(self, generator: GlobalGenerator, where: str = "global generator") -> None:
        """Copy the trunk of a trained global generator; its output layer is left behind.

        Args:
            generator: of the sizes that this enhancer was built for.
            where: its file or name, for the message.

        Raises:
            InputError: another width, number of channels, halvings or blocks; says which.
        """
        check_sizes(
            generator.sizes, self.global_part.sizes, "the enhancer's global part", where=where
        )
        self.global_part.load_state_dict(generator.trunk.state_dict())

    def pyramid(self, x: Tensor) -> list[Tensor]:
        """The input at full, half, quarter … size; one-hot maps become shares of classes."""
        levels = [x]
        for _ in range(self.enhancers):
            levels.append(F.avg_pool2d(levels[-1], 3, stride=2, padding=1, count_include_pad=False))
        return levels

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to pictures ``[N, out_channels, H, W]`` in (−1, 1).

        Raises:
            InputError: wrong channels, or sides not divisible by
                ``2 ** (downsamplings + enhancers)``.
        """
        check_input(x, self.in_channels, self.global_part.sizes.downsamplings + self.enhancers)
        levels = self.pyramid(x)
        result = self.global_part(levels.pop())
        for part in self.local_parts:
            result = cast(LocalPart, part)(levels.pop(), result)
        return result


def check_sizes(
    found: TrunkSizes, needed: TrunkSizes, user: str, *, where: str = "global generator"
) -> None:
    """Refuse a global generator that an enhancer cannot take up.

    Args:
        found: of the generator at hand.
        needed: what the enhancer was built for.
        user: what needs them, for the message.
        where: the generator's file or name.

    Raises:
        InputError: names every size that differs, its value and the one that is needed.
    """
    wrong = [
        f"{f.name} {getattr(found, f.name)} (needed: {getattr(needed, f.name)})"
        for f in fields(TrunkSizes)
        if getattr(found, f.name) != getattr(needed, f.name)
    ]
    if wrong:
        raise InputError(
            f"{where}: does not fit {user}: {', '.join(wrong)}. Take the global checkpoint that "
            "the enhancer was meant for, or build the enhancer with these sizes"
        )
