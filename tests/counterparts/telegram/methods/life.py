"""The bot itself: who it is, and its leaving of this server."""

import math
import time

from counterparts.telegram.refusals import too_many

from .registry import method

CLOSED_FOR = 600  # close is refused for ten minutes after the start


@method
def get_me(api, _):
    return api.world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": api.world.reads_all,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method
def log_out(api, _):
    api.logged_out = True
    return True


@method
def close(api, _):
    left = api.started_at + CLOSED_FOR - time.time()
    if left > 0:
        raise too_many(math.ceil(left))
    return True
