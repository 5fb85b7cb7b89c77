"""A line for every file of the product, for ARCHITECTURE.md: what its docstring says, and what it defines."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("liqbot", "plugins", "migrations", "benchmarks", "docs")
"""Where the files are that have a line; `tests/` mirrors them."""
BESIDE = "Not here:"
"""A paragraph of a docstring that begins so says what stands in files beside it; it belongs to the line."""
_COMMENT = re.compile(r"\A\s*(?:/\*\*?(.*?)\*/|((?://[^\n]*\n)+)|<!--(.*?)-->)", re.DOTALL)
_EVERYWHERE = {"_log", "model_config"}
"""What many files have and means the same in all of them."""
_KINDS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    says: str
    defines: str
    """Its names, in the order of the code; empty where it has none."""


def every_file() -> str:
    """Return the lines, folder by folder: what each file is, and folded away below them what it defines.

    Raises `SystemExit` that names a file which says nothing.
    """
    lines: list[str] = []
    for folder in _folders():
        files = [found for path in sorted(folder.iterdir()) if (found := _read(path)) is not None]
        if not files:
            continue
        place = f"{folder.relative_to(ROOT)}/"
        lines += [f"**`{place}`**", "", *(f"- `{file.name}`: {file.says}" for file in files), ""]
        defined = [f"- {file.name}: `{file.defines}`" for file in files if file.defines]
        if defined:
            head = f"<details><summary>Names in <code>{place}</code></summary>"
            lines += [head, "", *defined, "", "</details>", ""]
    return "\n".join(lines).rstrip()


def _folders() -> Iterator[Path]:
    for place in PLACES:
        top = ROOT / place
        below = (path for path in top.rglob("*") if path.is_dir() and "node_modules" not in path.parts)
        yield from [top, *sorted(below)]


def _read(file: Path) -> _File | None:
    """Return what is told of a file; None of one that has no line."""
    if file.suffix == ".py":
        text = file.read_text(encoding="utf-8")
        code = ast.parse(text)
        says, defines = ast.get_docstring(code) or "", _defined(code)
        is_empty = not text.strip()
    elif file.suffix in {".ts", ".mjs"} and "static" not in file.parts:
        text = file.read_text(encoding="utf-8")
        says, defines, is_empty = _comment(text), ", ".join(_exported(text)), False
    else:
        return None
    if is_empty:
        return None
    if not says:
        raise SystemExit(f"{file.relative_to(ROOT)}: it does not say what it is")
    first, *more = (" ".join(paragraph.split()) for paragraph in says.split("\n\n"))
    beside = [paragraph for paragraph in more if paragraph.startswith(BESIDE)]
    return _File(file.name, " ".join([first, *beside]), defines)


def _defined(code: ast.Module) -> str:
    """Return a module's names, in its order: classes with what is in them, functions, constants."""
    told: list[str] = []
    for node in code.body:
        if isinstance(node, ast.ClassDef):
            inside = ", ".join(_own(_members(node)))
            told.append(f"{node.name}({inside})" if inside else node.name)
        else:
            told += _own(_bound(node))
    return ", ".join(dict.fromkeys(told))


def _own(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in _EVERYWHERE and "__" not in name]


def _members(node: ast.ClassDef) -> Iterable[str]:
    """Return the fields and methods of a class, and the attributes that its methods give it."""
    names: list[str] = []
    for part in node.body:
        names += _bound(part)
        names += [
            inner.attr
            for inner in ast.walk(part)
            if isinstance(inner, ast.Attribute)
            and isinstance(inner.ctx, ast.Store)
            and isinstance(inner.value, ast.Name)
            and inner.value.id == "self"
        ]
    return dict.fromkeys(names)


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement binds."""
    if isinstance(node, _KINDS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _exported(text: str) -> list[str]:
    return re.findall(r"^export (?:async )?(?:function|class|const|interface|type) (\w+)", text, re.MULTILINE)


def _comment(text: str) -> str:
    found = _COMMENT.match(text)
    said = next((group for group in found.groups() if group), "") if found else ""
    return re.sub(r"^\s*(?://|\*)\s?", "", said, flags=re.MULTILINE).strip()
