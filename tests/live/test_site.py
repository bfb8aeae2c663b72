"""What the build writes for the pages: scripts, the list of demos, and its cache."""

import base64
import gzip
import json
import re

import pytest
from PIL import Image

from nbgan.live import site
from nbgan.live.demos import DEMOS, Demo


@pytest.fixture
def runtime(tmp_path):
    folder = tmp_path / "runtime"
    folder.mkdir()
    for file in site.RUNTIME_FILES.values():
        (folder / file).write_text(f"content of {file}")
    return folder


def make_demo(tmp_path, **changes):
    module = tmp_path / "tiny.js"
    module.write_text("export const open = async () => ({});\n")
    needed = tmp_path / "weights"
    needed.write_text("1")
    calls = []

    def make(folder):
        calls.append(folder)
        Image.new("RGB", (6, 4)).save(folder / "tiny.webp")
        (folder / "tiny.json").write_text("{}")
        (folder / "net.onnx").write_bytes(b"model")

    fields = {
        "name": "tiny",
        "module": module,
        "alt": "a picture",
        "invitation": "Open",
        "make": make,
        "needs": (needed,),
        "runtime": True,
    }
    return Demo(**{**fields, **changes}), calls, needed


def unpacked(path):
    """Assets of a script."""
    text = re.search(r"\{\"(?s:.*)\}\);$", path.read_text().strip()).group()[:-2]
    return {
        name: gzip.decompress(base64.b64decode(content))
        for name, content in json.loads(text).items()
    }


def prepare(tmp_path, runtime, demo):
    target = tmp_path / "live"
    site.prepare(
        target, runtime=runtime, cache=tmp_path / "cache", demos={demo.name: demo}, log=str
    )
    return target


def test_scripts_hold_what_the_demo_needs(tmp_path, runtime):
    demo, _, _ = make_demo(tmp_path)
    target = prepare(tmp_path, runtime, demo)
    page = unpacked(target / "tiny.js")
    assert set(page) == {"tiny.mjs", "tiny.json", "worker.js"}
    assert b"open" in page["tiny.mjs"]
    assert unpacked(target / "tiny.model.js") == {"net.onnx": b"model"}
    assert set(unpacked(target / "ort.js")) == {"ort.js", "ort.mjs", "ort.wasm"}
    with Image.open(target / "tiny.webp") as picture:
        assert picture.size == (6, 4)
    assert (target / "loader.js").exists() and (target / "live.css").exists()
    listed = json.loads((target / "demos.json").read_text())["tiny"]
    names = [script["name"].split("?")[0] for script in listed["scripts"]]
    assert names == ["tiny.js", "tiny.model.js", "ort.js"]
    assert listed["open"] == "Open" and listed["alt"] == "a picture"
    assert listed["size"] == [6, 4]


def test_a_demo_without_model_brings_no_runtime(tmp_path, runtime):
    demo, _, _ = make_demo(
        tmp_path,
        runtime=False,
        make=lambda folder: Image.new("RGB", (1, 1)).save(folder / "tiny.webp"),
    )
    target = prepare(tmp_path, runtime, demo)
    assert not (target / "ort.js").exists()
    assert set(unpacked(target / "tiny.js")) == {"tiny.mjs"}


def test_computed_once_until_something_changes(tmp_path, runtime):
    demo, calls, needed = make_demo(tmp_path)
    first = prepare(tmp_path, runtime, demo)
    address = json.loads((first / "demos.json").read_text())["tiny"]["scripts"][1]["name"]
    prepare(tmp_path, runtime, demo)
    assert len(calls) == 1
    needed.write_text("2")
    again = prepare(tmp_path, runtime, demo)
    assert len(calls) == 2
    # The same model under the same address: browsers need not load it again.
    assert json.loads((again / "demos.json").read_text())["tiny"]["scripts"][1]["name"] == address
    assert len(list((tmp_path / "cache" / "tiny").iterdir())) == 1


def test_a_failure_leaves_nothing_behind(tmp_path, runtime):
    def fail(folder):
        (folder / "half").touch()
        raise RuntimeError("no weights")

    demo, _, _ = make_demo(tmp_path, make=fail)
    with pytest.raises(RuntimeError, match="no weights"):
        prepare(tmp_path, runtime, demo)
    assert list((tmp_path / "cache" / "tiny").iterdir()) == []


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_every_demo_has_what_it_names(demo):
    assert re.fullmatch("[a-z-]+", demo.name)
    assert len(demo.alt) > 40
    for path in (demo.module, *demo.modules.values(), *demo.files, *demo.needs):
        assert path.is_file()
