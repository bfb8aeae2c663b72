"""Class activation maps and Grad-CAM.

Zhou et al., "Learning Deep Features for Discriminative Localization" (2016), section 2, and
Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (2017), section 3. For features f_c(x, y) with Z = height × width positions, global
average pooling and a linear classifier w,

    score_k = b_k + Σ_c w_kc · mean f_c        CAM_k(x, y) = Σ_c w_kc f_c(x, y)
    α_kc = mean ∂score_k / ∂f_c                Grad-CAM_k(x, y) = ReLU Σ_c α_kc f_c(x, y)

so that the score is the mean of the map plus the bias, and Grad-CAM = ReLU(CAM) / Z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nbgan.cam.layers import find_layer, watch
from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class ActivationMaps:
    """Maps of a batch, with what they were made of.

    Args:
        scores: class scores before softmax or sigmoid, ``[N, K]``.
        features: output of the layer, ``[N, C, h, w]``.
        weights: weight of each channel for each class, ``[N, K, C]``; K as in ``maps``.
        maps: one for each class that was asked for, ``[N, K, h, w]``, at the size of the features.
        pooling: how the features were pooled, as measured; None for Grad-CAM, which does not ask.
    """

    scores: Tensor
    features: Tensor
    weights: Tensor
    maps: Tensor
    pooling: Literal["mean", "max"] | None = None


def class_activation_maps(features: Tensor, weight: Tensor) -> Tensor:
    """CAM by its definition, without bias, rectification or scaling.

    Args:
        features: maps before global pooling, ``[N, C, h, w]``.
        weight: of the linear classifier behind the pooling, ``[K, C]``.

    Returns:
        ``[N, K, h, w]``. With average pooling, score = spatial mean + bias.

    Raises:
        InputError: shapes that do not fit.
    """
    _check_pair(features, weight)
    return torch.einsum("nchw,kc->nkhw", features, weight)


def max_contributions(features: Tensor, weight: Tensor) -> Tensor:
    """What each position gives to the scores of a classifier behind global max pooling.

    Only the position where a channel is largest counts for that channel (the first of equals), so
    the map has at most C positions that are not zero, and score = spatial sum + bias.

    Args:
        features: maps before global pooling, ``[N, C, h, w]``.
        weight: of the linear classifier behind the pooling, ``[K, C]``.

    Returns:
        ``[N, K, h, w]``

    Raises:
        InputError: shapes that do not fit.
    """
    _check_pair(features, weight)
    flat = features.flatten(2)
    largest = F.one_hot(flat.argmax(dim=2), flat.shape[2]).to(flat)
    return class_activation_maps((flat * largest).view_as(features), weight)


def _check_pair(features: Tensor, weight: Tensor) -> None:
    if features.ndim != 4 or weight.ndim != 2 or features.shape[1] != weight.shape[1]:
        raise InputError(
            f"features, weight: got shapes {list(features.shape)} and {list(weight.shape)}; "
            "expected [N, C, h, w] and [K, C] with the same C"
        )


@torch.no_grad()
def cam(model: nn.Module, image: Tensor, *, layer: str, classifier: str) -> ActivationMaps:
    """Class activation maps of a network that ends with global pooling and a linear layer.

    Whether it does is measured: what enters the classifier must be the spatial mean, or the
    spatial maximum, of what the layer puts out.

    Args:
        model: a classifier in evaluation mode.
        image: ``[N, 3, H, W]``, in the range that the model was trained for.
        layer: name of the last layer with a spatial output.
        classifier: name of the linear layer (or 1×1 convolution) that gives the scores.

    Returns:
        Scores, features and maps of all classes. With max pooling the map is the same weighted
        sum; :func:`max_contributions` tells what really entered the score.

    Raises:
        InputError: no such layer (the message lists those there are); training mode; a layer
            without spatial output; a classifier that does not read pooled features of that layer.
    """
    _check_model(model, image)
    name = f"{classifier}.input"
    linear = find_layer(model, classifier)
    with watch(model, layer, name, classifier) as kept:
        model(image)
    features = _spatial(kept, layer, model)
    weight = getattr(linear, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim not in (2, 4) or weight[0, 0].numel() != 1:
        raise InputError(
            f"classifier: layer '{classifier}' is a {type(linear).__name__}; CAM needs a linear "
            "layer or a 1×1 convolution behind global pooling. For other networks use grad_cam"
        )
    weight = weight.flatten(1)
    if name not in kept:
        raise InputError(f"classifier: layer '{classifier}' was not reached by the forward pass")
    pooling = _pooling(features, kept[name].flatten(1))
    if pooling is None:
        raise InputError(
            f"layer, classifier: what enters '{classifier}', {list(kept[name].shape)}, is neither "
            f"the spatial mean nor the maximum of '{layer}', {list(features.shape)}; name the "
            "layer directly before the global pooling, or use grad_cam"
        )
    return ActivationMaps(
        scores=kept[classifier].flatten(1),
        features=features,
        weights=weight.expand(len(features), -1, -1),
        maps=class_activation_maps(features, weight),
        pooling=pooling,
    )


def _pooling(features: Tensor, pooled: Tensor) -> Literal["mean", "max"] | None:
    if pooled.shape != features.shape[:2]:
        return None
    # Half precision rounds the mean on its way.
    tolerance = 1e-3 if features.dtype in (torch.float32, torch.float64) else 2e-2
    allowed = tolerance * float(pooled.abs().max())

    def close(expected: Tensor) -> bool:
        return float((pooled.float() - expected.float()).abs().max()) <= allowed

    if close(features.mean((2, 3))):
        return "mean"
    return "max" if close(features.amax((2, 3))) else None


def grad_cam(
    model: nn.Module, image: Tensor, *, layer: str, classes: int | Sequence[int] | None = None
) -> ActivationMaps:
    """Grad-CAM of any network and any layer with a spatial output.

    The graph begins at the layer: nothing below it is differentiated or kept, and the model's
    parameters get no gradient, whether they are frozen or not.

    Args:
        model: a classifier in evaluation mode that returns scores ``[N, K]`` before softmax.
        image: ``[N, 3, H, W]``, in the range that the model was trained for.
        layer: name of the layer to look at.
        classes: class ids to explain; None for all. One backward pass each.

    Returns:
        All scores; channel weights and rectified maps of the classes asked for.

    Raises:
        InputError: no such layer (the message lists those there are); training mode; a layer
            without spatial output, or one on which the scores do not depend; unknown class.
    """
    _check_model(model, image)
    leaves: list[Tensor] = []

    def begin_here(output: Tensor) -> Tensor:
        leaves.append(output.detach().requires_grad_())
        return leaves[-1].clone()  # a following layer may work in place

    with torch.enable_grad():
        with watch(model, layer, replace=begin_here) as kept:
            scores = model(image)
        features = _spatial(kept, layer, model).detach()
        if not isinstance(scores, Tensor) or scores.ndim != 2:
            raise InputError(
                f"model: {type(model).__name__} returns {_described(scores)}; Grad-CAM needs class "
                "scores [N, K]. Wrap the model so that it returns them alone"
            )
        if len(leaves) > 1:
            raise InputError(
                f"layer: '{layer}' runs {len(leaves)} times in one pass; name one that runs once"
            )
        ids = _class_ids(classes, scores.shape[1])
        gradients = [_gradient(scores[:, k], leaves[0], layer) for k in ids]
    weights = torch.stack([g.mean((2, 3)) for g in gradients], dim=1)
    maps = F.relu(torch.einsum("nchw,nkc->nkhw", features, weights))
    return ActivationMaps(scores=scores.detach(), features=features, weights=weights, maps=maps)


def _gradient(score: Tensor, features: Tensor, layer: str) -> Tensor:
    # A sample's score depends on its own features only, so the sum gives all gradients at once.
    found = None
    if score.requires_grad:
        (found,) = torch.autograd.grad(score.sum(), features, retain_graph=True, allow_unused=True)
    if found is None:
        raise InputError(
            f"layer: the scores do not depend on '{layer}'; name a layer on the way to them"
        )
    return found


def _class_ids(classes: int | Sequence[int] | None, count: int) -> list[int]:
    if classes is None:
        return list(range(count))
    ids = [classes] if isinstance(classes, int) else list(classes)
    for k in ids:
        if not 0 <= k < count:
            raise InputError(f"classes: got {k}; the model has the classes 0 to {count - 1}")
    return ids


def _check_model(model: nn.Module, image: Tensor) -> None:
    if model.training:
        raise InputError(
            "model: is in training mode, where the pictures of a batch influence each other; call "
            "model.eval() first"
        )
    if not isinstance(image, Tensor) or image.ndim != 4 or not image.is_floating_point():
        raise InputError(
            f"image: got {_described(image)}; expected floating-point pictures [N, 3, H, W]"
        )


def _spatial(kept: dict[str, Tensor], layer: str, model: nn.Module) -> Tensor:
    if layer not in kept:
        raise InputError(
            f"layer: '{layer}' of {type(model).__name__} put out no tensor in this pass; name a "
            "layer that the pass goes through"
        )
    if kept[layer].ndim != 4:
        raise InputError(
            f"layer: '{layer}' puts out {list(kept[layer].shape)}; a map needs a layer with "
            "spatial output [N, C, h, w], before the pooling"
        )
    return kept[layer]


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} {list(value.shape)}"
    return f"a {type(value).__name__}"


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps at the size of the picture, by bilinear interpolation (``align_corners=False``).

    Args:
        maps: ``[N, K, h, w]``.
        size: (H, W).

    Returns:
        ``[N, K, H, W]``
    """
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)


def to_unit(maps: Tensor) -> Tensor:
    """Each map stretched to [0, 1], for display only: how strong a map is, is lost.

    Args:
        maps: ``[..., h, w]``; a constant map becomes zero.
    """
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    return (maps - low) / (high - low).clamp(min=torch.finfo(maps.dtype).tiny)
