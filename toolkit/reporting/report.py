"""The report of one organisation, section by section; it holds released results only."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.analysis.answers import SCORES
from toolkit.arguments import typed
from toolkit.disclosure import Policy, Released
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.instrument.translation import filled
from toolkit.locale import N_, _, using_language
from toolkit.presentation.blocks import Block, Prose
from toolkit.presentation.numbers import NOT_SHOWN, base, change, is_known, percent
from toolkit.presentation.rows import item_name
from toolkit.presentation.sentences import share_of, verdict_of
from toolkit.presentation.theme import Theme
from toolkit.records import csv_for_people, records
from toolkit.reporting.gathering import Changed, gather, headline
from toolkit.reporting.manifest import RESULTS
from toolkit.reporting.sections import SECTIONS, passage
from toolkit.reporting.statements import computed_statements
from toolkit.study import Study

if TYPE_CHECKING:
    from toolkit.study.registration import Registration


@dataclass(frozen=True, repr=False)
class OrganisationReport:
    """The report of one organisation; build one with `open_report`.

    No answer and no number that has not passed the gate can be reached from it. Every section of
    `toolkit.reporting.sections` is a method of its name, which returns something a notebook displays:
    ``report.gap_picture()``.

    Parameters
    ----------
    title, synthetic, language
        Of the study.
    organisation, name, wave
        Whom and when it is about.
    instrument
        For the words.
    released, participation, audiences, previous_wave
        See `toolkit.reporting.gathering.ReportData`.
    policy, level
        What was applied; the level of every interval.
    written, computed
        Audience → AAPOR disclosure item → text, of the study file and of the report.
    theme
        Colours and brand.
    changed
        Questions no trend is drawn of, and since which wave they changed.
    untranslated
        How many of the questionnaire's texts have no words in the report's language, of how many, and the
        language they are printed in.
    below
        Audiences whose headcount in the organisations table is below the number who answered.
    weights
        What weighting costs per audience; None where nothing is weighted.
    clients
        In the report on all organisations, what their own reports show (`toolkit.reporting.overall`); else
        None.
    primary
        Questions whose comparisons were declared in advance.
    waves
        Of the study, in order.
    """

    title: str
    synthetic: bool
    language: str
    organisation: str
    name: str
    wave: str
    instrument: Instrument
    released: Released
    participation: pd.DataFrame
    audiences: tuple[str, ...]
    previous_wave: str
    policy: Policy
    level: float
    written: Mapping[str, Mapping[str, str]]
    computed: Mapping[str, Mapping[str, str]]
    theme: Theme
    changed: tuple[tuple[Changed, ...], str] = ((), "")
    untranslated: tuple[int, int, str] = (0, 0, "en")
    below: tuple[str, ...] = ()
    weights: pd.DataFrame | None = None
    cut_tests: pd.DataFrame | None = None
    peers: pd.DataFrame | None = None
    pooled: pd.DataFrame | None = None
    cuts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quotes: tuple[tuple[str, str, str], ...] = ()
    registration: Registration | None = None
    clients: pd.DataFrame | None = None
    primary: tuple[str, ...] = ()
    people: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    headline: frozenset[str] = frozenset()
    waves: tuple[str, ...] = ()

    @property
    def withheld(self) -> bool:
        """Return whether the policy withholds every audience."""
        return not self.audiences

    def section(self, name: str, **options: Any) -> Block:
        """Build a section of the report, in its language.

        Parameters
        ----------
        name
            A key of `toolkit.reporting.sections.SECTIONS`.
        options
            What the section takes, such as ``most`` of "gap_table".

        Raises
        ------
        InvalidInput
            An unknown section.
        """
        if name not in SECTIONS:
            raise InvalidInput(
                "report", [Problem("unknown-name", name, "unknown section", near_names(name, SECTIONS))]
            )
        with using_language(self.language, self.level):
            return SECTIONS[name].build(self, **options)

    def __getattr__(self, name: str) -> Callable[..., Block]:
        if name not in SECTIONS:
            raise AttributeError(f"{type(self).__name__} has no attribute or section '{name}'")
        return update_wrapper(partial(self.section, name), SECTIONS[name].build)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *SECTIONS]

    def __repr__(self) -> str:
        audiences = ", ".join(self.audiences) or "none"
        return f"OrganisationReport({self.organisation!r}, wave={self.wave!r}, audiences shown: {audiences})"

    def _repr_html_(self) -> str:
        return f"<p><code>{html.escape(repr(self))}</code></p>{self.released._repr_html_()}"

    def results(self) -> pd.DataFrame:
        """Return every number of the report, one per row, with the text that is printed for it.

        Weighted numbers are rounded, to whole percents below 100 answers: someone who knows the weights of
        each department could otherwise tell its answers from the last digits of a total.
        """
        with using_language(self.language, self.level):
            frame = results_frame(
                self.released, self.instrument, synthetic=self.synthetic, pooled=self.pooled
            )
        return frame if self.weights is None else _coarse(frame)

    def save(self, folder: str | Path | None) -> Prose:
        """Write results.csv into a folder; None writes nothing and reports that."""
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            text = csv_for_people(self.results())
            (Path(folder) / RESULTS).write_text(text, encoding="utf-8-sig", newline="")
        if folder is None:
            message = N_("No output folder was named, so nothing was saved.")
        elif self.withheld:
            message = N_("The participation figures of this notice are also in {file}, in the same folder.")
        else:
            message = N_(
                "Every figure of this report, with its base and interval, is in {file}, in the same folder."
            )
        with using_language(self.language, self.level):
            return passage(_(message, file=RESULTS))


@typed
def open_report(
    study: str | Path | Study, organisation: str, wave: str | None = None, *, data: str | Path | None = None
) -> OrganisationReport:
    """Read a study, analyse one organisation's answers, and keep what the policy releases.

    Parameters
    ----------
    study
        The study file, or a study loaded from one.
    organisation
        Its id.
    wave
        None for the latest.
    data
        Another folder with the answer files.

    Raises
    ------
    InvalidInput
        The study's files, an or an unknown organisation or wave, with similar names.

    Examples
    --------
    >>> import toolkit as tk
    >>> report = tk.open_report("data_samples/ai_at_work/study.yaml", "org-01")
    >>> picture = report.gap_picture()
    """
    from toolkit.presentation.words import in_language
    from toolkit.reporting.options import chosen_organisations, chosen_wave
    from toolkit.reporting.parts import open_study

    study = open_study(study, data)
    wave = chosen_wave(study, wave)
    chosen_organisations(study, wave, [organisation])
    study = study.for_client(organisation)
    gathered = gather(study, organisation, wave)
    below = study.headcounts_below(wave)
    instrument, lacking, texts = in_language(study.instrument, study.language)
    instrument = filled(instrument, {"organisation": study.organisation_name(organisation)})
    return OrganisationReport(
        title=study.title,
        synthetic=study.synthetic,
        language=study.language,
        organisation=organisation,
        name=study.organisation_name(organisation),
        wave=wave,
        instrument=instrument,
        released=gathered.released,
        participation=gathered.participation,
        audiences=gathered.audiences,
        previous_wave=gathered.previous_wave,
        policy=study.policy,
        level=study.level,
        written=study.methods,
        computed=computed_statements(study, gathered, wave, instrument),
        theme=Theme.of(study.brand, study.instrument.audiences),
        changed=(gathered.changed, gathered.earlier_wave),
        untranslated=(lacking, texts, study.instrument.languages[0]),
        below=tuple(below.loc[below["organisation"] == organisation, "audience"]),
        weights=gathered.weights,
        cut_tests=gathered.cut_tests,
        peers=gathered.peers,
        pooled=gathered.pooled,
        cuts={name: levels for name, (levels, _) in study.cut_columns.items()},
        quotes=tuple(study.quotable_comments(organisation, wave).itertuples(index=False, name=None)),
        registration=study.registration,
        clients=study.clients,
        primary=study.primary,
        people=gathered.people,
        headline=frozenset(one.name for one in headline(study)) if study.quality else frozenset(),
        waves=study.waves,
    )


# results.csv: every number a report shows, in long rows, with the text that is printed for it


_POOLED = ["item", "measure", "audience_a", "audience_b", "gap", "conf_low", "conf_high"]
_BLANK = {"table": "participation", "item": "", "label": ""}


def results_frame(
    released: Released,
    instrument: Instrument,
    *,
    synthetic: bool = False,
    pooled: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Concatenate the released tables, and the gaps drawn towards those of other organisations.

    Returns
    -------
    DataFrame
        table, item, label, then the columns of the contract in the order they first come up, then printed and
        synthetic ("yes" or "no"). Only what has passed the gate.
    """
    rows = [{**row, **_BLANK, "printed": _answered(row)} for row in released.rows("participation")]
    for name in released:
        if name == "participation":
            continue
        released_rows = released.rows(name)
        words = {item: item_name(instrument, item) for item in _items(released_rows)}
        rows += [
            {**row, "table": name, "label": words[row["item"]], "printed": _printed(row)}
            for row in released_rows
        ]
    for row in records(pooled[_POOLED]) if pooled is not None else ():
        label = item_name(instrument, row["item"])
        printed = change(row["gap"], row["conf_low"], row["conf_high"])
        rows.append({**row, "table": "pooled_gaps", "label": label, "shown": True, "printed": printed})
    named = dict.fromkeys(column for row in rows for column in row)
    first = ["table", "item", "label"]
    middle = [column for column in named if column not in (*first, "printed")]
    columns = {column: [row.get(column) for row in rows] for column in (*first, *middle, "printed")}
    return pd.DataFrame(columns, dtype="object").assign(synthetic="yes" if synthetic else "no")


