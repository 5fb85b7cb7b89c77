"""Discord's published schemas, as validators: what they say is the contract, on both sides of the wire.

The REST API's OpenAPI description and the JSON Schema of the gateway's types lie beside the project. Where
they are missing, or jsonschema-rs is not installed, `Specs` checks nothing and `active` says so.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

try:
    import jsonschema_rs
except ImportError:  # the counterpart also runs where only the bot's own dependencies are
    jsonschema_rs = None

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "specs"

REST_FILE = "discord-openapi.json"
GATEWAY_FILE = "discord-gateway-types.schema.json"

EVENTS = {
    "CHANNEL_CREATE": "APIChannel",
    "CHANNEL_DELETE": "APIChannel",
    "CHANNEL_UPDATE": "APIChannel",
    "GUILD_CREATE": "GatewayGuildCreateDispatchData",
    "INTERACTION_CREATE": "GatewayInteractionCreateDispatchData",
    "MESSAGE_CREATE": "GatewayMessageCreateDispatchData",
    "MESSAGE_UPDATE": "GatewayMessageCreateDispatchData",
    "READY": "GatewayReadyDispatchData",
}
COMMANDS = {2: "GatewayIdentifyData", 3: "GatewayPresenceUpdateData", 6: "GatewayResumeData"}
IDS = {"id": {"type": "string", "pattern": "^[0-9]+$"}, "guild_id": {"type": "string"}}
OWN_SCHEMAS = {  # dispatches whose types the published file does not hold; from the documentation
    "GUILD_DELETE": {"type": "object", "required": ["id"], "properties": IDS},
    "GUILD_MEMBER_UPDATE": {"type": "object", "required": ["guild_id", "roles", "user"], "properties": IDS},
    "GUILD_MEMBERS_CHUNK": {
        "type": "object",
        "required": ["guild_id", "members", "chunk_index", "chunk_count"],
    },
    "GUILD_ROLE_UPDATE": {"type": "object", "required": ["guild_id", "role"], "properties": IDS},
    "MESSAGE_DELETE": {"type": "object", "required": ["id", "channel_id"], "properties": IDS},
    "RESUMED": {"type": "object"},
    "THREAD_CREATE": {
        "type": "object",
        "required": ["id", "type", "parent_id", "thread_metadata"],
        "properties": IDS,
    },
    "THREAD_DELETE": {
        "type": "object",
        "required": ["id", "guild_id", "parent_id", "type"],
        "properties": IDS,
    },
    "THREAD_UPDATE": {
        "type": "object",
        "required": ["id", "type", "parent_id", "thread_metadata"],
        "properties": IDS,
    },
}
CALLBACKS = {  # by the callback's type; the OpenAPI's union of all of them would let nearly anything through
    1: "PongInteractionCallbackRequest",
    4: "CreateMessageInteractionCallbackRequest",
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    7: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
}


class Specs:
    """Validators, compiled when first needed. Each check returns what is wrong in one line, or None."""

    def __init__(self, folder: Path = FOLDER, *, every: int = 1) -> None:
        """`every` n-th check is made, for benchmarks; 0 makes none."""
        self.active = every > 0 and jsonschema_rs is not None and (folder / REST_FILE).exists()
        self._every = every
        self._count = 0
        if self.active:
            self._rest = json.loads((folder / REST_FILE).read_text())
            strict = _with_named_errors(self._rest["components"])
            lenient = _with_integer_ids(self._rest["components"])
            gateway = _with_integer_flags(_with_open_parts(json.loads((folder / GATEWAY_FILE).read_text())))
            self._registry = jsonschema_rs.Registry(
                [
                    ("urn:answers", {"components": strict}),
                    ("urn:requests", {"components": lenient}),
                    ("urn:gateway", gateway),
                ]
            )
            self._compile = cache(self._compile_uncached)

    def routes(self) -> set[tuple[str, str]]:
        """Return every (method, path template) that the REST API describes."""
        return {
            (method.upper(), path)
            for path, methods in self._rest["paths"].items()
            for method in methods
            if method != "parameters"
        }

    def request(self, method: str, template: str, body: Any, content_type: str) -> str | None:
        if not self._turn():
            return None
        if template.endswith("/callback") and isinstance(body, dict):
            name = CALLBACKS.get(body.get("type"))
            return (
                self._check("requests", _component(name), body)
                if name
                else f"no callback type {body.get('type')}"
            )
        described = self._rest["paths"][template][method.lower()].get("requestBody")
        if described is None:
            return None if body is None else "this request takes no body"
        if body is None:
            return "the body is missing" if described.get("required") else None
        content = described["content"]
        if content_type not in content:
            return f"content type {content_type} where only {', '.join(content)} is taken"
        return self._check("requests", json.dumps(content[content_type]["schema"]), body)

    def answer(self, method: str, template: str, status: int, body: Any) -> str | None:
        if not self._turn():
            return None
        responses = self._rest["paths"][template][method.lower()]["responses"]
        described = responses.get(str(status)) or (responses.get("4XX") if 400 <= status < 500 else None)
        if described is None:
            return f"no status {status} is described"
        if "$ref" in described:
            described = self._rest["components"]["responses"][described["$ref"].rsplit("/", 1)[-1]]
        if "content" not in described:
            return None if body is None else "this answer has no body"
        return self._check("answers", json.dumps(described["content"]["application/json"]["schema"]), body)

    def event(self, name: str, data: Any) -> str | None:
        """Check what goes to a client as dispatch `name`."""
        if not self._turn():
            return None
        if name in EVENTS:
            return self._check("gateway", json.dumps({"$ref": f"#/definitions/{EVENTS[name]}"}), data)
        if name in OWN_SCHEMAS:
            return self._check("gateway", json.dumps(OWN_SCHEMAS[name]), data)
        return f"no schema for event {name}"

    def command(self, op: int, data: Any) -> str | None:
        """Check what a client sent on the gateway."""
        if not self._turn() or op not in COMMANDS:
            return None
        return self._check("gateway", json.dumps({"$ref": f"#/definitions/{COMMANDS[op]}"}), data)

    def _turn(self) -> bool:
        self._count += 1
        return self.active and self._count % self._every == 0

    def _check(self, registry: str, schema: str, instance: Any) -> str | None:
        validator = self._compile(registry, schema)
        if validator.is_valid(instance):
            return None
        error = _deepest(next(iter(validator.iter_errors(instance))))
        path = ".".join(str(step) for step in error.instance_path) or "(all of it)"
        return f"{path}: {error.message[-300:]}"

    def _compile_uncached(self, registry: str, schema: str) -> Any:
        anchored = json.loads(schema.replace('"$ref": "#', f'"$ref": "urn:{registry}#'))
        kind = jsonschema_rs.Draft7Validator if registry == "gateway" else jsonschema_rs.Draft202012Validator
        return kind(anchored, registry=self._registry)


def _deepest(error: Any) -> Any:
    """Return the error that explains best: of a union's branches, the one that goes wrong farthest inside."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        return error
    # a branch that fails on its very discriminator is not the one that was meant
    worst = [
        max((_deepest(inner) for inner in branch), key=lambda e: len(e.instance_path))
        for branch in branches
        if branch
    ]
    few = {id(found): len(branch) for found, branch in zip(worst, [b for b in branches if b], strict=True)}
    return max(worst, key=lambda e: (len(e.instance_path), -few[id(e)])) if worst else error


