"""Generated sections of a document: between `<!-- NAME: … -->` and `<!-- /NAME -->`."""

import re


def replace_section(text: str, name: str, body: str) -> str:
    """Return `text` with `body` in its section `name`. Raises `LookupError` where there is none."""
    pattern = re.compile(rf"(<!-- {name}:[^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise LookupError(f"there is no section {name}")
    return pattern.sub(lambda found: found[1] + body + "\n" + found[2], text)
