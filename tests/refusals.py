"""What a refusal is, for tests: the codes and the places of its problems, whatever its words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import pytest

from toolkit.errors import InvalidInput, ProblemCode

__all__ = ["Refusal", "needs_parquet", "problem"]

needs_parquet = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow (extra parquet) is not here")


@dataclass(frozen=True)
class Refusal:
    """A check for `pytest.raises(InvalidInput, check=...)`: exactly these problems, in any order.

    Parameters
    ----------
    problems
        Code and place of every problem; a place that begins with "…" stands for any that ends as it does, as
        "…/study.yaml" in a temporary folder.
    others
        Whether more problems may be there beside these.
    """

    problems: tuple[tuple[ProblemCode, str], ...]
    others: bool = False

    def __call__(self, error: BaseException) -> bool:
        if not isinstance(error, InvalidInput):
            return False
        left = [(one.code, one.where) for one in error.problems]
        for code, where in self.problems:
            found = [one for one in left if one[0] == code and _is_place(one[1], where)]
            if not found:
                return False
            left.remove(found[0])
        return self.others or not left

    def __add__(self, other: Refusal) -> Refusal:
        return Refusal(self.problems + other.problems, self.others or other.others)

    def among_others(self) -> Refusal:
        """Return a refusal that may have more problems than these."""
        return Refusal(self.problems, others=True)


def _is_place(raised: str, expected: str) -> bool:
    return raised.endswith(expected[1:]) if expected.startswith("…") else raised == expected


def problem(code: ProblemCode, where: str) -> Refusal:
    """Expect one problem.

    Examples
    --------
    >>> refusal = problem("unknown-column", "column burnot") + problem("out-of-range", "level")
    >>> refusal(InvalidInput("frame", []))
    False
    """
    return Refusal(((code, where),))
