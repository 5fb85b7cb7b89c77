"""No core dump is written of this process: its memory holds tokens, and what people wrote."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
"""Of <sys/prctl.h>."""


def write_none() -> None:
    """From now on leave no core dump, for a file or for whoever the system pipes them to.

    Nor may other processes of the same user look into this one, as into its environment.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a limit does not hold where dumps are piped
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
