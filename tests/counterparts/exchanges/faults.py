"""What can be made to go wrong: an answer of another shape, nonsense, an error in an answer of status 200."""

from dataclasses import dataclass


@dataclass
class Fault:
    """One fault of an exchange, for requests whose path and parameters contain `path`, or for its frames."""

    venue: str
    kind: str
    """Of answers: `wrong-field`, `bad-number`, `null-row`, `error-200`, `empty`, `status`, `html`, `reset`.

    Of websockets: `silent`, `refuse`, `close` (at once), `garbage`.
    """
    path: str = ""
    field: str = ""
    """For `wrong-field` and `bad-number`: the name, or the place in rows that are lists."""
    value: str = ""
    """For `bad-number`: what stands there; for `status`: its number, and after a comma `Retry-After`."""
    times: int = -1
    """How often it happens; -1 for as long as it is not cleared."""
    rows: int = -1
    """For `bad-number`: in how many rows, -1 for all."""

    def strikes(self, venue, path):
        """Return whether it happens now; this counts."""
        if venue != self.venue or self.path not in path or not self.times:
            return False
        self.times -= 1
        return True


def renamed(payload, name):
    """Return `payload` with the field `name` called something else; rows that are lists lose their end."""
    if isinstance(payload, dict):
        return {(f"{key}_v2" if key == name else key): renamed(value, name) for key, value in payload.items()}
    if isinstance(payload, list):
        if payload and not isinstance(payload[0], dict | list):
            return payload[: int(name)] if name.isdigit() else payload
        return [renamed(row, name) for row in payload]
    return payload


def spoilt(payload, name, value, rows):
    """Return `payload` with `value` as the field `name` in its first so many rows."""
    left = [rows]

    def walk(part):
        if isinstance(part, dict):
            return {key: put(inner) if key == name else walk(inner) for key, inner in part.items()}
        if isinstance(part, list) and part and not isinstance(part[0], dict | list):
            return [put(inner) if str(place) == name else inner for place, inner in enumerate(part)]
        return [walk(row) for row in part] if isinstance(part, list) else part

    def put(inner):
        if not left[0]:
            return inner
        left[0] -= 1
        return value

    return walk(payload)


def nulled(payload, rows):
    """Return `payload` with null instead of the first so many rows of its innermost list of rows."""
    left = [rows if rows >= 0 else 1]

    def walk(part):
        if isinstance(part, dict):
            return {key: walk(inner) for key, inner in part.items()}
        if not (isinstance(part, list) and part and isinstance(part[0], dict | list)):
            return part
        if any(isinstance(inner, list) for row in part if isinstance(row, dict) for inner in row.values()):
            return [walk(row) for row in part]
        count = min(left[0], len(part))
        left[0] -= count
        return [None] * count + part[count:]

    return walk(payload)


def emptied(payload):
    """Return `payload` without rows."""
    if isinstance(payload, dict):
        return {key: emptied(value) for key, value in payload.items()}
    return [] if isinstance(payload, list) else payload
