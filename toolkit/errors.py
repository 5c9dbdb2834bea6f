"""What can go wrong, and how it is said: where, what, and how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "DisclosureError",
    "InvalidInput",
    "NotConverged",
    "Problem",
    "ToolkitError",
    "near_names",
    "printable",
]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONG_WORD = re.compile(r"\S{240,}")
_MOST_COMPARED = 500
"""Letters of a name, and names it is compared with: the time grows with both."""
_LONGEST = 3_000
"""Characters of one problem in a message."""
_MOST_LISTED = 100
"""Problems that a message lists; the others are counted, and all are in `problems`."""


def printable(text: str, *, keep: str = "") -> str:
    """Write control characters as escapes, so that a terminal prints them and does not obey them.

    Parameters
    ----------
    keep
        Characters that stay as they are.

    Examples
    --------
    >>> printable("one\\x1b[2Jtwo")
    'one\\\\x1b[2Jtwo'
    """

    def escaped(found: re.Match[str]) -> str:
        sign = found.group()
        return sign if sign in keep else sign.encode("unicode_escape").decode("ascii")

    return _CONTROL.sub(escaped, text)


@dataclass(frozen=True)
class Problem:
    """One thing its owner can mend.

    Parameters
    ----------
    where
        The place as its owner would look for it: "column burnout, row 12".
    what
        The rule that is broken.
    mend
        What to do about it.
    """

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        said = _LONG_WORD.sub(_shortened, printable(f"{self.where}: {self.what}; {self.mend}"))
        return said if len(said) <= _LONGEST else f"{said[: _LONGEST // 2]} … {said[-_LONGEST // 4 :]}"


def _shortened(found: re.Match[str]) -> str:
    """A word of thousands of letters, as a spoilt path or cell may be."""
    return f"{found.group()[:120]}…{found.group()[-40:]}"


class ToolkitError(Exception):
    """Everything this package raises on purpose."""


class InvalidInput(ToolkitError, ValueError):
    """A file or argument its owner can mend; carries every problem found, not only the first."""

    def __init__(self, source: object, problems: Iterable[Problem]) -> None:
        self.source = str(source)
        self.problems = tuple(problems)
        listed = "\n".join(f"  {problem}" for problem in self.problems[:_MOST_LISTED])
        if len(self.problems) > _MOST_LISTED:
            listed += f"\n  … and {len(self.problems) - _MOST_LISTED:,} more"
        named = _LONG_WORD.sub(_shortened, printable(self.source))
        super().__init__(f"{named}: {len(self.problems)} problem(s)\n{listed}")

    def __reduce__(self) -> tuple[type, tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.source, self.problems)


class DisclosureError(ToolkitError):
    """Something was about to be shown that the policy does not allow."""


class NotConverged(ToolkitError):
    """An algorithm stopped without reaching its goal."""


def near_names(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Say which known names look like the one given, small and capital letters being the same.

    Examples
    --------
    >>> near_names("org-7", ["org-07", "org-08"])
    "did you mean 'org-07' or 'org-08'?"
    """
    name, known = str(name)[:_MOST_COMPARED], [one for one in known if one != name][:_MOST_COMPARED]
    folded: dict[str, str] = {}
    for one in known:
        folded.setdefault(one.casefold(), one)
    near = [folded[found] for found in difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.6)]
    if near:
        return "did you mean " + " or ".join(repr(found) for found in near) + "?"
    listed = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
    return f"known: {listed}" if known else "nothing is known under any name"
