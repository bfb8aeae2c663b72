"""Translations wait for the update that takes them, and no longer."""

import torch
from torch import nn

from nbgan.ugatit.sharing import SharedTranslations, learning


def batch():
    return {"source": torch.zeros(1), "target": torch.zeros(1)}


def test_only_the_very_batch_is_found():
    shared, first, second = SharedTranslations(), batch(), batch()
    shared.keep(first, {})
    assert shared.find(first) == {} and shared.find(second) is None
    assert shared.take(first) == {} and shared.waiting == []
    assert shared.take(first) is None


def test_as_many_wait_as_a_step_accumulates():
    shared, batches = SharedTranslations(2), [batch() for _ in range(3)]
    for one in batches:
        shared.keep(one, {})
    assert shared.find(batches[0]) is None, "the oldest gave way"
    assert [source for source, _ in shared.waiting] == [b["source"] for b in batches[1:]]


def test_weights_ask_for_gradients_within_and_are_left_as_they_were():
    frozen, mixed = nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2)
    mixed.bias.requires_grad_(False)
    try:
        with learning([frozen, mixed]):
            assert all(p.requires_grad for n in (frozen, mixed) for p in n.parameters())
            raise KeyError
    except KeyError:
        pass
    assert not any(p.requires_grad for p in frozen.parameters())
    assert mixed.weight.requires_grad and not mixed.bias.requires_grad
