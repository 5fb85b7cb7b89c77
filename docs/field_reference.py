"""The reference of fields: what a `MarketView` and all else that plugins get holds, read from the classes."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from itertools import pairwise

import liqbot.plugin
from liqbot.market.view import MarketView


def reference() -> str:
    """Return every class of `liqbot.plugin` that has fields, `MarketView` first, with all that it holds."""
    named = {name: getattr(liqbot.plugin, name) for name in liqbot.plugin.__all__}
    classes = [kind for kind in named.values() if isinstance(kind, type) and is_dataclass(kind)]
    ordered = sorted(dict.fromkeys(classes), key=lambda kind: (kind is not MarketView, kind.__name__))
    return "\n\n".join(part for kind in ordered if (part := _of(kind)))


def _of(kind: type) -> str:
    rows = [f"| `{name}` | {_code(held)} | {said} |" for name, held, said in _held(kind)]
    if not rows:
        return ""
    about = inspect.cleandoc(kind.__doc__ or "").split("\n\n", maxsplit=1)[0].replace("\n", " ")
    head = [f"## `{kind.__name__}`", "", about, "", "| name | type | what it is |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows])


def _held(kind: type) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of each public field, property and method, in the order of the code."""
    [body] = [
        node.body
        for node in ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        if isinstance(node, ast.ClassDef)
    ]
    for node, following in pairwise([*body, ast.Pass()]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id[0] != "_":
            told = following.value if isinstance(following, ast.Expr) else None
            said = told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else ""
            yield node.target.id, ast.unparse(node.annotation), _cell(said)
        elif isinstance(node, ast.FunctionDef) and node.name[0] != "_":
            is_property = any(
                isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list
            )
            name = node.name if is_property else f"{node.name}({_arguments(node)})"
            held = "" if node.returns is None else ast.unparse(node.returns)
            yield name, held, _cell(ast.get_docstring(node) or "")


def _arguments(node: ast.FunctionDef) -> str:
    names = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return ", ".join(name for name in names if name not in ("self", "cls"))


def _code(held: str) -> str:
    """Return a type as code in a cell; a bar in backquotes is split by some readers, and escaped by none."""
    bare = held.replace("'", "")
    return f"<code>{bare.replace('|', '&#124;')}</code>" if "|" in bare else f"`{bare}`"


def _cell(text: str) -> str:
    """Return `text` as it stands in a cell of a table: its first paragraph, on one line."""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split()).replace("|", r"\|").strip('"')
