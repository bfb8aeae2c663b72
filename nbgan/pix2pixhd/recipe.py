"""Recipes of pix2pixHD in the published order: global generator, then local enhancer on top.

Source of the ``paper`` values: Wang et al. (2018), sections 3 and 4, and the options that the
published training commands set (512p, 1024p, and both with instance features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from nbgan.data.resize import LOAD_MODES
from nbgan.errors import InputError
from nbgan.gan.losses import GanLossName
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Pix2PixHDRecipe(Recipe):
    """How a pix2pixHD system is built and trained."""

    system: ClassVar[str] = "pix2pixhd"

    load_size: int | None = None
    """Size of pictures before a window of ``size`` is cut out of them, for the two ways of
    ``resize`` that do both (``loadSize`` beside ``fineSize`` in the published options); None takes
    twice the window's. Data set ``pix2pixhd`` only, whose reader explains every ``resize``."""
    window: int | None = None
    """Train on windows of this width, cut at random out of pictures of ``size`` and shaped like
    them; None trains on whole ones. Features of ``load_features`` are still encoded from whole
    pictures. Unlike ``resize``, it cuts any data, and validation sees whole pictures."""
    rgb: bool = False
    """The generator is given a picture instead of classes (the published ``label_nc 0``); that of
    ``trainA`` is to become that of ``trainB``. Instance edges work as ever, styles need classes."""
    generator: Literal["global", "local"] = "global"
    """The coarse generator alone, or with local enhancers around it that double the size each."""
    use_instances: bool = True
    """Append an edge channel made from the instance map."""
    instance_features: bool = False
    """Append a feature map: what the encoder says of each instance, so that one label map has
    many pictures."""
    feature_channels: int = 3
    """Length of the feature vector of an instance."""
    load_features: bool = False
    """Take feature vectors that the encoder of ``start_from`` computed beforehand (made at the
    first use and kept in the cache); the encoder then learns nothing more."""
    width: int = 64
    """Channels of the generator's first layer at full size."""
    downsamplings: int = 4
    """How often the global generator halves its input."""
    blocks: int = 9
    """Residual blocks of the global generator."""
    enhancers: int = 1
    """Local enhancers of a ``local`` generator."""
    local_blocks: int = 3
    """Residual blocks of each local enhancer."""
    norm: Literal["instance", "batch"] = "instance"
    """Normalisation of all networks."""
    encoder_width: int = 16
    """Channels of the encoder's first layer."""
    encoder_downsamplings: int = 4
    """How often the encoder halves its input before it doubles it again."""
    discriminator_width: int = 64
    """Channels of each discriminator's first layer."""
    discriminator_layers: int = 3
    """Convolutions of stride 2 of each discriminator; two of stride 1 follow."""
    discriminator_scales: int = 2
    """Number of discriminators, each at half the size of the one before."""
    gan_loss: GanLossName = "least_squares"
    """Adversarial loss."""
    feature_matching: float = 10.0
    """Weight of the feature matching loss; 0 leaves it out."""
    perceptual: float = 10.0
    """Weight of the perceptual loss; 0 leaves it out."""
    perceptual_features: Literal["vgg19", "embedded"] = "vgg19"
    """Feature network of the perceptual loss: VGG19 as published, or the segmenter of the
    landscapes, which has seen no street and so leaves the judge of streets impartial."""
    pixel: float = 0.0
    """Weight of the mean absolute difference of pixels. Not in the paper."""
    initial_std: float = 0.02
    """Standard deviation of the initial weights of all convolutions."""
    learning_rate: float = 2e-4
    """Rate of Adam, for generator (with encoder) and discriminator alike."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Decay rates of Adam."""
    start_discriminators: bool = False
    """Go on with the discriminators of ``start_from``, too, each at the size that it knows; those
    for larger pictures start afresh. As published, but a model file holds no discriminators, so
    this needs the training state beside it."""
    fix_global_until: int = 0
    """Step up to which only the outermost enhancer learns; then the whole generator does, with a
    fresh optimiser."""
    clusters: int = 10
    """Cluster centres per class from which styles are chosen."""
    cluster_area: float = 0.5
    """Instances count for the clusters from this area on, in 1/32 of the picture."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.generator == "global" and self.fix_global_until:
            raise InputError(
                f"recipe field 'fix_global_until' is {self.fix_global_until}, but a global "
                "generator has nothing to fix; use generator='local' or leave it 0"
            )
        if self.fix_global_until and self.start_from is None:
            raise InputError(
                f"recipe field 'fix_global_until' is {self.fix_global_until}, but there is no "
                "trained global generator to fix; name it in 'start_from'"
            )
        if self.load_features and not (self.instance_features and self.start_from):
            raise InputError(
                "recipe field 'load_features' needs 'instance_features' and a trained encoder "
                "in 'start_from'"
            )
        if self.start_discriminators and self.start_from is None:
            raise InputError(
                "recipe field 'start_discriminators' is set, but there is no training to go on "
                "with; name its folder in 'start_from'"
            )
        if self.rgb and self.instance_features:
            raise InputError(
                "recipe fields 'rgb' and 'instance_features': styles are clustered class by class, "
                "and pictures have no classes; set one of the two to False"
            )
        if self.load_size is not None and self.resize not in LOAD_MODES:
            raise InputError(
                f"recipe field 'load_size' is {self.load_size}, but resize '{self.resize}' takes "
                f"none; leave it out, or set 'resize' to {' or '.join(LOAD_MODES)}"
            )
        height, width = self.height_width
        self._check_divides("size", height, width)
        if self.window is not None:
            self._check_divides("window", *self.window_height_width)
            if self.window > width:
                raise InputError(
                    f"recipe field 'window' is {self.window}, but pictures are {width} wide; "
                    "lower it"
                )
        if self.clusters < 1:
            raise InputError(f"recipe field 'clusters' must be at least 1, got {self.clusters}")

    def _check_divides(self, what: str, height: int, width: int) -> None:
        step = 1 if self.resize == "none" else self.sizes_divide_by
        if height % step or width % step:
            raise InputError(
                f"recipe: {what} {height} × {width} (height × width): both sides must be divisible "
                f"by {step}, because the networks halve them that often; change '{what}', "
                "'aspect_ratio' or the downsamplings"
            )

    @property
    def window_height_width(self) -> tuple[int, int]:
        """Height and width of what training sees."""
        if self.window is None:
            return self.height_width
        return round(self.window / self.aspect_ratio), self.window

    @property
    def sizes_divide_by(self) -> int:
        """What height and width must be divisible by."""
        coarse = 2**self.downsamplings
        if self.instance_features:
            coarse = max(coarse, 2**self.encoder_downsamplings)
        return coarse * (2**self.enhancers if self.generator == "local" else 1)

    @property
    def needs_instances(self) -> bool:
        """Whether the networks see instance maps."""
        return self.use_instances or self.instance_features

    def reader_options(self) -> dict[str, Any]:
        """Options of the layout of pix2pixHD; other readers know ``size`` and ``resize`` alone."""
        options: dict[str, Any] = {"rgb": True} if self.rgb else {}
        if self.load_size is not None:
            options["load_size"] = self.load_size
        if self.data == "pix2pixhd":
            options |= {"instances": self.needs_instances, "multiple": self.sizes_divide_by}
            if not self.rgb:  # feature maps are read only where they are learned from
                options["features"] = None if self.load_features else False
        return options

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu``, ``gpu`` and their enhancers, ``compare``, and the paper's.

        The paper's train on the folders that the Cityscapes converter writes. Those of the
        enhancer see whole pictures, as on 24 GB of memory; ``…_crop`` sees windows, as on 12 GB.
        """
        cpu = cls(
            data="streets",
            train_pictures=4000,
            size=256,
            aspect_ratio=2.0,
            flip=True,
            batch_size=2,
            steps=5000,
            decay_from=2500,
            precision="bf16",
            channels_last=True,
            instance_features=True,
            width=24,
            downsamplings=2,
            blocks=6,
            encoder_downsamplings=3,
            discriminator_width=32,
            discriminator_scales=2,
            perceptual=0.0,
            perceptual_features="embedded",
            pixel=10.0,
            learning_rate=4e-4,
            cluster_area=0.05,
            ema_decay=0.999,
            evaluate_pictures=500,
        )
        enhancer = {
            "generator": "local",
            "size": 512,
            "load_features": True,
            "start_from": "pix2pixhd-streets",
        }
        enhancer_cpu = cpu.replace(
            **enhancer,
            width=12,
            discriminator_scales=3,
            train_pictures=1000,
            window=256,
            steps=5000,
            decay_from=2500,
            fix_global_until=500,
            evaluate_pictures=200,
        )
        gpu = cpu.replace(batch_size=32, steps=40000, decay_from=20000)
        smoke = cpu.replace(
            train_pictures=16,
            size=64,
            batch_size=2,
            steps=3,
            decay_from=None,
            precision="fp32",
            channels_last=False,
            width=4,
            downsamplings=2,
            blocks=1,
            encoder_width=4,
            encoder_downsamplings=2,
            discriminator_width=8,
            discriminator_layers=2,
            pixel=0.0,
            clusters=3,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        compare = cpu.replace(
            mood="noon",  # without styles, other moods could only be guessed
            size=128,
            steps=1200,
            decay_from=400,
            instance_features=False,
            ema_decay=0.99,
            evaluate_pictures=250,
        )
        # The published schedules count epochs of Cityscapes' 2,975 pictures, one at a time.
        paper = cls(
            data="pix2pixhd",
            size=1024,
            aspect_ratio=2.0,
            resize="scale_width",
            flip=True,
            batch_size=1,
            steps=200 * 2975,
            decay_from=100 * 2975,
            ema_decay=0.0,
        )
        paper_1024p = paper.replace(
            generator="local",
            size=2048,
            resize="none",
            width=32,
            discriminator_scales=3,
            steps=100 * 2975,
            decay_from=50 * 2975,
            start_from="runs/pix2pixhd_512p/model.safetensors",
            start_discriminators=True,
            fix_global_until=10 * 2975,
        )
        features = {
            "instance_features": True,
            "load_features": True,
            "start_from": "runs/pix2pixhd_512p_feat/model.safetensors",
        }
        paper_1024p_crop = paper_1024p.replace(
            resize="crop",
            size=1024,
            aspect_ratio=1.0,
            steps=200 * 2975,
            decay_from=100 * 2975,
            fix_global_until=20 * 2975,
        )
        return {
            "smoke": smoke,
            "enhancer_smoke": smoke.replace(
                **{**enhancer, "size": 128, "load_features": False, "start_from": None}, width=2
            ),
            "cpu": cpu,
            "enhancer_cpu": enhancer_cpu,
            "gpu": gpu,
            "enhancer_gpu": enhancer_cpu.replace(
                window=None, batch_size=16, steps=20000, decay_from=10000, fix_global_until=4000
            ),
            "compare": compare,
            "compare_no_matching": compare.replace(feature_matching=0.0),
            "compare_no_edges": compare.replace(use_instances=False),
            "paper_512p": paper,
            "paper_512p_feat": paper.replace(instance_features=True),
            "paper_1024p": paper_1024p,
            "paper_1024p_feat": paper_1024p.replace(**features),
            "paper_1024p_crop": paper_1024p_crop,
            "paper_1024p_crop_feat": paper_1024p_crop.replace(size=896, **features),
        }
