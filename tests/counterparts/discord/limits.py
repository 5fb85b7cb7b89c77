"""How long and how many: the documented limits of a message, an answer, and a set of commands."""

from collections.abc import Iterator
from typing import Any

from .nouns import Json
from .refusal import invalid_at

ATTACHMENT_BYTES = 10 * 1024 * 1024
COMPONENTS_V2 = 1 << 15
ROW, BUTTON, STRING_SELECT = 1, 2, 3
LINK, PREMIUM = 5, 6

EMBED_LENGTHS = {"title": 256, "description": 4096}


def check_message(body: Json, files: list[Any], kept: int = 0) -> None:
    """Refuse, as Discord does, a message body beyond a limit. `kept` attachments stay from before an edit."""
    wrong = dict(_text(body)) | dict(_embeds(body.get("embeds") or []))
    wrong |= dict(_attachments(body, files, kept))
    wrong |= dict(
        _components(body.get("components") or [], v2=bool((body.get("flags") or 0) & COMPONENTS_V2))
    )
    if wrong:
        raise invalid_at(wrong)


def _text(body: Json) -> Iterator[tuple[str, str]]:
    if len(body.get("content") or "") > 2000:
        yield "content", "Must be 2000 or fewer in length."
    nonce = body.get("nonce")
    if isinstance(nonce, str) and len(nonce) > 25:
        yield "nonce", "Must be 25 or fewer in length."
    if (body.get("flags") or 0) & COMPONENTS_V2 and (body.get("content") or body.get("embeds")):
        yield "flags", "The content and embeds fields cannot be used with IS_COMPONENTS_V2."


def _embeds(embeds: list[Json]) -> Iterator[tuple[str, str]]:
    if len(embeds) > 10:
        yield "embeds", "Must be 10 or fewer in length."
    total = 0
    for i, embed in enumerate(embeds):
        fields = embed.get("fields") or []
        if len(fields) > 25:
            yield f"embeds.{i}.fields", "Must be 25 or fewer in length."
        texts = [(name, embed.get(name), limit) for name, limit in EMBED_LENGTHS.items()]
        texts.append(("footer.text", (embed.get("footer") or {}).get("text"), 2048))
        texts.append(("author.name", (embed.get("author") or {}).get("name"), 256))
        for j, field in enumerate(fields):
            for part, limit in (("name", 256), ("value", 1024)):
                if not field.get(part):
                    yield f"embeds.{i}.fields.{j}.{part}", "This field is required"
                texts.append((f"fields.{j}.{part}", field.get(part), limit))
        for name, text, limit in texts:
            total += len(text or "")
            if len(text or "") > limit:
                yield f"embeds.{i}.{name}", f"Must be {limit} or fewer in length."
    if total > 6000:
        yield "embeds", "Embed size exceeds maximum size of 6000"


def _attachments(body: Json, files: list[Any], kept: int) -> Iterator[tuple[str, str]]:
    if len(files) + kept > 10:
        yield "attachments", "Must be 10 or fewer in length."
    for i, attachment in enumerate(body.get("attachments") or []):
        if len(attachment.get("description") or "") > 1024:
            yield f"attachments.{i}.description", "Must be 1024 or fewer in length."


def _components(rows: list[Json], *, v2: bool) -> Iterator[tuple[str, str]]:
    if not v2:
        if len(rows) > 5:
            yield "components", "Must be 5 or fewer in length."
        for i, row in enumerate(rows):
            if row.get("type") != ROW:
                yield f"components.{i}.type", 'Value of field "type" must be 1 (an action row).'
    if sum(1 for _ in walk(rows)) > 40:
        yield "components", "Must be 40 or fewer in length."
    seen: set[str] = set()
    for path, component in walk(rows):
        yield from _component(path, component)
        custom_id = component.get("custom_id")
        if custom_id is not None and custom_id in seen:
            yield f"{path}.custom_id", "Component custom id cannot be duplicated"
        seen.add(custom_id or "")


