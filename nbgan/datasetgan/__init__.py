"""DatasetGAN: a factory of labelled data from a few annotated pictures. Chapter 4."""

from nbgan.datasetgan.annotate import Annotation
from nbgan.datasetgan.classifier import PixelClassifier, hidden_widths
from nbgan.datasetgan.crossvalidation import CrossValidation, confusions, cross_validate, hold_out
from nbgan.datasetgan.downstream import DeepLabRecipe, DeepLabSystem, train_checkpoints
from nbgan.datasetgan.factory import write_shards
from nbgan.datasetgan.features import FeatureBank, PixelGrid, stack_features
from nbgan.datasetgan.generators import fingerprint
from nbgan.datasetgan.interpreter import Interpretation, StyleInterpreter
from nbgan.datasetgan.keypoints import heat_maps, pck, peaks
from nbgan.datasetgan.recipe import DatasetGANRecipe
from nbgan.datasetgan.records import make_training_data
from nbgan.datasetgan.reference import interpret_stack
from nbgan.datasetgan.system import DatasetGANSystem, LabelledPictures
from nbgan.datasetgan.votes import image_score, keep_certain, keep_published

__all__ = [
    "Annotation",
    "CrossValidation",
    "DatasetGANRecipe",
    "DatasetGANSystem",
    "DeepLabRecipe",
    "DeepLabSystem",
    "FeatureBank",
    "Interpretation",
    "LabelledPictures",
    "PixelClassifier",
    "PixelGrid",
    "StyleInterpreter",
    "confusions",
    "cross_validate",
    "fingerprint",
    "heat_maps",
    "hidden_widths",
    "hold_out",
    "image_score",
    "interpret_stack",
    "keep_certain",
    "keep_published",
    "make_training_data",
    "pck",
    "peaks",
    "stack_features",
    "train_checkpoints",
    "write_shards",
]
