"""The published description of the Bot API, compiled to checks of parameters and of results."""

import json
import re
from pathlib import Path

CONSTANT = re.compile(r"(?:, always|must be) [“\"]?(\w+)[”\"]?\.?$")
SIMPLE = {
    "Integer": lambda value: type(value) is int,
    "Float": lambda value: type(value) in (int, float),
    "Boolean": lambda value: type(value) is bool,
    "String": lambda value: type(value) is str,
    "True": lambda value: value is True,
}


WRITTEN = {
    "Integer": (re.compile(r"-?\d+"), int),
    "Float": (re.compile(r"-?\d+(\.\d+)?"), float),
    "Boolean": (re.compile("true|false", re.IGNORECASE), lambda value: value.lower() == "true"),
}


class Upload:
    """A file of a multipart body."""

    def __init__(self, name, content):
        self.name = name
        self.content = content


class Published:
    """Checks of methods and types. A check returns None, or what is wrong and where."""

    def __init__(self, path: Path):
        description = json.loads(path.read_text(encoding="utf-8"))
        self.version = description["version"]
        self._methods = {name.lower(): method for name, method in description["methods"].items()}
        self._types = description["types"]
        self._checks = {}
        self._parameters = {}
        self._results = {}

    def knows(self, method):
        return method.lower() in self._methods

    def wrong_parameters(self, method, given):
        """Say what is wrong with the parameters of a call, as they came: typed from JSON, else strings."""
        known = self._parameters.get(method) or self._known_parameters(method)
        for name, value in given.items():
            if name not in known:
                return f"{method} has no parameter “{name}”"
            check, types, _ = known[name]
            if (problem := check(_typed(value, types))) is not None:
                return f"{method}: {name}{problem}"
        for name, (_, _, required) in known.items():
            if required and name not in given:
                return f"{method}: {name} is missing"
        return None

    def wrong_result(self, method, result):
        """Say what is wrong with a result."""
        check = self._results.get(method)
        if check is None:
            check = self._results[method] = self._any(tuple(self._methods[method.lower()]["returns"]))
        problem = check(result)
        return None if problem is None else f"result of {method}{problem}"

    def wrong_update(self, update):
        problem = self._type("Update")(update)
        return None if problem is None else f"update{problem}"

    def _known_parameters(self, method):
        fields = self._methods[method.lower()].get("fields", [])
        known = {
            field["name"]: (self._any(tuple(field["types"])), tuple(field["types"]), field["required"])
            for field in fields
        }
        self._parameters[method] = known
        return known

    def _any(self, types):
        checks = [self._type(name) for name in types]
        if len(checks) == 1:
            return checks[0]

        def check(value):
            problems = []
            for one in checks:
                problem = one(value)
                if problem is None:
                    return None
                problems.append(problem)
            return max(problems, key=len)  # the one that came furthest

        return check

    def _type(self, name):
        if name not in self._checks:
            # Types refer to each other in circles, so the name is taken before its fields are looked at.
            self._checks[name] = lambda value: self._checks[name](value)  # noqa: PLW0108  looked up when called
            self._checks[name] = self._compiled(name)
        return self._checks[name]

    def _compiled(self, name):
        if name in SIMPLE:
            right = SIMPLE[name]
            return lambda value: None if right(value) else f" must be {name}, not {_shown(value)}"
        if name == "InputFile":
            return lambda value: (
                None if isinstance(value, Upload) else f" must be a file, not {_shown(value)}"
            )
        if name.startswith("Array of "):
            return _array(self._type(name.removeprefix("Array of ")))
        described = self._types[name]
        if "subtypes" in described:
            return self._any(tuple(described["subtypes"]))
        return self._object(name, described.get("fields", []))

    def _object(self, name, fields):
        checks = {field["name"]: self._field(field) for field in fields}
        required = frozenset(field["name"] for field in fields if field["required"])

        def check(value):
            if type(value) is not dict:
                return f" must be {name}, not {_shown(value)}"
            if not required <= value.keys():
                return f".{min(required - value.keys())} is missing ({name})"
            for key, inner in value.items():
                one = checks.get(key)
                if one is None:
                    return f".{key} is unknown ({name})"
                problem = one(inner)
                if problem is not None:
                    return f".{key}{problem}"
            return None

        return check

    def _field(self, field):
        check = self._any(tuple(field["types"]))
        constant = CONSTANT.search(field["description"])
        if constant is None or field["types"] != ["String"]:
            return check
        only = constant.group(1)
        return lambda value: None if value == only else f" must be “{only}”, not {_shown(value)}"


def _array(item):
    def check(value):
        if type(value) is not list:
            return f" must be an array, not {_shown(value)}"
        for place, one in enumerate(value):
            problem = item(one)
            if problem is not None:
                return f"[{place}]{problem}"
        return None

    return check


def _typed(value, types):
    """Return a parameter as its types want it: in forms, everything is written as a string."""
    if not isinstance(value, str) or types == ("String",):
        return value
    for name, (pattern, read) in WRITTEN.items():
        if name in types and pattern.fullmatch(value):
            return read(value)
    if "String" in types:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
