"""What lies between the stages of training: weights taken over, features encoded and clustered.

Source: Wang et al. (2018), sections 3.2 and 3.4, and the order of the published commands: train the
global generator, encode and cluster its features, then train the enhancer on top of it.
"""

from __future__ import annotations

from torch import Tensor
from torch.utils.data import Dataset

from nbgan.data.pix2pixhd_folder import Pix2PixHDFolder
from nbgan.data.windows import RandomWindows
from nbgan.errors import InputError
from nbgan.gan.discriminator import MultiScaleDiscriminator
from nbgan.pix2pixhd.condition import check_item
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.features import WithFeatures, collect_tables, encode_instances
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.inference import StyledPainting
from nbgan.train.system import System
from nbgan.train.weights import load_weights


class StagedTraining(StyledPainting):
    """A pix2pixHD that can begin where an earlier stage ended."""

    generator: GlobalGenerator | LocalEnhancer
    discriminator: MultiScaleDiscriminator

    def begin_from(self, other: System) -> None:
        """Take a trained system's weights; an enhancer takes the trunk of a global generator.

        Discriminators start afresh unless the recipe says ``start_discriminators``; optimisers
        always do.

        Raises:
            InputError: another kind of system, other classes, or sizes that do not fit; no
                discriminators where they are asked for.
        """
        self._check_kind(other)
        assert isinstance(other, StagedTraining)
        self._begin_generator(other)
        if self.recipe.start_discriminators:
            take_discriminators(self.discriminator, str(self.recipe.start_from))

    def _begin_generator(self, other: StagedTraining) -> None:
        if self.recipe.generator == other.recipe.generator:
            super().begin_from(other)
            return
        where = f"start_from '{self.recipe.start_from}'"
        if not isinstance(self.generator, LocalEnhancer):
            raise InputError(f"{where}: holds an enhancer; a global generator cannot start from it")
        assert isinstance(other.generator, GlobalGenerator)
        self.generator.load_global(other.generator, where=where)
        if self.encoder is not None:
            if other.encoder is None or other.clusters is None:
                raise InputError(
                    f"{where}: was trained without instance features, this recipe has them; set "
                    "instance_features=False or train the global generator with them"
                )
            self._take(other, ("encoder", "clusters"))

    def check_data(self, data: Dataset) -> None:
        """Look at the first item.

        Raises:
            InputError: it lacks what the recipe asks for, see :func:`check_item`, or holds ids
                that make no sense.
        """
        recipe, item = self.recipe, data[0]
        check_item(
            item,
            rgb=recipe.rgb,
            needs_instances=recipe.needs_instances,
            features=recipe.feature_channels if recipe.load_features else None,
            multiple=recipe.sizes_divide_by,
        )
        instance = item["instance"][None] if recipe.needs_instances else None
        self.condition(item[self.given][None], instance)

    def training_data(self, data: Dataset) -> Dataset:
        """With ``load_features``, pictures together with their instances' encoded features.

        Data that holds feature maps of its own (``train_feat``) keeps those. With ``window``, all
        of it is cut.
        """
        if self.recipe.load_features and "features" not in data[0]:
            data = WithFeatures(data, self.encode_data(data))
        if self.recipe.window is not None:
            data = RandomWindows(data, self.recipe.window_height_width)
        return data

    def complete(self, data: Dataset) -> None:
        """Cluster the features of the training pictures, unless they came with the encoder."""
        if self.recipe.instance_features and not self.recipe.load_features:
            self.fit_clusters(self.encode_data(data))

    def encode_data(self, data: Dataset, *, progress: bool = True) -> Dataset:
        """The instances of a data set with their features, from the disk if already encoded.

        Where training sees windows of pictures, the encoder sees them whole.
        """
        if self.encoder is None:
            raise InputError("encode: this model was trained without instance features")
        self.eval()
        if isinstance(data, Pix2PixHDFolder):
            data = data.whole()
        return encode_instances(data, self.encode, self.encoder, progress=progress)

    def fit_clusters(
        self, encoded: Dataset, *, min_area: float | None = None, strict: bool = False
    ) -> list[str]:
        """Find the cluster centres of encoded instances; see :meth:`FeatureClusters.fit`."""
        assert self.clusters is not None
        tables = collect_tables(encoded, self.label_space.num_classes)
        area = self.recipe.cluster_area if min_area is None else min_area
        return self.clusters.fit(tables, min_area=area, strict=strict)


def take_discriminators(discriminator: MultiScaleDiscriminator, start_from: str) -> None:
    """Copy the discriminators of an earlier training, each to the size that it was trained at.

    The coarsest takes the coarsest, and so on. An enhancer doubles the size and adds a
    discriminator, so its second takes the first of the global training, which saw pictures of just
    that size; its own first starts afresh. Published checkpoints are matched in the same way.

    Raises:
        InputError: no training state beside the model, a damaged one, or other sizes.
    """
    from nbgan import zoo
    from nbgan.train.checkpoint import STATE_FILE, read_state

    state = zoo.find(start_from).parent / STATE_FILE
    if not state.is_file():
        raise InputError(
            f"start_from '{start_from}': there is no {STATE_FILE} beside the model, so it has no "
            "discriminators to go on with; name the folder of a training, or set "
            "start_discriminators=False"
        )
    prefix = "system/discriminator.discriminators."
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in read_state(state, prefix).items():
        scale, key = name.removeprefix(prefix).split(".", 1)
        found.setdefault(int(scale), {})[key] = value
    ours = list(discriminator.discriminators)
    if not found:
        raise InputError(f"{state}: holds no discriminators; name the folder of a training")
    for back in range(1, min(len(ours), len(found)) + 1):
        where = f"{state} (discriminator {len(found) - back})"
        load_weights(ours[-back], found[len(found) - back], where=where)
