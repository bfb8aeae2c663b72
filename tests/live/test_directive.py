"""The directive ``live-demo``, in a book of two pages."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from book.tools.build import ROOT

ENTRY = {
    "alt": "a lake",
    "open": "Open the painter",
    "picture": "paint.webp",
    "size": [784, 384],
    "scripts": [{"name": "paint.js?v=1", "bytes": 1}],
}


def build(folder, page):
    (folder / "static/live").mkdir(parents=True)
    (folder / "static/live/demos.json").write_text(json.dumps({"paint": ENTRY}))
    for name in ("loader.js", "live.css", "paint.webp"):
        (folder / "static/live" / name).touch()
    Image.new("RGB", (4, 4)).save(folder / "own.png")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book/_ext')!r})\n"
        "extensions = ['myst_parser', 'live_demo']\nhtml_static_path = ['static']\n"
        "html_theme = 'basic'\nexclude_patterns = ['out']\n"
    )
    (folder / "index.md").write_text("# Plain\n\n```{toctree}\nbelow/page\n```\n")
    (folder / "below").mkdir()
    (folder / "below/page.md").write_text(f"# Page\n\n{page}\n")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
    done = subprocess.run(
        [*command, str(folder), str(folder / "out")], capture_output=True, text=True
    )
    return done.returncode, done.stderr, folder / "out"


def test_a_page_with_a_demo(tmp_path):
    code, said, out = build(tmp_path, "```{live-demo} paint\nPaint a *lake*.\n```")
    assert (code, said) == (0, "")
    page = (out / "below/page.html").read_text()
    assert 'data-demo="paint"' in page and 'data-open="Open the painter"' in page
    size = 'width="784" height="384"'  # keeps its place free until it arrives
    assert f'<img src="../_static/live/paint.webp" alt="a lake" {size} loading="lazy">' in page
    assert "Paint a <em>lake</em>." in page
    assert "<noscript>" in page
    assert 'defer="defer" src="../_static/live/loader.js' in page
    assert "_static/live/live.css" in page
    assert "paint.js?v=1" in page and "<script src=" not in page.split("data-scripts")[1]


def test_other_pages_load_nothing_of_it(tmp_path):
    _, _, out = build(tmp_path, "```{live-demo} paint\n```")
    assert "live" not in (out / "index.html").read_text().split("toctree-l1")[0]
    assert "loader.js" not in (out / "index.html").read_text()


def test_another_picture(tmp_path):
    demo = "```{live-demo} paint\n:fallback: ../own.png\n:alt: a hill\n```"
    code, said, out = build(tmp_path, demo)
    assert (code, said) == (0, "")
    page = (out / "below/page.html").read_text()
    assert 'alt="a hill"' in page and "_images/own.png" in page
    assert 'alt="a lake"' not in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{live-demo} paimt\n```", "there is no demo 'paimt'; nbgan.live.demos has: paint"),
        ("```{live-demo} paint\n:fallback: ../own.png\n```", "'fallback' and 'alt' go together"),
    ],
)
def test_mistakes_stop_the_build(tmp_path, text, message):
    code, said, _ = build(tmp_path, text)
    assert code != 0
    assert message in said
