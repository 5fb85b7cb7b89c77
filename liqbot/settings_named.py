"""Settings that are many sections, each by a name that an operator gives: `telegram.accounts.NAME`."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

_STAR = "*"
"""What stands for the name."""


def named_section(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the kind of section of which a setting takes many, each by a name; None for another setting."""
    kinds = [one for one in get_args(model.model_fields[name].annotation) if isinstance(one, type)]
    return next((one for one in kinds if issubclass(one, BaseModel)), None)


def named_keys(model: type[BaseModel], section: str = "") -> Iterator[str]:
    """Yield what sections with a name take, with a star for the name: `telegram.accounts.*.token`."""
    for name, field in model.model_fields.items():
        named = named_section(model, name)
        if named is not None:
            yield from (f"{section}{name}.{_STAR}.{key}" for key in named.model_fields)
        elif isinstance(field.default, BaseModel):
            yield from named_keys(type(field.default), f"{section}{name}.")


def with_a_star(key: str) -> str:
    """Return a setting with a star for the last but one part of its name, where there is one."""
    *section, name, setting = ["", *key.split(".")]
    return ".".join([*section[1:], _STAR, setting]) if name else key
