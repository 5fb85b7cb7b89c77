"""A call as it came: its method, parameters from query, form, JSON or multipart, and its files."""

import json
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from .published import Upload
from .refusals import bad
from .world import number_or_name

LARGEST_BODY = 50 * 1024 * 1024


@dataclass
class Call:
    """One call of a method, and what became of it."""

    number: int
    method: str
    parameters: dict = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    at: float = field(default_factory=time.time)
    took: float | None = None
    status: int | None = None
    description: str = ""
    cause: str = ""  # why it failed, if not by itself: "limit", "flood wait", "fault"

    def text(self, name, default=""):
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, Upload):
            raise bad(f"{name} must be encoded in UTF-8")
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name, default=None):
        value = self.parameters.get(name)
        if value in (None, ""):
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f"can't parse {name} as an Integer") from None

    def flag(self, name):
        return str(self.parameters.get(name, "")).lower() in ("true", "1", "yes")

    def value(self, name):
        """Return a JSON-serialized parameter, or None."""
        value = self.parameters.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None

    @property
    def chat(self):
        """The chat as the call names it: a number where it is one."""
        return number_or_name(self.parameters.get("chat_id", ""))

    def shown(self):
        """Return the call as the control door tells of it."""
        parameters = {
            name: {"file": value.name, "bytes": len(value.content)} if isinstance(value, Upload) else value
            for name, value in (self.parameters | self.files).items()
        }
        return {
            "number": self.number,
            "method": self.method,
            "chat": self.chat or None,
            "parameters": parameters,
            "at": self.at,
            "took": self.took,
            "status": self.status,
            "description": self.description,
            "cause": self.cause,
        }


async def read(request, number, method):
    """Return the call that an HTTP request makes."""
    call = Call(number, method, dict(request.query))
    kind = request.content_type
    if request.method == "POST" and request.can_read_body:
        if kind == "multipart/form-data":
            await _read_parts(request, call)
        elif kind == "application/json":
            call.parameters |= _object(await request.read())
        elif kind == "application/x-www-form-urlencoded":
            call.parameters |= dict(parse_qsl((await request.text()), keep_blank_values=True))
    return call


def _object(body):
    try:
        given = json.loads(body or "{}")
    except ValueError:
        raise bad("can't parse request: JSON object expected") from None
    if not isinstance(given, dict):
        raise bad("can't parse request: JSON object expected")
    return {name: value for name, value in given.items() if value is not None}


async def _read_parts(request, call):
    """Read a multipart body: files that a parameter does not name are there for attach://."""
    async for part in await request.multipart():
        content = bytes(await part.read(decode=True))
        if part.filename is not None:
            call.files[part.name] = Upload(part.filename, content)
        else:
            call.parameters[part.name] = content.decode()


def attach(call):
    """Put uploaded files where the parameters want them: by the parameter's own name, or as attach://name.

    In objects, as `media`, the reference stays a string and is looked up when the file is needed.
    """
    for name, value in list(call.parameters.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            call.parameters[name] = attached(call, value)
    spoken_for = json.dumps([v for v in call.parameters.values() if not isinstance(v, Upload)])
    for name in list(call.files):
        meant = name in call.parameters or f"attach://{name}" in spoken_for
        if not meant and call.files[name] not in call.parameters.values():
            call.parameters[name] = call.files[name]


def attached(call, reference):
    """Return the file that an attach:// reference names."""
    name = reference.removeprefix("attach://")
    if name not in call.files:
        raise bad(f'file "{name}" is not attached')
    return call.files[name]
