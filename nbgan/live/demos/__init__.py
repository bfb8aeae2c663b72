"""The demos that the book's pages hold, by name."""

from nbgan.live.demos.cam_avatars import CAM_AVATARS
from nbgan.live.demos.datasetgan_avatars import DATASETGAN_AVATARS
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.editgan_avatars import EDITGAN_AVATARS
from nbgan.live.demos.normalisation_axes import NORMALISATION_AXES
from nbgan.live.demos.paint_landscapes import PAINT_LANDSCAPES
from nbgan.live.demos.paint_streets import PAINT_STREETS
from nbgan.live.demos.ugatit_avatars import UGATIT_AVATARS

DEMOS: dict[str, Demo] = {
    demo.name: demo
    for demo in (
        NORMALISATION_AXES,
        PAINT_LANDSCAPES,
        CAM_AVATARS,
        DATASETGAN_AVATARS,
        EDITGAN_AVATARS,
        PAINT_STREETS,
        UGATIT_AVATARS,
    )
}

__all__ = ["DEMOS", "Demo"]
