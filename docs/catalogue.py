"""The template of the text catalogue: every sentence that people read, gathered from code and help texts.

    python -m docs.catalogue            says whether `liqbot/text/catalogues/liqbot.pot` is that of the code
    python -m docs.catalogue --write    renews it; `python -m docs.check --write` does so as well

A translation is begun with `pybabel init -i liqbot.pot -o de.po -l de`, and brought up to date with
`pybabel update`.
"""

import contextlib
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from liqbot.builtin import RULES
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import Command
from liqbot.chat.telegram.own_commands import OWN_COMMANDS
from liqbot.rules.common_parameters import Policy, common_parameters
from liqbot.rules.parameters import Parameter
from liqbot.rules.wording import paragraphs
from liqbot.service.delivery_options import CHOICES
from liqbot.text.catalogue import FOLDER

ROOT = Path(__file__).parents[1]
TEMPLATE = FOLDER / "liqbot.pot"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "UserError": None}
"""The calls whose first argument is a sentence: babel's own form of them."""
HEAD = "# Every sentence that people read of liqbot. Written by `python -m docs.catalogue --write`.\n"


def template() -> str:
    """Return the template: a sentence and the files that say it, in the order of the alphabet."""
    catalog = Catalog(project="liqbot", charset="utf-8")
    for file in sorted((ROOT / "liqbot").rglob("*.py")):
        place = str(file.relative_to(ROOT))
        for message in _messages(file):
            if message and (isinstance(message, tuple) or message.strip()):
                catalog.add(message, locations=[(place, None)])
    for place, text in help_texts():
        catalog.add(text, locations=[(place, None)])
    written = io.BytesIO()
    write_po(written, catalog, width=120, sort_output=True, omit_header=True, include_lineno=False)
    return HEAD + "\n" + written.getvalue().decode()


def _messages(file: Path) -> list[object]:
    # It says that an f-string cannot be translated, also where that is only a value within a sentence.
    with contextlib.redirect_stderr(io.StringIO()):
        found = extract_from_file("python", file, keywords=KEYWORDS)
        return [message for _line, message, _comments, _context in found]


def help_texts() -> Iterator[tuple[str, str]]:
    """Yield what stands in no call: the docstrings of commands and rules, and what parameters are for."""
    for command in (*COMMANDS, *OWN_COMMANDS):
        yield from ((_file_of(command), text) for text in paragraphs(command.function))
        if command.form is not None:
            yield from _of_parameters(_file_of(command), command.form.parameters)
    for rule in RULES:
        place = str(Path(rule.file).relative_to(ROOT))
        yield from ((place, text) for text in rule.text)
        yield from _of_parameters(place, [one for one in rule.form.parameters if not one.standing])
    yield from _of_parameters("liqbot/rules/common_parameters.py", common_parameters(Policy(apart=1)))
    yield from _of_parameters("liqbot/rules/common_parameters.py", common_parameters(Policy(is_event=True)))
    yield from _of_parameters("liqbot/service/delivery_options.py", CHOICES)


def _of_parameters(place: str, parameters: Iterable[Parameter]) -> Iterator[tuple[str, str]]:
    yield from ((place, one.help) for one in parameters if one.help)


def _file_of(command: Command) -> str:
    return command.function.__module__.replace(".", "/") + ".py"


def is_renewed() -> bool:
    """Return whether the template is that of the code."""
    return TEMPLATE.exists() and TEMPLATE.read_text(encoding="utf-8") == template()


def renew() -> None:
    """Write the template anew."""
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(template(), encoding="utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        renew()
    sys.exit(0 if is_renewed() else f"{TEMPLATE}: is not that of the code; renew it with --write")