def _component(name: str) -> str:
    return json.dumps({"$ref": f"#/components/schemas/{name}"})


def _with_integer_ids(components: dict) -> dict:
    """A request may write an id as a number, permissions as a string: libraries do, Discord takes both."""
    schemas = dict(components["schemas"])
    schemas["SnowflakeType"] = {"anyOf": [schemas["SnowflakeType"], {"type": "integer", "minimum": 0}]}
    for name in ("ApplicationCommandUpdateRequest", "ApplicationCommandCreateRequest"):
        properties = dict(schemas[name]["properties"])
        permissions = properties["default_member_permissions"]
        properties["default_member_permissions"] = {
            "anyOf": [permissions, {"type": "string", "pattern": "^[0-9]+$"}]
        }
        schemas[name] = {**schemas[name], "properties": properties}
    return {**components, "schemas": schemas}


def _with_named_errors(components: dict) -> dict:
    """The codes in `errors` are names, like BASE_TYPE_MAX_LENGTH, where the schema has numbers."""
    named = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    inner = {
        "type": "object",
        "properties": {"_errors": {"type": "array", "items": named}},
        "required": ["_errors"],
    }
    schemas = {**components["schemas"], "InnerErrors": {**inner, "additionalProperties": False}}
    return {**components, "schemas": schemas}


def _with_open_parts(gateway: dict) -> dict:
    """Open what on the wire is more, or less, than its type.

    A resolved channel has more fields, which the documentation lists and discord.py needs. In a presence
    hikari leaves out the activities and sends the `game` of old; Discord takes it.
    """
    definitions = dict(gateway["definitions"])
    for name, definition in definitions.items():
        if name.startswith("APIInteractionDataResolvedChannel"):
            opened = json.dumps(definition).replace(
                '"additionalProperties": false', '"additionalProperties": true'
            )
            definitions[name] = json.loads(opened)
    presence = definitions["GatewayPresenceUpdateData"]
    required = [name for name in presence["required"] if name != "activities"]
    definitions["GatewayPresenceUpdateData"] = {
        **presence,
        "required": required,
        "additionalProperties": True,
    }
    return {**gateway, "definitions": definitions}


def _with_integer_flags(gateway: dict) -> dict:
    """The type generator wrote flags as an enumeration of single bits; on the wire they are sums of bits."""
    definitions = {
        name: {"type": "integer"} if name.endswith("Flags") else definition
        for name, definition in gateway["definitions"].items()
    }
    return {**gateway, "definitions": definitions}
