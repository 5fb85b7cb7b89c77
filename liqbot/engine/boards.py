"""Which board a layer takes, and what boards have in common."""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from liqbot.engine.board import Board
from liqbot.engine.glimpse import Glimpse
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.engine.tracking import Memory
from liqbot.market.layer import Basis, Layer

AnyBoard: TypeAlias = Board | ModelledBoard
"""Takes updates, gives views."""


def board_of(layer: Layer) -> AnyBoard:
    """Return an empty board for what a source of this layer tells."""
    return ModelledBoard(layer) if layer.basis is Basis.MODELLED else Board(layer)


def glimpse_of(board: AnyBoard, coin: str) -> Glimpse | None:
    """Return what views of a part are made from, None where all is measured."""
    return board.glimpse(coin) if isinstance(board, ModelledBoard) else None


def memories_of(board: AnyBoard) -> dict[str, bytes]:
    """Return by coin what outlasts a restart."""
    if isinstance(board, ModelledBoard):
        return board.memories()
    return {memory.coin: msgspec.json.encode(memory) for memory in board.memory()}


def recall_into(board: AnyBoard, memories: Iterable[bytes]) -> None:
    """Give a new board what an earlier one remembered.

    Raises `msgspec.DecodeError` for what another version wrote.
    """
    if isinstance(board, ModelledBoard):
        board.recall(memories)
    else:
        board.recall(msgspec.json.decode(memory, type=Memory) for memory in memories)
