"""Codes and scoring of published scales whose words users must supply."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.fields import Code, Id, Strict, Truth, Wording
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document

__all__ = ["Adapter", "AdapterScore", "Grid", "adapter_names", "load_adapter"]

_FOLDER = Path(__file__).parent


class Grid(Strict):
    """Statements that share a set of answers: the rows of a matrix, in published order."""

    answers: Id
    rows: tuple[Id, ...] = ()


class AdapterScore(Strict):
    """A score: the columns it is the mean of, the reversed ones, and its display."""

    label: Wording
    items: tuple[str, ...] = Field(min_length=2)
    reverse: tuple[str, ...] = ()
    minimum: int | None = None
    multiply: float = 1.0
    favourable: Literal["high", "low", "none"]


class Adapter(Strict):
    """A published scale without its words.

    `answers` are codes in order, the lowest meaning least; `grids` the matrices it becomes; a `family` has
    one grid whose rows, and scores of them, its user names.
    """

    name: str
    reference: str
    licence: str
    confirm: str
    status: str
    family: Truth = False
    sensitive: Truth = False
    minimum_share: float | None = None
    answers: dict[Id, tuple[Code, ...]] = Field(min_length=1)
    grids: dict[Id, Grid] = Field(min_length=1)
    scores: dict[Id, AdapterScore] = Field(default_factory=dict)


def adapter_names() -> tuple[str, ...]:
    """List the names of published scales that can be borrowed.

    Examples
    --------
    >>> adapter_names()
    ('cbi', 'copsoq', 'olbi', 'orca', 'tis6', 'uwes3', 'who5')
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def load_adapter(name: str) -> Adapter:
    """Load the codes and scoring of a published scale.

    Parameters
    ----------
    name
        One of `adapter_names()`.

    Returns
    -------
    Adapter
        Its licence, what its user must confirm, its answers, grids and scores. No words of its statements.

    Raises
    ------
    InvalidInput
        A name that is not known; near names are offered.

    Examples
    --------
    >>> load_adapter("who5").scores["who5"].multiply
    20.0
    """
    if name not in adapter_names():
        hint = near_names(name, adapter_names())
        raise InvalidInput(
            "borrowed", [Problem("unknown-name", name, "no published scale is known by this name", hint)]
        )
    return checked(Adapter, read_document(_FOLDER / f"{name}.yaml"))
