"""What lies between the stages of training: weights taken over, features encoded and clustered.

Source: Wang et al. (2018), sections 3.2 and 3.4, and the order of the published commands: train the
global generator, encode and cluster its features, then train the enhancer on top of it.
"""

from __future__ import annotations

from torch.utils.data import Dataset

from nbgan.errors import InputError
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.features import WithFeatures, collect_tables, encode_instances
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.inference import StyledPainting
from nbgan.train.system import System


class StagedTraining(StyledPainting):
    """A pix2pixHD that can begin where an earlier stage ended."""

    generator: GlobalGenerator | LocalEnhancer

    def begin_from(self, other: System) -> None:
        """Take a trained system's weights; an enhancer takes the trunk of a global generator.

        Discriminators and optimisers start afresh.

        Raises:
            InputError: another kind of system, other classes, or sizes that do not fit.
        """
        self._check_kind(other)
        assert isinstance(other, StagedTraining)
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

    def training_data(self, data: Dataset) -> Dataset:
        """With ``load_features``, pictures together with their instances' encoded features.

        Data that holds feature maps of its own (``train_feat``) keeps those.
        """
        if not self.recipe.load_features or "features" in data[0]:
            return data
        return WithFeatures(data, self.encode_data(data))

    def complete(self, data: Dataset) -> None:
        """Cluster the features of the training pictures, unless they came with the encoder."""
        if self.recipe.instance_features and not self.recipe.load_features:
            self.fit_clusters(self.encode_data(data))

    def encode_data(self, data: Dataset, *, progress: bool = True) -> Dataset:
        """The instances of a data set with their features, from the disk if already encoded."""
        if self.encoder is None:
            raise InputError("encode: this model was trained without instance features")
        self.eval()
        return encode_instances(data, self.encode, self.encoder, progress=progress)

    def fit_clusters(
        self, encoded: Dataset, *, min_area: float | None = None, strict: bool = False
    ) -> list[str]:
        """Find the cluster centres of encoded instances; see :meth:`FeatureClusters.fit`."""
        assert self.clusters is not None
        height, width = self.recipe.height_width
        tables = collect_tables(encoded, self.label_space.num_classes, height * width)
        area = self.recipe.cluster_area if min_area is None else min_area
        return self.clusters.fit(tables, min_area=area, strict=strict)
