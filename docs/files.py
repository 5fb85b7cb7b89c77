"""A line for every file of the product, for ARCHITECTURE.md: what its docstring says, and what it defines."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("liqbot", "plugins", "migrations", "benchmarks", "docs")
"""Where the files are that have a line; `tests/` mirrors them."""
NAMES = 24
"""So many names of what a file defines are told at most."""
_COMMENT = re.compile(r"\A\s*(?:/\*\*?(.*?)\*/|((?://[^\n]*\n)+)|<!--(.*?)-->)", re.DOTALL)


def every_file() -> str:
    """Return the lines, folder by folder. Raises `SystemExit` that names a file which says nothing."""
    lines: list[str] = []
    for folder in _folders():
        files = [line for file in sorted(folder.iterdir()) for line in _line(file)]
        if files:
            lines += [f"**`{folder.relative_to(ROOT)}/`**", "", *files, ""]
    return "\n".join(lines).rstrip()


def _folders() -> Iterator[Path]:
    for place in PLACES:
        top = ROOT / place
        below = (path for path in top.rglob("*") if path.is_dir() and "node_modules" not in path.parts)
        yield from [top, *sorted(below)]


def _line(file: Path) -> Iterator[str]:
    if file.suffix == ".py":
        text = file.read_text(encoding="utf-8")
        code = ast.parse(text)
        says, names = ast.get_docstring(code) or "", _names(code)
        is_empty = not text.strip()
    elif file.suffix in {".ts", ".mjs"} and "static" not in file.parts:
        text = file.read_text(encoding="utf-8")
        says, names, is_empty = _comment(text), _exported(text), False
    else:
        return
    if is_empty:
        return
    if not says:
        raise SystemExit(f"{file.relative_to(ROOT)}: it does not say what it is")
    first = " ".join(says.split("\n\n", maxsplit=1)[0].split())
    defines = f" ({', '.join(f'`{name}`' for name in names[:NAMES])})" if names else ""
    yield f"- `{file.name}`{defines}: {first}"


def _names(code: ast.Module) -> list[str]:
    """Return the public classes, functions and constants, in this order."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    defined = [node.name for node in code.body if isinstance(node, kinds)]
    targets = [
        target
        for node in code.body
        for target in (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
    ]
    constants = [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in dict.fromkeys([*defined, *constants]) if not name.startswith("_")]


def _exported(text: str) -> list[str]:
    return re.findall(r"^export (?:async )?(?:function|class|const|interface|type) (\w+)", text, re.MULTILINE)


def _comment(text: str) -> str:
    found = _COMMENT.match(text)
    said = next((group for group in found.groups() if group), "") if found else ""
    return re.sub(r"^\s*(?://|\*)\s?", "", said, flags=re.MULTILINE).strip()
