"""Sphinx directive for demos in a page.

    ```{live-demo} paint-landscapes
    What to look at: one or two sentences, under the demo.
    ```

The page gets a picture with a button over what the reader may open. Nothing of the demo itself is
loaded before that, and only pages that hold a demo load the small script with the button. Without
JavaScript the picture stands there with its text.

Options: ``fallback`` and ``alt`` put another picture, relative to the page, in the place of the
one that the build made of the demo.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

FOLDER = "live"


class live_demo(nodes.General, nodes.Element):
    """A demo; holds the picture, if another one was named, and the caption."""


class LiveDemo(SphinxDirective):
    """``{live-demo} name``, with the caption as content."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"fallback": directives.uri, "alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """The node, or an error that names the known demos."""
        name, known = self.arguments[0], demos(self.env)
        if name not in known:
            raise self.error(
                f"there is no demo '{name}'; nbgan.live.demos has: {', '.join(known) or 'none'}"
            )
        if ("fallback" in self.options) != ("alt" in self.options):
            raise self.error(
                "options 'fallback' and 'alt' go together: a picture and what it shows"
            )
        node = live_demo(name=name)
        if "fallback" in self.options:
            node += nodes.image(uri=self.options["fallback"], alt=self.options["alt"])
        caption = nodes.container(classes=["nbgan-live-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        node += caption
        return [node]


def visit_html(self: Any, node: live_demo) -> None:
    """The start of the demo's box; the caption follows as an ordinary child."""
    demo = demos(self.builder.env)[node["name"]]
    values = {"demo": node["name"], "open": demo["open"], "scripts": json.dumps(demo["scripts"])}
    data = " ".join(f'data-{key}="{html.escape(value)}"' for key, value in values.items())
    self.body.append(f'<div class="nbgan-live" {data}>\n<div class="nbgan-live-cover">\n')
    if isinstance(node.children[0], nodes.image):
        node.children[0].walkabout(self)
        node.pop(0)
    else:
        depth = "../" * self.builder.current_docname.count("/")
        source = f"{depth}_static/{FOLDER}/{demo['picture']}"
        alt = html.escape(demo["alt"])
        # The size keeps its place free: a picture that arrives late must not move the button
        # away from under a finger.
        width, height = demo["size"]
        size = f'width="{width}" height="{height}"'
        self.body.append(f'<img src="{source}" alt="{alt}" {size} loading="lazy">\n')
    self.body.append(
        "<noscript><p>With JavaScript, this picture opens as something to play with.</p></noscript>"
        "\n</div>\n"
    )


def depart_html(self: Any, node: live_demo) -> None:
    """The end of the box."""
    self.body.append("</div>\n")


def skip(self: Any, node: live_demo) -> None:
    """Other formats than HTML have nothing to play with."""
    raise nodes.SkipNode


def demos(env: Any) -> dict[str, Any]:
    """The demos that the build prepared, by name."""
    return env.nbgan_demos


def read_list(app: Any) -> None:
    """Read what the build prepared; a book without demos has no list."""
    app.env.nbgan_demos = {}
    for static in app.config.html_static_path:
        listed = Path(app.confdir) / static / FOLDER / "demos.json"
        if listed.exists():
            app.env.nbgan_demos = json.loads(listed.read_text())


def add_scripts(app: Any, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Script and style sheet, on pages that hold a demo."""
    if doctree is not None and next(doctree.findall(live_demo), None) is not None:
        app.add_js_file(f"{FOLDER}/loader.js", loading_method="defer")
        app.add_css_file(f"{FOLDER}/live.css")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(
        live_demo,
        html=(visit_html, depart_html),
        latex=(skip, None),
        text=(skip, None),
        man=(skip, None),
        texinfo=(skip, None),
    )
    app.add_directive("live-demo", LiveDemo)
    app.connect("builder-inited", read_list)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
