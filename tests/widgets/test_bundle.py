"""Joining modules: what is accepted, what is refused and how it says so."""

from pathlib import Path

import pytest

from nbgan.errors import InputError
from nbgan.widgets import bundle as module
from nbgan.widgets.bundle import bundle

PAINTER = Path(module.__file__).parent / "painter" / "index.js"


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "index.js"


def evaluated(page, text, expression):
    """What an expression of the module ``m`` is, in a browser that knows only this text."""
    return page.evaluate(
        """async ([text, expression]) => {
          const file = new Blob([text], { type: "text/javascript" });
          const m = await import(URL.createObjectURL(file));
          return new Function("m", `return ${expression}`)(m);
        }""",
        [text, expression],
    )


def test_names_stay_private_and_exports_remain(tmp_path, open_page):
    entry = write(
        tmp_path,
        a='const secret = 1;\nexport function one() { return secret; }\nexport const NAME = "a";',
        b='import { one } from "./a.js";\nconst secret = 10;\n'
        "export class Two {\n  value = secret + one();\n}\n",
        index='import {\n  one,\n  NAME,\n} from "./a.js";\nimport { Two } from "./b.js";\n'
        "export async function sum() { return one() + new Two().value; }\n"
        "export default { name: NAME, two: new Two().value };\n",
    )
    page = open_page()
    text = bundle(entry)
    assert evaluated(page, text, "Object.keys(m).sort()") == ["default", "sum"]
    assert evaluated(page, text, "m.default") == {"name": "a", "two": 11}
    assert evaluated(page, text, "m.sum()") == 12


def test_each_module_is_there_once(tmp_path):
    entry = write(
        tmp_path,
        base="export const list = [];",
        a='import { list } from "./base.js";\nexport const a = list.push(1);',
        b='import { list } from "./base.js";\nexport const b = list.push(2);',
        index='import { a } from "./a.js";\nimport { b } from "./b.js";\nexport const c = a + b;',
    )
    assert bundle(entry).count("const list = []") == 1


def test_painter_is_one_self_contained_module(open_page):
    text = bundle(PAINTER)
    assert not any(line.startswith("import ") for line in text.splitlines())
    page = open_page()
    assert evaluated(page, text, "[typeof m.createPainter, typeof m.default.render]") == [
        "function",
        "function",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"index": 'import thing from "./a.js";'}, "cannot bundle"),
        (
            {"index": 'import { a as b } from "./a.js";', "a": "export const a = 1;"},
            "cannot bundle",
        ),
        ({"index": 'import * as a from "./a.js";'}, "cannot bundle"),
        ({"index": 'import { a } from "far-away";'}, "cannot bundle"),
        ({"index": "const a = 1;\nexport { a };"}, "cannot bundle"),
        ({"index": "export let a = 1;"}, "cannot bundle"),
        ({"index": "const a = await import(`./a.js`);"}, "cannot bundle"),
        ({"index": "const a = import.meta.url;"}, "cannot bundle"),
        ({"index": "export default function a() {}"}, "cannot bundle"),
        (
            {"index": 'import { a } from "./a.js";', "a": "export const a = 1;\nexport default a;"},
            "cannot bundle",
        ),
        ({"index": 'import { a } from "./none.js";'}, "none.js: no such module"),
        (
            {"index": 'import { a, b } from "./a.js";', "a": "export const a = 1;"},
            "imports b from a.js, which exports a",
        ),
        (
            {
                "index": 'import { a } from "./a.js";\nexport const i = 1;',
                "a": 'import { i } from "./index.js";\nexport const a = 1;',
            },
            "circle: index.js → a.js → index.js",
        ),
    ],
)
def test_anything_else_is_refused(tmp_path, files, message):
    with pytest.raises(InputError, match=message):
        bundle(write(tmp_path, **files))
