"""Decoding of one export to a coded frame, with the reason for each missing answer.

Rules, in this order:

1. A row without an audience is set aside.
2. An item not put to the row's audience is -5; an item its routing passes by is -4. An answer found there
   all the same is not used, and the respondents concerned are noted in the disposition.
3. A multi-select was answered where at least one option is ticked, also one in a column that is not read
   (which is noted): its other options become "0". Where an
   exclusive option is ticked beside others, the others are kept; the exclusive one becomes "0", with a note.
   An option that a respondent did not rank is "no" where only some are to be ranked.
4. An item that was asked and holds nothing is -3; where the platform marks it as not shown to someone
   who submitted, -4, noted.
5. In a row that was not submitted, everything after the last item answered is -6, unless an answer given
   before it had already routed the respondent past it.
6. A row that was not submitted and answers fewer than half of the questions its respondent would have been
   asked (a matrix counts by rows, a multi-select once, open text not at all) is a break-off and set aside
   (AAPOR); with half or more it is kept as "partial". A submitted row is "complete"; one without a single
   answer is set aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput
from toolkit.instrument import asked
from toolkit.instrument.model import NOT_RANKED, Instrument, Item, Variable
from toolkit.instrument.routing import parse
from toolkit.platforms.exports import Export, tally
from toolkit.platforms.vocabulary import category_dtype
from toolkit.records import Displayed
from toolkit.responses.frames import plain

_BROKE_OFF, _NOT_ASKED, _ROUTED, _BLANK = "-6", "-5", "-4", "-3"


@dataclass(frozen=True, repr=False)
class Coded(Displayed):
    """The answers of one file and what became of every row in it.

    Attributes
    ----------
    coded
        Answers with the reserved codes of missing ones.
    disposition
        read = set aside + kept, then what is worth noting about those kept.
    rows
        The row of the file that each row of the frame was read from.
    dates
        The day on which each row's response was given (NaT: unknown), in the order of the frame.
    persons
        What tells each row's person in any file ("": nothing), in the order of the frame.
    """

    coded: pd.DataFrame
    disposition: pd.DataFrame
    rows: tuple[int, ...] = ()
    dates: pd.Series | None = None
    persons: pd.Series | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The answers with missing ones as NaN, for pandas and everything that takes its frames."""
        return plain(self.coded)


def decode(export: Export, instrument: Instrument) -> Coded:
    """Apply the rules of this module to one export.

    Parameters
    ----------
    export
        What a reader made of a file.
    instrument
        The instrument it was read with.

    Returns
    -------
    Coded
        One row per respondent, columns as in the architecture's "Frames", indexed from 0; and the
        disposition: read = set aside + kept, then what is worth noting about those kept.

    Raises
    ------
    InvalidInput
        Where the export carries problems.
    """
    if export.problems:
        raise InvalidInput(export.source, export.problems)
    known = export.people["audience"].notna()
    people, answers = export.people[known], export.answers[known]
    hidden = None if export.hidden is None else export.hidden[known]
    beside = None if export.beside is None else export.beside[known]
    work = _Work(people, answers, instrument, frozenset(export.absent), hidden, beside)
    for item in instrument.items:
        work.decode_item(item)
    status = work.settle()
    keep = (status == "complete") | (status == "partial")
    counted = [("set aside", "no audience given", int((~known).sum()))]
    counted += [("set aside", reason, int((status == reason).sum())) for reason in _REASONS]
    counted += [("kept", kind, int((status == kind).sum())) for kind in ("complete", "partial")]
    counted += [("noted", reason, int(rows[keep].sum())) for reason, rows in work.noted.items()]
    unplaced = people["organisation"].isna().to_numpy() & keep
    counted.append(("noted", "kept without an organisation: in study totals only", int(unplaced.sum())))
    rows = tally(export.wave, export.source, [row for row in counted if row[2]])
    return Coded(
        work.frame(export, status)[keep].reset_index(drop=True),
        pd.concat([export.disposition, rows], ignore_index=True),
        tuple(people.index[keep]),
        None if export.dates is None else export.dates[known][keep].reset_index(drop=True),
        None if export.persons is None else export.persons[known][keep].reset_index(drop=True),
    )


_NOT_SHOWN = "not shown by the platform though the instrument asks it: counted as routed past"
_UNREAD = "ticked an answer in a column that is not read: counted as having answered the question"
_TOO_MANY = "gave more answers than the question allows: all of them are kept"
_NOTHING_SAID, _BROKEN = "nothing_answered", "broke_off"
"""Codes of `REASONS`."""
_REASONS = (_NOTHING_SAID, _BROKEN)


