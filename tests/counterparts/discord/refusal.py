"""What Discord says when it refuses: an HTTP status, a code of its own, and where in the body it hurts."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Refusal(Exception):  # noqa: N818 - refusing is this server's normal business, not its error
    """An answer in Discord's form of an error."""

    status: int
    code: int
    message: str
    where: dict[str, str] = field(default_factory=dict)  # dotted path in the body -> what is wrong there

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.where:
            body["errors"] = self._errors()
        return body

    def _errors(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        for path, wrong in self.where.items():
            place = errors
            for step in path.split("."):
                place = place.setdefault(step, {})
            place.setdefault("_errors", []).append({"code": "INVALID", "message": wrong})
        return errors


def invalid_form(**where: str) -> Refusal:
    return invalid_at({name.replace("__", "."): wrong for name, wrong in where.items()})


def invalid_at(where: dict[str, str]) -> Refusal:
    return Refusal(400, 50035, "Invalid Form Body", where)


def unknown_channel() -> Refusal:
    return Refusal(404, 10003, "Unknown Channel")


def unknown_message() -> Refusal:
    return Refusal(404, 10008, "Unknown Message")


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")
