"""Which function carries out which method."""

METHODS = {}


def method(function):
    """Register a function `(api, call) -> result` under the API's name for it: get_me is getMe."""
    first, *rest = function.__name__.split("_")
    METHODS[(first + "".join(rest)).lower()] = function
    return function
