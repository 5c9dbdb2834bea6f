"""Comments: free text with identifying details removed, approved by an analyst, before it is quoted.

Nothing is quoted unread: rules remove what looks like an address or a number, and names that
are known. They miss nicknames, job titles, places and events that single somebody out; the analyst does not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pandas as pd
from pydantic import Field, field_validator

from toolkit.disclosure.policy import Policy, admit
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.instrument.yaml_loader import Strict
from toolkit.platforms.files.delimited import read_sheet

REVIEW_COLUMNS = ("comment", "organisation", "wave", "item", "text", "tags", "approved")
"""The columns of a review file; the analyst edits the last three."""

_RULES = (
    ("[e-mail]", re.compile(r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+(?:\.[\w-]+)+", re.I)),
    ("[address]", re.compile(r"(?:https?://|www\.)\S+", re.I)),
    ("[handle]", re.compile(r"(?<![\w@])@\w{2,}")),
    ("[number]", re.compile(r"(?<!\w)[+(]?\d(?:[\s().\-/]*\d){4,}(?!\w)")),
    ("[id]", re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]{6,}\b")),
)
"""Marks and what they replace. Five digits, with or without separators, cover telephone and staff numbers."""


class CommentRules(Strict):
    """The key `comments` of a study file.

    Parameters
    ----------
    items
        Text items that may be quoted.
    review
        The review file beside the study file; without it nothing is quoted.
    consent
        Item → the codes of those who agreed to be quoted; "asked" where the questionnaire's own text asks
        it of all who answer.
    threshold
        How many must have commented in groups that may be shown, before any comment is quoted; at least 5.
    names
        A text file with one name or place per line, to be removed wherever it occurs.
    tags
        Tag → words that suggest it.
    """

    items: tuple[str, ...] = Field(min_length=1)
    review: str | None = None
    consent: str | dict[str, tuple[str, ...]]
    threshold: int = Field(default=10, ge=5)
    names: str | None = None
    tags: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("threshold", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value) else value

    def problems(self, instrument: Instrument) -> Iterable[Problem]:
        """List items that are unknown or of the wrong kind, and consent that cannot be read."""
        known = {variable.name: variable for variable in instrument.variables}
        for name in self.items:
            if name not in known or known[name].kind != "text":
                texts = [one for one, variable in known.items() if variable.kind == "text"]
                what = "is not a text item of the instrument"
                yield Problem("unknown-item", f"comments → items → {name}", what, near_names(name, texts))
        if isinstance(self.consent, str):
            if self.consent != "asked":
                hint = 'name the item and its codes: {quote: ["1"]}, or write asked'
                yield Problem("unknown-option", "comments → consent", f"unknown value '{self.consent}'", hint)
            return
        for name, codes in self.consent.items():
            where = f"comments → consent → {name}"
            if name not in known or known[name].kind != "single":
                yield Problem("unknown-item", where, "is not a choice item", near_names(name, known))
                continue
            for code in codes:
                if code not in known[name].categories or code.startswith("-"):
                    hint = near_names(code, known[name].categories)
                    yield Problem("unknown-answer", where, f"unknown code '{code}'", hint)


def redact(text: str, *, names: Iterable[str] = ()) -> str:
    """Replace e-mail and web addresses, handles, numbers, ids and given names by marks.

    Examples
    --------
    >>> redact("Ask Jo at jo.b@acme.example or 0171 555 01 02, please", names=["Jo"])
    'Ask [name] at [e-mail] or [number], please'
    """
    for mark, pattern in _RULES:
        text = pattern.sub(mark, text)
    known = _any_of(tuple(names))
    return known.sub("[name]", text) if known else text


@lru_cache(maxsize=8)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str] | None:
    wanted = sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True)
    listed = "|".join(map(re.escape, wanted))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.I) if wanted else None


def comments_of(frame: pd.DataFrame, rules: CommentRules, *, names: Iterable[str] = ()) -> pd.DataFrame:
    """Return the comments of those who agreed, redacted, in the columns of a review file plus audience.

    Parameters
    ----------
    frame
        Coded answers of one or several organisations and waves, one row per respondent.
    names
        Names of people, places and organisations to remove.

    Returns
    -------
    DataFrame
        `REVIEW_COLUMNS` and audience. `comment` is a hash of who wrote what: it changes with the text. The
        order is that of the hash, which reveals nothing about when or where a comment was written.
    """
    kept = frame
    if isinstance(rules.consent, dict):
        for item, codes in rules.consent.items():
            kept = kept[kept[item].astype(str).isin(codes)]
    rows, names = [], tuple(names)
    for item in rules.items:
        texts = kept[item].astype("string").str.strip()
        for row in kept[texts.notna() & (texts != "")].itertuples(index=False):
            one = {
                name: str(getattr(row, name)) for name in ("organisation", "wave", "respondent", "audience")
            }
            text = " ".join(str(getattr(row, item)).split())
            key = "\x1f".join((one["organisation"], one["wave"], one["respondent"], item, text))
            shown = redact(text, names=names)
            folded = shown.casefold()
            tags = [
                tag
                for tag, words in rules.tags.items()
                if any(re.search(rf"(?<!\w){re.escape(word.casefold())}", folded) for word in (tag, *words))
            ]
            rows.append(
                {
                    "comment": hashlib.sha256(key.encode()).hexdigest()[:20],
                    "organisation": one["organisation"],
                    "wave": one["wave"],
                    "item": item,
                    "text": shown,
                    "tags": "; ".join(tags),
                    "approved": "",
                    "audience": one["audience"],
                }
            )
    made = pd.DataFrame(rows, columns=[*REVIEW_COLUMNS, "audience"], dtype="str")
    return made.sort_values(["organisation", "wave", "comment"], ignore_index=True)


def merge_review(found: pd.DataFrame, earlier: pd.DataFrame | None) -> pd.DataFrame:
    """Return the review file of comments, with what the analyst has already written kept."""
    made = found[list(REVIEW_COLUMNS)].set_index("comment")
    if earlier is not None:
        kept = earlier.set_index("comment")
        made.update(kept.loc[kept.index.isin(made.index), ["text", "tags", "approved"]])
    return made.reset_index()


def read_review(path: Path) -> pd.DataFrame:
    """Read a review file (.csv).

    Raises
    ------
    InvalidInput
        A column is missing, a comment occurs twice, or `approved` is neither yes, no nor blank.
    """
    sheet = read_sheet(path, source=path.name)
    frame = sheet.cells.astype(str).set_axis(list(sheet.names), axis=1)
    lacking = [name for name in REVIEW_COLUMNS if name not in frame]
    problems = [
        Problem("missing-column", f"column {name}", "is missing", near_names(name, frame.columns))
        for name in lacking
    ]
    if not lacking:
        frame = frame[list(REVIEW_COLUMNS)].apply(lambda cells: cells.str.strip())
        for row in frame.index[frame.duplicated("comment", keep="first")]:
            problems.append(
                Problem("duplicate-id", f"line {row}", "repeats a comment", "keep one of the lines")
            )
        for row in frame.index[~frame["approved"].str.casefold().isin(["yes", "no", ""])]:
            what = f"column approved holds {frame.at[row, 'approved']!r}"
            problems.append(
                Problem("unknown-option", f"line {row}", what, "write yes or no, or leave it blank")
            )
    if problems:
        raise InvalidInput(path.name, problems)
    texts = frame["text"].str.replace(r"^'(?=[=+\-@])", "", regex=True)  # as CSV for people is written
    return frame.assign(approved=frame["approved"].str.casefold(), text=texts)


def review_problems(
    review: pd.DataFrame, found: pd.DataFrame, *, names: Iterable[str] = ()
) -> Iterable[Problem]:
    """List approved lines that fit no comment of those who agreed, and details that rules would remove."""
    known = found.set_index("comment")[["organisation", "wave", "item"]]
    names = tuple(names)
    for line in review[review["approved"] == "yes"].itertuples():
        where = f"line {line.Index}"
        same = line.comment in known.index and tuple(known.loc[line.comment]) == (
            line.organisation,
            line.wave,
            line.item,
        )
        if not same:
            what = "approves a comment that is not in the answers, or whose writer did not agree to be quoted"
            yield Problem(
                "unknown-value", where, what, "write the review file again with survey-toolkit comments"
            )
            continue
        if redact(line.text, names=names) != line.text:
            what = "approves a text with an address, a number or a name"
            yield Problem("invalid-character", where, what, "replace it by a mark such as [name]")
        if not line.text:
            yield Problem("missing-value", where, "approves a text that is blank", "write the text, or no")


def quotable(
    review: pd.DataFrame,
    found: pd.DataFrame,
    answers: pd.DataFrame,
    policy: Policy,
    rules: CommentRules,
) -> pd.DataFrame:
    """Choose the approved comments of one organisation and wave that may be quoted.

    A comment is quoted only if its writer's group may be shown, and if at least `rules.threshold` people of
    such groups commented on the item. Neither group nor number is given with it.

    Parameters
    ----------
    review, found
        Of this organisation and wave.
    answers
        Its coded answers, which show which groups are large enough.

    Returns
    -------
    DataFrame
        Columns item, tag ("" for none), text; a comment with several tags appears under each.
    """
    able = found[~found["audience"].isin(admit(answers, policy).withheld)]
    numbers = able.groupby("item")["comment"].nunique()
    items = numbers.index[numbers >= rules.threshold]
    able = able[able["item"].isin(items)]
    chosen = review[(review["approved"] == "yes") & review["comment"].isin(able["comment"])]
    chosen = chosen.assign(tag=chosen["tags"].str.split(r"\s*;\s*", regex=True)).explode("tag")
    return chosen[["item", "tag", "text"]].reset_index(drop=True)
