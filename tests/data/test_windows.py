"""Windows cut out of items at random."""

import pytest
import torch

from nbgan.data.windows import RandomWindows
from nbgan.errors import InputError


class Ramp(torch.utils.data.Dataset):
    """Every pixel of every map tells where it was."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        place = torch.arange(8 * 12).reshape(8, 12)
        return {
            "image": place.float().expand(3, 8, 12),
            "label": place,
            "feature_ids": torch.arange(5),
        }


def test_all_maps_are_cut_at_one_place_and_tables_are_kept():
    torch.manual_seed(0)
    corners = set()
    windows = RandomWindows(Ramp(), (4, 6))
    assert len(windows) == 3
    for _ in range(200):
        item = windows[0]
        assert item["image"].shape == (3, 4, 6) and item["label"].shape == (4, 6)
        assert torch.equal(item["image"][0].long(), item["label"])
        assert torch.equal(item["feature_ids"], torch.arange(5))
        corners.add(int(item["label"][0, 0]))
    assert corners == {12 * top + left for top in range(5) for left in range(7)}


def test_one_random_state_gives_one_window():
    windows = RandomWindows(Ramp(), (4, 6))
    drawn = []
    for _ in range(2):
        torch.manual_seed(7)
        drawn.append(windows[1]["label"])
    assert torch.equal(*drawn)


def test_a_window_larger_than_a_picture_is_refused():
    with pytest.raises(InputError, match="window of 4 × 16 .* does not fit .* 8 × 12"):
        RandomWindows(Ramp(), (4, 16))[0]
