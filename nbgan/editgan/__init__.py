"""EditGAN: a picture is edited by editing its mask. Chapter 5."""

from nbgan.editgan.blending import blend
from nbgan.editgan.descent import Descent, Progress
from nbgan.editgan.editor import Editor
from nbgan.editgan.edits import Edit, edit_mask, edit_vector
from nbgan.editgan.embedding import Embedding, embed
from nbgan.editgan.encoder import PyramidEncoder, use_batch_statistics
from nbgan.editgan.joint import JointModel, View
from nbgan.editgan.reading import MeanScores
from nbgan.editgan.recipe import EncoderRecipe
from nbgan.editgan.reference import mean_scores_of_stack
from nbgan.editgan.regions import dilate, region_of_classes
from nbgan.editgan.result import Result
from nbgan.editgan.scores import EditScores, score_edit
from nbgan.editgan.session import EditSession
from nbgan.editgan.system import EncoderSystem
from nbgan.editgan.terms import EditSettings, EmbedSettings
from nbgan.editgan.vectors import EditVector, VectorLibrary, load_vector, save_vector

__all__ = [
    "Descent",
    "Edit",
    "EditScores",
    "EditSession",
    "EditSettings",
    "EditVector",
    "Editor",
    "EmbedSettings",
    "Embedding",
    "EncoderRecipe",
    "EncoderSystem",
    "JointModel",
    "MeanScores",
    "Progress",
    "PyramidEncoder",
    "Result",
    "VectorLibrary",
    "View",
    "blend",
    "dilate",
    "edit_mask",
    "edit_vector",
    "embed",
    "load_vector",
    "mean_scores_of_stack",
    "region_of_classes",
    "save_vector",
    "score_edit",
    "use_batch_statistics",
]
