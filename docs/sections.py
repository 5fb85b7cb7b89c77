"""Generated sections of a document: between `<!-- NAME: … -->` and `<!-- /NAME -->`."""

import re


def replace_section(text: str, name: str, body: str) -> str:
    """Return `text` with `body` in its section `name`. Raises `LookupError` where there is no such section."""
    pattern = re.compile(rf"(<!-- {name}:[^>]*-->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise LookupError(f"there is no section {name}")
    return pattern.sub(lambda found: found[1] + body + found[2], text)
