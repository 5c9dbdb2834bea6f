"""A study: everything its file names, and its answers, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.disclosure.policy import Policy
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import Instrument
from toolkit.platforms.answers import DESIGN_COLUMNS, AnswersFile
from toolkit.records import Displayed
from toolkit.responses.frames import Missing, in_form
from toolkit.responses.gather import FieldDates, Gathered, gather
from toolkit.study.file import Brand

if TYPE_CHECKING:
    from toolkit.analysis import Design

__all__ = ["Study"]


@dataclass(frozen=True, repr=False)
class Study(Displayed):
    """A study whose files were read and checked; answers are read on first use and cached.

    Parameters
    ----------
    path, folder
        The study file and the folder that relative paths start from.
    instrument
        The questionnaires of all audiences, merged.
    waves
        In order; the last is the latest.
    margin, level
        Differences inside ± margin count as similar; level of every interval.
    primary
        Variables whose gaps were declared in advance.
    methods
        Audience → AAPOR item → text; items a report computes may be missing.
    input_files
        Every file the study reads, for manifests.
    organisations_path
        Its organisations table, if it has one.
    part
        Where the study is one organisation's part (`toolkit.study.store.open_part`): the folder of it.
    wave_instruments
        Wave → its questionnaire, where that was another than the study's; its answers are carried over.
    """

    id: str
    title: str
    synthetic: bool
    path: Path
    folder: Path
    language: str
    instrument: Instrument
    waves: tuple[str, ...]
    policy: Policy
    margin: float
    level: float
    primary: tuple[str, ...]
    benchmarks_path: Path | None
    brand: Brand
    methods: Mapping[str, Mapping[str, str]]
    seed: int
    data_source: str | None
    input_files: tuple[Path, ...]
    answers: tuple[AnswersFile, ...] = field(repr=False)
    answer_paths: tuple[Path, ...] = field(repr=False)
    table: pd.DataFrame | None = field(repr=False, compare=False)
    organisations_path: Path | None = field(default=None, repr=False)
    part: Path | None = field(default=None, repr=False)
    wave_instruments: Mapping[str, Instrument] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle everything but the answers."""
        return {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("_gathered", "_names", "_below")
        }

    def _shown(self) -> dict[str, Any]:
        """Return what is displayed, without reading the answers."""
        return {
            "id": self.id,
            "title": self.title,
            "waves": ", ".join(self.waves),
            "audiences": ", ".join(self.instrument.audiences),
            "organisations": None if self.table is None else self.table["organisation"].nunique(),
            "items": len(self.instrument.items),
            "synthetic": self.synthetic,
            "file": str(self.path),
        }

    @property
    def wave(self) -> str:
        """The latest wave."""
        return self.waves[-1]

    @cached_property
    def _gathered(self) -> Gathered:
        if self.part is not None and self.table is not None:
            from toolkit.study.store import read_part

            return read_part(self.part, self.instrument, self.table)
        return gather(
            self.answers,
            self.answer_paths,
            self.instrument,
            self.table,
            source=self.path,
            wave_instruments=self.wave_instruments,
        )

    @cached_property
    def findings(self) -> pd.DataFrame | None:
        """The published figures to compare with, read once; None where the study names none."""
        from toolkit.findings import load_findings

        return load_findings(self.benchmarks_path) if self.benchmarks_path else None

    @property
    def design(self) -> Design | None:
        """How its respondents were drawn, for `design=` of every estimator; None where it says nothing.

        Examples
        --------
        >>> load_study("data_samples/gss_2018/study.yaml", data="folder").design  # doctest: +SKIP
        Design(weights='weight', strata='design_stratum', clusters='design_cluster', ...)
        """
        from toolkit.analysis import Design

        for entry in self.answers:
            if entry.mapping is not None and entry.mapping.design is not None:
                named = {name: DESIGN_COLUMNS[name] for name in entry.mapping.design.headings}
                return Design(
                    weights=named.get("weights"), strata=named.get("strata"), clusters=named.get("clusters")
                )
        return None

    @property
    def organisations(self) -> pd.DataFrame:
        """One row per organisation and wave: organisation, name, wave, headcounts by audience (Int64).

        Further columns are those of the organisations table.
        """
        return self.table.copy() if self.table is not None else self._gathered.organisations.copy()

    def responses(
        self,
        organisation: str | None = None,
        wave: str | None = None,
        *,
        organisation_columns: Sequence[str] = (),
        missing: Missing = "nan",
    ) -> pd.DataFrame:
        """Return the answers of one wave, of one organisation where it is named: one row per respondent.

        `wave` None is the latest; "all" gives every wave, one below the other. Pooling waves by accident
        would count the same people twice, so it has to be asked for.

        Parameters
        ----------
        missing
            "nan": missing answers are missing, and columns hold answers alone. "reasons": the same, and a
            companion `<column>__missing` per column says by its code why an answer is missing (-1 don't know,
            -2 refused, -3 blank, -4 routed past, -5 not this group's question, -6 broke off). "codes": these
            codes are categories of the answers, as the exports and `toolkit.instrument.asked` read them.
        organisation_columns
            Further columns of the organisations table (country, sector …) to give each respondent, for
            `by=` and `between=`: those of their organisation in their wave, missing where it has none.

        Raises
        ------
        InvalidInput
            Everything wrong in any answer file; an organisation or wave that is not there, with near names;
            an organisation that took no part in the wave.

        Examples
        --------
        >>> load_study("data_samples/ai_at_work/study.yaml").responses("org-07")  # doctest: +SKIP
        """
        frame = self._gathered.frame
        if wave != "all":
            wave = self._known_wave(wave or self.wave)
            frame = frame[frame["wave"] == wave]
        if organisation is not None:
            self._known_organisation(organisation)
            if wave != "all" and organisation not in self.organisation_ids(wave):
                hint = 'name a wave it took part in, or wave="all"'
                where = f"organisation {organisation}"
                raise InvalidInput(
                    self.path, [Problem("unknown-organisation", where, f"took no part in wave {wave}", hint)]
                )
            frame = frame[frame["organisation"] == organisation]
        frame = frame.reset_index(drop=True)
        if organisation_columns:
            frame = self._with_columns(frame, organisation_columns)
        frame.attrs["synthetic"] = self.synthetic
        return in_form(frame, missing, self.instrument)

    def _with_columns(self, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        table = self.organisations
        own = ("organisation", "name", "wave", *self.instrument.audiences)
        further = [str(name) for name in table if name not in own]
        problems = [
            Problem(
                "unknown-column",
                f"column {name}",
                "not found in the organisations table",
                near_names(name, further),
            )
            for name in names
            if name not in further
        ]
        problems += [
            Problem(
                "name-taken",
                f"column {name}",
                "is also the name of an answer column",
                "rename it in the table",
            )
            for name in names
            if name in further and name in frame
        ]
        if problems:
            raise InvalidInput("organisations", problems)
        held = table.set_index(["organisation", "wave"])[list(names)]
        keys = pd.MultiIndex.from_arrays([frame["organisation"], frame["wave"]])
        return pd.concat([frame, held.reindex(keys).set_axis(frame.index)], axis=1)

    def members(self, wave: str | None = None) -> pd.DataFrame:
        """Return organisation and audience of every respondent of one wave (None: the latest)."""
        frame = self._gathered.frame[["wave", "organisation", "audience"]]
        return frame.loc[frame["wave"] == self._known_wave(wave or self.wave), ["organisation", "audience"]]

    def disposition(self, wave: str | None = None) -> pd.DataFrame:
        """Return the disposition of every row of every file, optionally for one wave.

        Columns wave, source, outcome, reason, rows.

        read = kept + set aside; rows "noted" are among those kept.
        """
        table = self._gathered.disposition
        if wave is not None:
            table = table[table["wave"] == self._known_wave(wave)]
        return table.reset_index(drop=True)

    def field_dates(self, wave: str | None = None) -> FieldDates | None:
        """Return the first and last day of a wave (None: the latest); None where no file says a date.

        Of the whole study: dates of small groups would say when single people answered.

        Examples
        --------
        >>> load_study("data_samples/ai_at_work/study.yaml").field_dates("2026")  # doctest: +SKIP
        FieldDates(first=datetime.date(2026, 9, 7), last=datetime.date(2026, 9, 25), complete=True)
        """
        return self._gathered.dates.get(self._known_wave(wave or self.wave))

    def population(self, organisation: str, wave: str | None = None) -> dict[str, int]:
        """Return the known headcounts by audience."""
        self._known_organisation(organisation)
        counts = self.headcounts(wave)
        if organisation not in counts.index:
            return {}
        row = counts.loc[organisation]
        return {name: int(row[name]) for name in counts if pd.notna(row[name])}

    def headcounts(self, wave: str | None = None) -> pd.DataFrame:
        """Return headcounts of one wave (None: the latest), one row per organisation.

        Missing where unknown, and where it is below the number who answered: it cannot be right, and no rate
        or margin is computed with it. Of groups smaller than the policy's threshold, headcounts stay as they
        are written, so that they say nothing of how many answered.
        """
        table = self.organisations
        wave = self._known_wave(wave or self.wave)
        audiences = list(self.instrument.audiences)
        counts = table[table["wave"] == wave].set_index("organisation")[audiences]
        below = self.headcounts_below(wave)
        for row in below[below["answered"] >= self.policy.threshold].itertuples():
            counts.loc[row.organisation, row.audience] = pd.NA
        return counts

    def headcounts_below(self, wave: str | None = None) -> pd.DataFrame:
        """Find headcounts of a wave (None: all) that are smaller than the number who answered.

        Returns
        -------
        DataFrame
            organisation, wave, audience, answered, headcount. For the study's owner: small groups are in it.
        """
        below = self._below
        return below if wave is None else below[below["wave"] == wave].reset_index(drop=True)

    @cached_property
    def _below(self) -> pd.DataFrame:
        from toolkit.responses.organisations import headcounts_below

        return headcounts_below(self._gathered.frame, self.organisations, self.instrument.audiences)

    def organisation_ids(self, wave: str | None = None) -> tuple[str, ...]:
        """Return organisation ids in table order, optionally for one wave."""
        table = self.organisations
        if wave is not None:
            table = table[table["wave"] == self._known_wave(wave)]
        return tuple(table["organisation"].unique())

    def organisation_name(self, organisation: str) -> str:
        """Return an organisation's name as of its latest wave."""
        self._known_organisation(organisation)
        return self._names[organisation]

    def names(self, wave: str) -> dict[str, str]:
        """Return organisation → name, as of each one's latest wave, for a wave, in table order."""
        return {one: self._names[one] for one in self.organisation_ids(wave)}

    @cached_property
    def _names(self) -> dict[str, str]:
        """Map organisations to their names as of their latest waves."""
        table = self.organisations
        order = {one: place for place, one in enumerate(self.waves)}
        rows = zip(
            table["wave"].tolist(), table["organisation"].tolist(), table["name"].tolist(), strict=True
        )
        in_order = sorted(rows, key=lambda row: order[row[0]])
        return {str(organisation): str(name) for _, organisation, name in in_order}

    def compared(self, earlier: str, later: str) -> pd.DataFrame | None:
        """Return the changes between the questionnaires of two waves, for `tk.trend(compared=)`.

        None where both waves had the same. See `toolkit.instrument.compare`; what is asked only after a
        changed question counts as asked of others.

        Raises
        ------
        InvalidInput
            A wave that is not there.
        """
        from toolkit.instrument import compare
        from toolkit.study.earlier import with_hanging

        old, new = (
            self.wave_instruments.get(self._known_wave(wave), self.instrument) for wave in (earlier, later)
        )
        return None if old is new else with_hanging(compare(old, new), new)

    def forget_answers(self) -> None:
        """Drop cached answers; they are reloaded on next access."""
        if self.table is not None:
            self.__dict__.pop("_gathered", None)
            self.__dict__.pop("_below", None)

    def check(self) -> Study:
        """Read everything, and return the study if all is valid.

        Raises
        ------
        InvalidInput
            Everything wrong in any answer file at once.
        """
        _ = self._gathered
        return self

    def _known_organisation(self, organisation: str) -> None:
        known = self.organisation_ids()
        if organisation not in known:
            problem = Problem(
                "unknown-organisation",
                f"organisation {organisation}",
                "is not in this study",
                near_names(organisation, known),
            )
            raise InvalidInput(self.path, [problem])

    def _known_wave(self, wave: str) -> str:
        if wave not in self.waves:
            problem = Problem(
                "unknown-wave", f"wave {wave}", "is not in this study", near_names(wave, self.waves)
            )
            raise InvalidInput(self.path, [problem])
        return wave