def _component(path: str, component: Json) -> Iterator[tuple[str, str]]:
    inside = component.get("components") or []
    if component.get("type") == ROW:
        buttons = [child for child in inside if child.get("type") == BUTTON]
        if not 1 <= len(inside) <= 5 or (len(inside) > 1 and len(buttons) < len(inside)):
            yield f"{path}.components", "An action row holds 1 to 5 buttons, or one select."
    if component.get("type") == BUTTON:
        has_id, has_url = bool(component.get("custom_id")), bool(component.get("url"))
        if (component.get("style") == LINK) != has_url or (
            component.get("style") not in (LINK, PREMIUM)
        ) != has_id:
            yield path, "A link button has a url, every other button a custom_id."
        if not (component.get("label") or component.get("emoji")) and component.get("style") != PREMIUM:
            yield f"{path}.label", "A button needs a label or an emoji."
    if component.get("type") == STRING_SELECT and not 1 <= len(component.get("options") or []) <= 25:
        yield f"{path}.options", "Must be between 1 and 25 in length."
    for name, limit in (("custom_id", 100), ("label", 80), ("placeholder", 150)):
        if len(component.get(name) or "") > limit:
            yield f"{path}.{name}", f"Must be {limit} or fewer in length."


def walk(components: list[Json], path: str = "components") -> Iterator[tuple[str, Json]]:
    """Yield every component with its path, outer before inner."""
    for i, component in enumerate(components):
        here = f"{path}.{i}"
        yield here, component
        yield from walk(component.get("components") or [], f"{here}.components")
        if component.get("accessory"):
            yield f"{here}.accessory", component["accessory"]


def check_choices(choices: list[Json]) -> None:
    """Refuse more than 25 answers of an autocomplete, or one that is too long."""
    wrong = {"data.choices": "Must be 25 or fewer in length."} if len(choices) > 25 else {}
    for i, choice in enumerate(choices):
        for part in ("name", "value"):
            length = len(choice[part]) if isinstance(choice.get(part), str) else 1
            if not 1 <= length <= 100:
                wrong[f"data.choices.{i}.{part}"] = "Must be between 1 and 100 in length."
    if wrong:
        raise invalid_at(wrong)


def check_commands(commands: list[Json]) -> None:
    """Refuse more than 100 slash commands, the same name twice, or one of more than 8000 characters."""
    wrong: dict[str, str] = {}
    slash = [command["name"] for command in commands if (command.get("type") or 1) == 1]
    if len(slash) > 100:
        wrong["commands"] = "Maximum number of application commands reached (100)."
    for i, command in enumerate(commands):
        if commands.index(command) < i or slash.count(command["name"]) > 1:
            wrong[f"{i}.name"] = "Application command names must be unique"
        wrong |= {f"{i}.{path}": text for path, text in _command(command)}
        if _characters(command) > 8000:
            wrong[str(i)] = "A command's names, descriptions and values together exceed 8000 characters."
    if wrong:
        raise invalid_at(wrong)


def _command(command: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """A slash command or an option: the lengths, required before optional, choices."""
    is_option = bool(path)
    if (is_option or (command.get("type") or 1) == 1) and not 1 <= len(
        command.get("description") or ""
    ) <= 100:
        yield f"{path}description", "Must be between 1 and 100 in length."
    if command["name"] != command["name"].lower() or not 1 <= len(command["name"]) <= 32:
        yield f"{path}name", "Must be 1 to 32 characters in lower case."
    options, choices = command.get("options") or [], command.get("choices") or []
    if len(options) > 25 or len(choices) > 25:
        yield f"{path}options", "Must be 25 or fewer in length."
    if choices and command.get("autocomplete"):
        yield f"{path}autocomplete", "Choices and autocomplete cannot be used together."
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{path}options", "Required options must be placed before non-required options"
    for i, option in enumerate(options):
        yield from _command(option, f"{path}options.{i}.")


def _characters(command: Json) -> int:
    own = len(command["name"]) + len(command.get("description") or "")
    values = sum(len(choice["name"]) + len(str(choice["value"])) for choice in command.get("choices") or [])
    return own + values + sum(_characters(option) for option in command.get("options") or [])
