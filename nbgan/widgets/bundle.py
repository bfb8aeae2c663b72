"""Join small ES modules into the text of one, for places that can load only one.

anywidget takes one module text, and a page opened from disk cannot import from other files.
The accepted language is small on purpose: ``import { a, b } from "./x.js";``, ``export function``,
``export async function``, ``export class``, ``export const`` and, in the entry,
``export default``. Each module becomes a function of its own, so private names never collide.
"""

from __future__ import annotations

import re
from pathlib import Path

from nbgan.errors import InputError

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(
    rf'^import \{{\s*({_NAME}(?:,\s*{_NAME})*),?\s*\}} from "(\.\.?/[^"\n]+\.js)";[ \t]*$', re.M
)
_EXPORT = re.compile(rf"^export ((?:async )?function\*?|class|const) ({_NAME})", re.M)
_DEFAULT = re.compile(r"^export default (?!function\b|class\b|async\b)", re.M)
_LEFT_OVER = re.compile(r"^\s*(?:import|export)\b.*$|\bimport\s*\(.*$|\bimport\.meta\b.*$", re.M)
_COMMENT = re.compile(r"^\s*//.*$", re.M)


def bundle(entry: Path) -> str:
    """The text of one ES module with everything that ``entry`` imports.

    Args:
        entry: the module whose exports the result has.

    Raises:
        InputError: a file that is missing, a form of import or export other than those above, a
            name that the imported module does not export, or modules that import each other in a
            circle; the message names file and line.
    """
    modules: dict[Path, _Module] = {}
    _collect(entry.resolve(), modules, ())
    parts = []
    for number, module in enumerate(modules.values()):
        module.variable = f"$module{number}"
        parts.append(module.as_function(modules))
    last = modules[entry.resolve()]
    lines = [f"export const {name} = {last.variable}.{name};" for name in last.exports]
    if last.has_default:
        lines.append(f"export default {last.variable}.$default;")
    return "\n".join([*parts, *lines]) + "\n"


class _Module:
    """One file: its text without imports and exports, and what those said."""

    def __init__(self, path: Path, *, is_entry: bool) -> None:
        self.path = path
        self.variable = ""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InputError(f"{path}: no such module; check the path of the import") from None
        self.imports = [
            ((path.parent / where).resolve(), _names(names))
            for names, where in _IMPORT.findall(text)
        ]
        self.exports = [name for _, name in _EXPORT.findall(text)]
        self.has_default = is_entry and bool(_DEFAULT.search(text))
        self.text = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", text))
        if self.has_default:
            self.text = _DEFAULT.sub("const $default = ", self.text)
        left = _LEFT_OVER.search(_COMMENT.sub("", self.text))
        if left:
            raise InputError(
                f'{path}: cannot bundle "{left.group().strip()}"; allowed are '
                'import { a, b } from "./x.js"; and export function, class or const (and export '
                "default of an expression in the entry), each at the start of a line"
            )

    def as_function(self, modules: dict[Path, _Module]) -> str:
        head = []
        for path, names in self.imports:
            missing = [name for name in names if name not in modules[path].exports]
            if missing:
                raise InputError(
                    f"{self.path}: imports {', '.join(missing)} from {path.name}, which exports "
                    f"{', '.join(modules[path].exports) or 'nothing'}; correct the name"
                )
            head.append(f"const {{ {', '.join(names)} }} = {modules[path].variable};")
        given = [*self.exports, *(["$default"] if self.has_default else [])]
        return "\n".join(
            [
                f"// {self.path.name}",
                f"const {self.variable} = (() => {{",
                *head,
                self.text.strip(),
                f"return {{ {', '.join(given)} }};",
                "})();",
            ]
        )


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]


def _collect(path: Path, modules: dict[Path, _Module], importers: tuple[Path, ...]) -> None:
    """Add a module after all that it imports."""
    if path in importers:
        circle = " → ".join(p.name for p in (*importers[importers.index(path) :], path))
        raise InputError(f"{path}: modules import each other in a circle: {circle}; break it up")
    if path in modules:
        return
    module = _Module(path, is_entry=not importers)
    for imported, _ in module.imports:
        _collect(imported, modules, (*importers, path))
    modules[path] = module
