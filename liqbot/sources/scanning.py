"""Scanning shared between processes: each asks for some of an exchange's accounts, within its own budget.

An account belongs to one of `SLOTS` slots by a hash of its name, and a slot to one of the processes that scan
now, by rendezvous hashing: where one comes or goes, only its own slots change hands.
"""

import hashlib
import zlib
from collections.abc import Collection
from typing import Protocol, runtime_checkable

import numpy as np

from liqbot.market.positions import Bools
from liqbot.sources.source import Source
from liqbot.store.scans import Scans

SLOTS = 256


def slot_of(account: str) -> int:
    """Return the slot of an account."""
    return zlib.crc32(account.encode()) % SLOTS


def slots_of(process: str, processes: Collection[str]) -> Bools:
    """Return which slots are those of `process` among the `processes` that scan; shape (SLOTS,)."""
    names = sorted({process, *processes})
    return np.array([max(names, key=lambda name: _claim(name, slot)) == process for slot in range(SLOTS)])


def _claim(process: str, slot: int) -> bytes:
    return hashlib.blake2b(f"{process}/{slot}".encode(), digest_size=8).digest()


class Scanning:
    """What a source knows of the processes that scan its venue, this one among them or not."""

    def __init__(self, scans: Scans) -> None:
        """Tell and read by `scans`. No slot is this process's before it is said so."""
        self.scans = scans
        self.slots: Bools = np.zeros(SLOTS, dtype=np.bool_)
        """Which accounts this process asks for."""


class Scanner(Source, Protocol):
    """A source that asks for accounts, and tells nothing of itself."""

    @property
    def oldest_s(self) -> float:
        """For how many seconds the account has waited that has waited longest of those that it asks for."""
        ...


@runtime_checkable
class WithScanning(Protocol):
    """A source that can take accounts from other processes, instead of asking for them itself."""

    def read_scans(self, scanning: Scanning) -> None:
        """Take accounts from there, from before it is followed on."""
        ...

    def scanner(self, scanning: Scanning) -> Scanner:
        """Return a source that asks for accounts and tells of them there; of itself it tells nothing.

        It asks from the same address, and so within the same budget.
        """
        ...
