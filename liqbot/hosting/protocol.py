"""What the bot and its worker say to each other: frames of msgpack, each with its length before it."""

import struct
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from liqbot.market.marks import Mark
from liqbot.message import Message
from liqbot.rules.common_parameters import Policy
from liqbot.rules.contributions import KIND_WORDS, Contribution, PluginCommand
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import Parameter, Value
from liqbot.rules.plugin_discovery import Candidate
from liqbot.rules.plugin_loading import LoadError
from liqbot.rules.rule import Need, Rule

LENGTH = struct.Struct("<I")
LARGEST = 64 * 2**20
"""A frame of more bytes is a fault of whoever sent it."""
CallKind: TypeAlias = Literal["rule", "forget", "command", "overlay"]


class Load(msgspec.Struct, tag=True, frozen=True):
    """Load these plugins, and keep to `memory_mb` MB beyond what is held at the start."""

    candidates: list[Candidate]
    memory_mb: int
    hidden: list[str]
    """Files that a plugin has no business to read: the settings, the database."""


class Call(msgspec.Struct, frozen=True):
    """One thing to be read of a view."""

    kind: CallKind
    name: str
    values: dict[str, Value] = {}
    memory: bytes | None = None
    who: str = ""
    events: tuple[bytes, ...] = ()
    """What led to the view, for rules that read events; each as `market/wire.py` writes it."""


class Ask(msgspec.Struct, tag=True, frozen=True):
    """Answer these calls, one after the other, on one view; without bytes on the view before."""

    view: bytes | None
    calls: list[Call]


class Item(msgspec.Struct, frozen=True):
    """A contribution, described."""

    kind: str
    """As in `KIND_WORDS`."""
    name: str
    text: tuple[str, ...]
    file: str
    line: int | None
    parameters: tuple[Parameter, ...] = ()
    policy: Policy = Policy()
    renamed: dict[str, str] = {}
    refused: dict[str, str] = {}
    needs: tuple[Need, ...] = ()


class Loading(msgspec.Struct, tag=True, frozen=True):
    """The plugin in `file` is being loaded: whatever ends the worker now is its doing."""

    file: str


class Brought(msgspec.Struct, tag=True, frozen=True):
    """What the plugin in `file` brings."""

    file: str
    items: list[Item]


class Refused(msgspec.Struct, tag=True, frozen=True):
    """A plugin that could not be loaded."""

    file: str
    line: int | None
    reason: str

    @property
    def error(self) -> LoadError:
        """The same for the operator."""
        return LoadError(Path(self.file), self.line, self.reason)


class Ready(msgspec.Struct, tag=True, frozen=True):
    """All plugins have been loaded or refused."""


class Answer(msgspec.Struct, tag=True, frozen=True):
    """What came of one call."""

    hits: tuple[Hit, ...] = ()
    memory: bytes | None = None
    marks: tuple[Mark, ...] = ()
    message: Message | None = None


class Fault(msgspec.Struct, tag=True, frozen=True):
    """A call failed. `fatal` where the worker cannot be trusted after it."""

    reason: str
    fatal: bool = False


class Done(msgspec.Struct, tag=True, frozen=True):
    """All calls were answered."""

    grown_mb: dict[str, float]
    """By how much each rule let the process grow."""
    resident_mb: float


ToWorker: TypeAlias = Load | Ask
FromWorker: TypeAlias = Loading | Brought | Refused | Ready | Answer | Fault | Done
_encoder = msgspec.msgpack.Encoder()
to_worker = msgspec.msgpack.Decoder(ToWorker)
from_worker = msgspec.msgpack.Decoder(FromWorker)


def frame(message: ToWorker | FromWorker) -> bytes:
    """Return a message as it goes through a pipe."""
    data = _encoder.encode(message)
    return LENGTH.pack(len(data)) + data


def described(item: Contribution) -> Item:
    """Return a contribution as it can be told to the bot, which has none of its code."""
    form = item.form.parameters if isinstance(item, Rule | PluginCommand) else ()
    policy = item.policy if isinstance(item, Rule) else Policy()
    renamed = item.form.renamed if isinstance(item, Rule) else {}
    refused = item.form.refused if isinstance(item, Rule) else {}
    return Item(
        KIND_WORDS[type(item)],
        item.name,
        item.text,
        item.file,
        item.line,
        form,
        policy,
        renamed,
        refused,
        tuple(sorted(item.needs)) if isinstance(item, Rule) else (),
    )
