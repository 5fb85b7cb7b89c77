"""What a bot is called by its platform and its own name: in keys of chats, leases, figures and logs.

`telegram` is the bot whose token stands in the section `telegram`, `telegram.second` the one of the section
`telegram.accounts.second`. What each bot has for itself (chats, limits, a sender) goes by this name; whatever
the platform counts or numbers for all bots alike (people, servers) by the platform, its kind.
"""

_DOT = "."


def account_name(kind: str, name: str) -> str:
    """Return what a bot with a name of its own is called on a platform: `telegram.second`."""
    return f"{kind}{_DOT}{name}"


def kind_of(platform: str) -> str:
    """Return the platform that a bot is on: `telegram` for `telegram.second`."""
    return platform.partition(_DOT)[0]
