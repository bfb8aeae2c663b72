"""Published classifier files."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.errors import InputError

GOLDEN = Path(__file__).parent.parent / "golden" / "datasetgan"
PART = "datasetgan/pixel_classifier"


@pytest.mark.parametrize("variant", ["small", "large"])
def test_file_as_the_authors_save_it(variant, tmp_path):
    tensors = load_file(GOLDEN / f"pixel_classifier_{variant}.safetensors")
    state = {f"module.{k[6:]}": v for k, v in tensors.items() if k.startswith("state/")}
    torch.save({"model_state_dict": state}, tmp_path / "model_0.pth")
    classifier = official.load(tmp_path / "model_0.pth", PART)
    assert not classifier.training
    torch.testing.assert_close(
        classifier(tensors["in/features"]), tensors["out/logits"], atol=1e-4, rtol=0
    )
    with pytest.raises(InputError, match="numpy_class is 3, the file's tensors say"):
        official.load(tmp_path / "model_0.pth", PART, numpy_class=3)


def test_pickle_with_an_unknown_class_is_refused_and_named(tmp_path):
    class Code:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"model_state_dict": Code()}, tmp_path / "evil.pth")
    with pytest.raises(InputError, match=r"evil\.pth: refused.*run code.*mkdir"):
        official.load(tmp_path / "evil.pth", PART)
    assert not (tmp_path / "ran").exists()


def test_other_files_are_named(tmp_path):
    torch.save({"model_state_dict": [1]}, tmp_path / "list.pth")
    with pytest.raises(InputError, match="under 'model_state_dict', found list"):
        official.load(tmp_path / "list.pth", PART)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="holds no tensor 'layers.6.weight'"):
        official.load(tmp_path / "other.pth", PART)