class _Work:
    """The columns of one file while they are decoded, item after item."""

    def __init__(
        self,
        people: pd.DataFrame,
        answers: pd.DataFrame,
        instrument: Instrument,
        absent: frozenset[str],
        hidden: pd.DataFrame | None,
        beside: pd.DataFrame | None,
    ) -> None:
        self.people, self.answers, self.instrument, self.absent = people, answers, instrument, absent
        self.hidden, self.beside = hidden, beside
        self.audience = pd.Categorical(
            people["audience"], categories=list(instrument.audiences), ordered=True
        )
        self.of_audiences: dict[tuple[str, ...], np.ndarray] = {}
        self.coded: dict[str, pd.Series] = {}
        self.was_asked: dict[str, np.ndarray] = {}
        self.answered: dict[str, np.ndarray] = {}
        none = np.zeros(len(people), dtype=bool)
        self.noted = {
            "answered an item that is not for the audience: not used": none.copy(),
            "answered though routed past: not used": none.copy(),
            "ticked an exclusive option beside others: the others are kept": none.copy(),
            _NOT_SHOWN: none.copy(),
            _UNREAD: none.copy(),
            _TOO_MANY: none.copy(),
        }

    def decode_item(self, item: Item) -> None:
        """Decode every column of one item; routing looks only at items decoded before."""
        variables = list(self.instrument.of_item(item.id))
        write_in = self.instrument.write_in_of(item.id)
        known = self._columns_so_far() if item.ask_if else None
        raw = {v.name: self.answers[v.name] for v in variables}
        given: dict[str, np.ndarray] = {name: _given(column) for name, column in raw.items()}
        if item.type == "multi":
            any_given: np.ndarray = np.logical_or.reduce(list(given.values()))
            if self.beside is not None and item.id in self.beside:
                unread = self.beside[item.id].to_numpy(dtype=bool)
                self._note(_UNREAD, unread)
                any_given = any_given | unread
            given = dict.fromkeys(given, any_given)
        if item.type == "ranking" and NOT_RANKED in variables[0].codes:
            ranked: np.ndarray = np.logical_or.reduce(list(given.values()))
            given = dict.fromkeys(given, ranked)
        if write_in is not None:
            raw[write_in.name] = self.answers[write_in.name]
            given[write_in.name] = _given(raw[write_in.name])
        for variable in [*variables, *([] if write_in is None else [write_in])]:
            for_audience = self._for_audience(variable)
            was_asked = for_audience if known is None else asked(known, variable, self.instrument)
            if variable.name in self.absent or item.id in self.absent:
                for_audience, was_asked = np.zeros_like(for_audience), np.zeros_like(was_asked)
            name = variable.name
            was_asked = self._shown(name, was_asked, given[name])
            self._note("answered an item that is not for the audience: not used", given[name] & ~for_audience)
            self._note("answered though routed past: not used", given[name] & for_audience & ~was_asked)
            self.was_asked[name], self.answered[name] = was_asked, given[name] & was_asked
            self.coded[name] = self._column(variable, raw[name], for_audience)
        if item.type == "multi":
            self._keep_exclusive_apart(item, variables)
        if item.type == "multi" and item.maximum is not None:
            ticks = np.sum([(self.coded[v.name] == "1").to_numpy() for v in variables], axis=0)
            self._note(_TOO_MANY, ticks > item.maximum)

    def _shown(self, name: str, was_asked: np.ndarray, given: np.ndarray) -> np.ndarray:
        """Remove those whom the platform never showed what our routing asks of them."""
        if self.hidden is None or name not in self.hidden:
            return was_asked
        # Pages never reached after a break-off are marked alike, and that is not routing.
        submitted = self.people["submitted"].to_numpy(dtype=bool)
        not_shown = self.hidden[name].to_numpy(dtype=bool) & ~given & was_asked & submitted
        self._note(_NOT_SHOWN, not_shown)
        return np.asarray(was_asked & ~not_shown, dtype=bool)

    def _column(self, variable: Variable, raw: pd.Series, for_audience: np.ndarray) -> pd.Series:
        answered, was_asked = self.answered[variable.name], self.was_asked[variable.name]
        if variable.kind in ("number", "text"):
            return raw.where(answered)
        place = {code: np.int16(position) for position, code in enumerate(variable.categories)}
        codes = raw.cat.codes.to_numpy(dtype="int16")
        left_out = "0" if variable.kind == "option" else NOT_RANKED
        if left_out in place and (variable.kind == "option" or variable.item.type == "ranking"):
            codes = np.where(answered & (codes < 0), place[left_out], codes)
        missing: np.ndarray | np.int16 = place[_BLANK]
        if not (was_asked & for_audience).all():
            missing = np.where(was_asked, missing, place[_ROUTED])
            missing = np.where(for_audience, missing, place[_NOT_ASKED])
        return _categorical(np.where(answered, codes, missing), variable, raw.index)

    def _keep_exclusive_apart(self, item: Item, variables: list[Variable]) -> None:
        exclusive = [v for v in variables if v.option is not None and v.option.exclusive]
        others = [v for v in variables if v.option is not None and not v.option.exclusive]
        if not exclusive or not others:
            return
        ticked = np.logical_or.reduce([(self.coded[v.name] == "1").to_numpy() for v in others])
        for variable in exclusive:
            column = self.coded[variable.name]
            both = ticked & (column == "1").to_numpy()
            self._note("ticked an exclusive option beside others: the others are kept", both)
            self.coded[variable.name] = column.mask(both, "0")

    def settle(self) -> np.ndarray:
        """Classify each row, and code what came after a break-off."""
        submitted = self.people["submitted"].to_numpy(dtype=bool)
        questions = list(_questions(self.instrument))
        asked_of = np.array([self.was_asked[name] for name in questions])
        answered = np.array([self.answered[name] for name in questions])
        any_answer = np.logical_or.reduce(list(self.answered.values()))
        half = 2 * answered.sum(axis=0) >= asked_of.sum(axis=0)
        self._code_break_offs(~submitted)
        return np.select(
            [submitted & any_answer, submitted, any_answer & half],
            ["complete", _NOTHING_SAID, "partial"],
            default=_BROKEN,
        )

    def _code_break_offs(self, open_rows: np.ndarray) -> None:
        if not open_rows.any():
            return
        order = {item.id: position for position, item in enumerate(self.instrument.items)}
        last = np.full(len(self.people), -1)
        for variable in self.instrument.variables:
            last = np.where(self.answered[variable.name], np.maximum(last, order[variable.item.id]), last)
        for variable in self.instrument.variables:
            if variable.kind in ("number", "text"):
                continue
            column = self.coded[variable.name]
            after = open_rows & (last < order[variable.item.id])
            decided = np.zeros(len(last), dtype=bool)
            if variable.item.ask_if:
                routers = parse(variable.item.ask_if).item_ids(self.instrument)
                decided = last >= max((order[name] for name in routers), default=-1)
            past = (column == _BLANK).to_numpy() | ((column == _ROUTED).to_numpy() & ~decided)
            self.coded[variable.name] = column.mask(after & past, _BROKE_OFF)

    def _note(self, reason: str, rows: np.ndarray) -> None:
        self.noted[reason] |= rows

    def _for_audience(self, variable: Variable) -> np.ndarray:
        if variable.audiences not in self.of_audiences:
            named = [name in variable.audiences for name in self.instrument.audiences]
            self.of_audiences[variable.audiences] = np.array(named, dtype=bool)[self.audience.codes]
        return self.of_audiences[variable.audiences]

    def _columns_so_far(self) -> pd.DataFrame:
        return pd.DataFrame({"audience": self.audience, **self.coded}, index=self.people.index)

    def frame(self, export: Export, status: np.ndarray) -> pd.DataFrame:
        """Put the coded frame together."""
        people = self.people
        return pd.DataFrame(
            {
                "respondent": people["respondent"].astype(str),
                "organisation": people["organisation"],
                "wave": pd.Series(export.wave, index=people.index, dtype=str),
                "audience": self.audience,
                "source": pd.Series(export.source, index=people.index, dtype=str),
                "status": pd.Series(status, index=people.index, dtype=str),
                **{name: people[name] for name in people if name not in _OWN_COLUMNS},
                **{v.name: self.coded[v.name] for v in self.instrument.variables},
            },
            index=people.index,
        )


_OWN_COLUMNS = ("respondent", "organisation", "audience", "submitted")
"""Columns of an export's people that every file has; others are a design's, or carried."""


def _given(column: pd.Series) -> np.ndarray:
    filled = column.notna() if column.dtype != "str" else column.str.strip() != ""
    return np.asarray(filled, dtype=bool)


def _questions(instrument: Instrument) -> Iterable[str]:
    """Return the columns that count as questions: a multi-select once, a matrix by rows, no open text."""
    seen: set[str] = set()
    for variable in instrument.variables:
        once = variable.item.type in ("multi", "ranking")
        if variable.kind == "text" or (once and variable.item.id in seen):
            continue
        seen.add(variable.item.id)
        yield variable.name


def _categorical(codes: np.ndarray, variable: Variable, index: pd.Index) -> pd.Series:
    dtype = category_dtype(variable.categories, variable.ordered)
    made = pd.Categorical.from_codes(codes, dtype=dtype)
    return pd.Series(made, index=index)
