"""All examples together: what they are, and that none of them needs to be trusted but the webhook."""

from pathlib import Path

import pytest
from markets import long, view_of
from plugins.examples import FOLDER, examples

from liqbot.builtin import RULES
from liqbot.hosting.plugins import Wanted, load_plugins

FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_example_has_a_test(file):
    assert (Path(__file__).parent / f"test_{file.stem}.py").exists()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_example_uses_only_the_public_face(file):
    imports = [
        line.split()[1] for line in file.read_text().splitlines() if line.startswith(("from ", "import "))
    ]
    assert {name for name in imports if name.startswith("liqbot")} == {"liqbot.plugin"}


def test_every_parameter_of_an_example_is_explained():
    plugins = examples()
    for one in [*plugins.rules.by_name.values(), *plugins.commands.values()]:
        assert all(parameter.help for parameter in one.form.parameters), one.name


def test_in_the_worker_they_say_the_same():
    view = view_of(long("ann", 600_000, at=98))
    plugins = load_plugins((), Wanted(folder=FOLDER))
    try:
        assert plugins.errors == []
        house = {rule.name for rule in RULES}
        assert plugins.rules.by_name.keys() == examples().rules.by_name.keys() - house
        for name, rule in plugins.rules.by_name.items():
            inside = examples().rules.by_name[name]
            assert rule.form.parameters == inside.form.parameters
            assert (rule.summary, rule.policy) == (inside.summary, inside.policy)
            assert rule.read(view, rule.form.defaults()) == inside.read(view, inside.form.defaults())
        assert plugins.marks(view) == examples().marks(view)
        [webhook] = [known for known in plugins.known if known.name == "webhook"]
        assert webhook.runs == "worker; its chat adapter webhook only when trusted"
    finally:
        plugins.close()
