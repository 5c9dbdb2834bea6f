"""Errors and problems: a code, the place, what is wrong, and a hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    # unknown names
    "unknown-answer",  # an answer or code that the item does not have
    "unknown-audience",  # an audience that the instrument does not have
    "unknown-column",  # a column that the frame or file does not have
    "unknown-item",  # an item that the instrument, scale or list does not have
    "unknown-key",  # a key, setting or parameter that is unknown there
    "unknown-language",  # a language that is not available
    "unknown-name",  # another name that is unknown: a score, a section, an exercise, a finding
    "unknown-option",  # a value that is not one of those allowed
    "unknown-organisation",  # an organisation that the study or wave does not have
    "unknown-value",  # a value that the column does not hold
    "unknown-wave",  # a wave that the study or table does not have
    # parts that are missing
    "empty",  # a list, file, sheet or text without content
    "missing-argument",  # an argument or option that this call needs
    "missing-column",  # a column that a file or table must have
    "missing-key",  # a key or entry that a file must have
    "missing-value",  # a blank cell or a part without a value
    "no-answers",  # no one answered, or no answers are left
    "no-rows",  # a frame or table without rows
    "not-installed",  # an optional package that this needs
    "not-translated",  # a text without a translation
    # values that are not valid
    "above-population",  # more answers or sampled units than there are in the population
    "invalid-character",  # a character that the target cannot hold
    "invalid-name",  # a name or id that does not follow the rule for it
    "malformed",  # a text that is not written in the form required
    "not-a-date",  # a value that is not a date or time
    "not-a-number",  # a value that is not a number
    "not-finite",  # a number that is missing, infinite or negative where none may be
    "not-whole",  # a number that is not a whole number
    "out-of-range",  # a number outside its limits
    "reserved-code",  # a number that is a reserved code for missing answers
    "too-large",  # a file, table or computation above the limit
    "too-long",  # a text above the limit of characters
    "too-many",  # more entries than are allowed
    "unequal-length",  # lists whose lengths must agree
    "wrong-order",  # ends or dates in the wrong order
    "wrong-shape",  # a table or list with the wrong number of rows, columns or entries
    "wrong-sum",  # shares or weights that do not add up as they must
    "wrong-type",  # a value of another type or kind
    # parts that do not agree
    "ambiguous",  # something that can be read in more than one way
    "changed-text",  # a text that differs from the one it was made from
    "circular",  # conditions that depend on each other
    "conflict",  # options or entries that cannot be combined
    "contradiction",  # figures or statements that exclude each other
    "duplicate",  # something that is given more than once
    "duplicate-column",  # a column name that occurs more than once
    "duplicate-id",  # an id that occurs more than once
    "inconsistent",  # parts that must agree and differ
    "name-taken",  # a name that something else has already
    "not-asked",  # an audience that is not asked the item
    "unexpected-column",  # a column that is unknown and not listed as ignored
    "policy-changed",  # a policy weaker than the one of earlier releases
    "wrong-group",  # rows of another audience, organisation or wave
    "wrong-instrument",  # a file or wave of another questionnaire
    # data that a statistic cannot use
    "collinear",  # a column that repeats what others hold
    "empty-cell",  # a row, column or category of a table without respondents
    "lonely-unit",  # a stratum with one sampled unit
    "no-variation",  # values that do not vary
    "not-estimable",  # an estimate that the data or the design do not determine
    "too-few",  # fewer entries than are needed
    "too-few-answers",  # fewer respondents than are needed
    "unreachable",  # no value reaches what was asked for
    "unsuited-design",  # a design or weights that the procedure does not take
    "unsuited-item",  # an item of a type that the procedure does not take
    "unsuited-measure",  # a measure that the item or procedure does not have
    "unsuited-method",  # a method that does not apply to these data
    # files, folders and servers
    "access-denied",  # a password or right that is missing
    "active-content",  # a file with scripts, entities or event handlers
    "damaged-file",  # a file that is cut short, damaged or altered
    "file-exists",  # a file or folder that would be overwritten
    "file-not-found",  # a file or folder that does not exist
    "internal-error",  # a fault of the package itself
    "locked",  # a folder that another run is writing to
    "outside-folder",  # a path or link that leads out of its folder
    "ragged-row",  # a row with another number of cells than the heading
    "server-error",  # a server that did not answer as expected
    "syntax",  # text that does not follow its language: YAML, CSV, JSON, Python, routing
    "unreadable-cell",  # a cell of a workbook whose value is not stored
    "unreadable-file",  # a file that the system does not let us read
    "unsafe-address",  # an address that would reveal a password or the answers
    "unsupported",  # something that the target platform or program cannot express
    "unsupported-format",  # a file format that is not read or written here
    "unwritable",  # a file or folder that the system does not let us write
    "wrong-encoding",  # text in another character encoding
    "wrong-file",  # a file of another kind
    "wrong-key",  # a key that is too short, or not the one a ledger was made with
    "wrong-path",  # a folder where a file is needed, or the reverse
    # questionnaires
    "not-licensed",  # published words whose use is not allowed or not confirmed
    "agree-share",  # a questionnaire in which many questions are answered by agreeing
    "double-barrelled",  # two things asked in one question
    "leading",  # words that suggest an answer
    "length",  # a questionnaire that is long
    "negation",  # a negation in a statement to agree with
    "numeric-routing",  # a don't-know code compared as if it were a number
    "proxy",  # a question on other people without a don't-know
    "question-order",  # a question that moves the answers to a later one
    "reading-grade",  # a text that is hard to read
    "time-frame",  # how often or how much, without a time
    "typography",  # French marks and apostrophes not as they are printed
    "unbalanced-scale",  # a scale with more answers on one side
    "undeclared",  # a questionnaire without referents or without texts for respondents
    "unreachable-item",  # a question to which no answers lead, or all answers
    "vague",  # a quantity that each reader takes differently
]
"""Kinds of problems: stable when the wording changes; docs/errors.md explains each."""

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
    """One thing that is wrong with a file or an argument.

    Parameters
    ----------
    code
        The kind of problem, for programs and tests: it stays when the wording changes.
    where
        The place as its owner would look for it: "column burnout, row 12".
    what
        The rule that is broken.
    hint
        What to do about it.

    Examples
    --------
    >>> problem = Problem("unknown-column", "column burnot", "is not in the frame", "did you mean 'burnout'?")
    >>> print(problem)
    column burnot: is not in the frame; did you mean 'burnout'?
    >>> problem.code
    'unknown-column'
    """

    code: ProblemCode
    where: str
    what: str
    hint: str

    def __str__(self) -> str:
        text = _LONG_WORD.sub(_shortened, printable(f"{self.where}: {self.what}; {self.hint}"))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 4 :]}"


def _shortened(found: re.Match[str]) -> str:
    """Shorten a word of thousands of characters, such as a damaged path or cell."""
    return f"{found.group()[:120]}…{found.group()[-40:]}"


class ToolkitError(Exception):
    """Base class of everything this package raises on purpose."""


class InvalidInput(ToolkitError, ValueError):
    """A file or an argument that cannot be used; `problems` holds every problem found, not only the first."""

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
    """Raised if the policy does not allow a result to be shown."""


class NotConverged(ToolkitError):
    """Raised if an algorithm stops before it converges."""


def near_names(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Suggest known names that resemble the one given, regardless of case.

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
    return f"known: {listed}" if known else "no names are known"