_ROUNDED = {
    "estimate": 3, "std_error": 3, "conf_low": 3, "conf_high": 3, "estimate_a": 3, "estimate_b": 3, "gap": 3,
    "effect_size": 2, "minimum_detectable_gap": 3, "statistic": 2, "p_value": 3, "p_adjusted": 3,
    "effective_n": 0,
}  # fmt: skip
"""Column of results.csv → decimals of weighted numbers; but for p values, one fewer below `_MANY` answers."""
_MANY = 100


def _coarse(frame: pd.DataFrame) -> pd.DataFrame:
    base = frame[[name for name in ("n", "n_a", "n_b") if name in frame]].apply(pd.to_numeric).min(axis=1)
    few = (base < _MANY).to_numpy(dtype=bool)
    rounded = {
        name: pd.to_numeric(frame[name]).round(digits).where(
            ~few | (digits == 0) | name.startswith("p_"), pd.to_numeric(frame[name]).round(max(digits - 1, 0))
        ).astype("object")
        for name, digits in _ROUNDED.items()
        if name in frame
    }  # fmt: skip
    return frame.drop(columns=[name for name in frame if name.startswith("kish_n")]).assign(**rounded)


def _items(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(row["item"] for row in rows)


def _answered(row: Mapping[str, Any]) -> str:
    answered = base(row["answered"], row["answered_shown"])
    return _("{answered} of {invited}", answered=answered, invited=base(row["invited"]))


def _printed(row: Mapping[str, Any]) -> str:
    if row.get("measure") in ("mean", *SCORES) and "estimate" in row:
        from toolkit.presentation.tables import score_words

        return score_words(row) if row["shown"] and is_known(row["estimate"]) else NOT_SHOWN
    if "estimate" in row:
        return share_of(row)
    sides = [percent(row[f"estimate_{side}"], bound=str(row.get(f"bound_{side}") or "")) for side in "ab"]
    verdict = verdict_of(row) if pd.notna(row["verdict_code"]) or not row["shown"] else NOT_SHOWN
    return _("{one} against {other}; {verdict}", one=sides[0], other=sides[1], verdict=verdict)
