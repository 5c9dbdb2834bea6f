"""One organisation's report, section by section; it holds released results only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from toolkit.analysis.scores import SCORES
from toolkit.disclosure import Policy, Released
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Block, Heading, Paragraph, Picture, Prose, Several, Table
from toolkit.presentation.language import Words, speaking, spoken
from toolkit.presentation.numbers import NOT_SHOWN, base, is_known, percent
from toolkit.presentation.rows import audience_name, item_name, joined, listed
from toolkit.presentation.sentences import share_of, verdict_of
from toolkit.presentation.theme import Theme
from toolkit.records import csv_for_people
from toolkit.reporting.gathering import Changed, describe_changed, gather
from toolkit.reporting.manifest import RESULTS
from toolkit.reporting.statements import WORDS, computed_statements

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["OrganisationReport", "open_report", "results_frame"]

P = ParamSpec("P")
R = TypeVar("R")


def _in_its_language(
    method: Callable[Concatenate[OrganisationReport, P], R],
) -> Callable[Concatenate[OrganisationReport, P], R]:
    """A method that says everything in the report's language."""

    @wraps(method)
    def told(self: OrganisationReport, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with speaking(self.language, self.level):
            return method(self, *args, **kwargs)

    return told


@dataclass(frozen=True)
class OrganisationReport:
    """What may be said to one organisation; make one with `open_report`.

    No answer and no number that has not passed the gate can be reached from it. Every method returns
    something a notebook displays.

    Parameters
    ----------
    title, synthetic, language
        Of the study.
    organisation, name, wave
        Whom and when it is about.
    instrument
        For the words.
    released, participation, audiences, previous_wave
        See `toolkit.reporting.gathering.Gathered`.
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
        language they stand in.
    below
        Audiences whose headcount in the organisations table is below the number who answered.
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

    @property
    def withheld(self) -> bool:
        """Whether the policy lets no audience be shown."""
        return not self.audiences

    @_in_its_language
    def summary(self) -> Block:
        """The page for whoever reads one page: who answered, the widest gaps, their verdicts."""
        from toolkit.presentation import shares_summary, summary

        if self.withheld:
            return Several((*self._notices(), self.notice()))
        if "gaps" not in self.released.tables:
            waves = (self.previous_wave, self.wave) if self.previous_wave else None
            told = shares_summary(
                self.released,
                self.instrument,
                participation=self.participation,
                waves=waves,
                language=self.language,
            )
            return Several((*self._notices(), *self._nothing_to_compare(), told))
        told = summary(
            self.released, self.instrument, participation=self.participation, language=self.language
        )
        return Several((*self._notices(), told))

    @_in_its_language
    def notice(self) -> Prose:
        """Why nothing is shown, for an organisation where too few answered."""
        return _passage(
            WORDS("withheld", name=self.name, wave=self.wave, k=self.policy.threshold),
            WORDS("no meaning"),
        )

    @_in_its_language
    def participation_table(self) -> Table:
        """Invited and answered per audience, with the margin of error."""
        from toolkit.presentation import participation_table

        return participation_table(
            self.participation,
            self.instrument,
            policy=self.policy,
            level=self.level,
            language=self.language,
            below=self.below,
        )

    @_in_its_language
    def gap_picture(self) -> Block:
        """Every audience's share of the items with the widest gaps, with intervals."""
        from toolkit.presentation import as_picture, gap_dumbbell

        if "gaps" not in self.released.tables:
            return Several(self._nothing_to_compare())
        picture = as_picture(gap_dumbbell, self.released, self.instrument, level=self.level)
        return Several(tuple(_given(picture)))

    @_in_its_language
    def gap_table(self, *, most: int | None = None) -> Block:
        """Gaps with their intervals and verdicts, the widest first; every one of them, or so many."""
        from toolkit.presentation import gap_table

        if "gaps" not in self.released.tables:
            return Several(())
        title = WORDS("some gaps", most=most) if most else WORDS("every gap")
        return gap_table(
            self.released,
            self.instrument,
            most=most,
            level=self.level,
            title=title,
            language=self.language,
        )

    @_in_its_language
    def theme_pictures(self) -> Block:
        """The distributions of every theme's scale questions, by audience."""
        from toolkit.presentation import as_picture, diverging_bars, numbers_table, theme_multiples

        if self.withheld:
            return self.notice()
        parts: list[Block] = []
        for theme in self.instrument.themes:
            picture = as_picture(diverging_bars, self.released, self.instrument, theme=theme)
            if picture:
                parts.append(picture)
        glance = as_picture(theme_multiples, self.released, self.instrument)
        numbers = numbers_table(self.released, self.instrument, level=self.level, language=self.language)
        parts = _said_once([*_given(glance), *parts, *_given(numbers)])
        return Several(tuple(parts)) if parts else _passage(WORDS("no scale"))

    @_in_its_language
    def option_pictures(self) -> Block:
        """Questions with several answers, the most chosen first; among them in which ways AI added work."""
        from toolkit.presentation import as_picture, ranked_options, shares_table

        if self.withheld:
            return self.notice()
        shares = self.released["shares"]
        asked, shown = set(shares["item"]), set(shares.loc[shares["shown"].astype(bool), "item"])
        parts: list[Block] = []
        hidden = []
        for item in self.instrument.items:
            names = {variable.name for variable in self.instrument.of_item(item.id)}
            if item.type != "multi" or not names & asked:
                continue
            if not names & shown:
                hidden.append(item.short.get(self.language) or item.id)
                continue
            picture = as_picture(
                ranked_options, self.released, self.instrument, item=item.id, level=self.level
            )
            parts += _given(picture)
        parts = _said_once(parts)
        for item in self.instrument.items:
            ranked = [variable.name for variable in self.instrument.of_item(item.id)]
            if item.type == "ranking" and asked & set(ranked):
                title = item.short.get(self.language) or item.text[next(iter(item.text))][self.language]
                parts.append(
                    shares_table(
                        self.released,
                        self.instrument,
                        items=ranked,
                        level=self.level,
                        title=title,
                        language=self.language,
                    )
                )
        if hidden:
            parts.append(_passage(WORDS("no share", names=joined(hidden))))
        return Several(tuple(parts)) if parts else _passage(WORDS("no options"))

    @_in_its_language
    def benchmarks(self) -> Block:
        """This organisation beside published figures, with their base and n, or why they do not compare."""
        from toolkit.presentation import as_picture, benchmark_dots, benchmark_table

        if "benchmarks" not in self.released.tables:
            return _passage(WORDS("no figures"))
        picture = as_picture(benchmark_dots, self.released, self.instrument, level=self.level)
        table = benchmark_table(self.released, self.instrument, language=self.language)
        return Several((*_given(picture), table))

    @_in_its_language
    def trend(self) -> Block:
        """What changed since the wave before."""
        from toolkit.presentation import as_picture, wave_change

        said = [describe_changed(*self.changed, self.instrument, self.language)] if self.changed[0] else []
        if not self.previous_wave:
            return _passage(*(said or [WORDS("no wave")]))
        waves = (self.previous_wave, self.wave)
        picture = as_picture(
            wave_change,
            self.released,
            self.instrument,
            waves=waves,
            level=self.level,
        )
        if picture is None:
            said.insert(0, WORDS("no change", first=self.previous_wave, last=self.wave))
        return Several((*_given(picture), *([_passage(*said)] if said else [])))

    @_in_its_language
    def cannot_tell(self) -> Block:
        """What this survey cannot tell."""
        from toolkit.presentation import as_picture, cannot_tell, visible_gap_strip

        if self.withheld:
            return Several(self._nothing_to_compare())
        told = cannot_tell(
            self.released, self.instrument, participation=self.participation, language=self.language
        )
        if "gaps" not in self.released.tables:
            return Several((*self._nothing_to_compare(), told))
        strip = as_picture(visible_gap_strip, self.released, self.instrument, color=self.theme.colour)
        return Several((*_given(strip), told))

    @_in_its_language
    def methods(self) -> Block:
        """The eleven disclosure items of the AAPOR code, once for each audience."""
        from toolkit.presentation import methods_statement

        return Several(
            tuple(
                methods_statement(
                    self.written.get(audience, {}),
                    computed,
                    audience=audience,
                    instrument=self.instrument,
                    language=self.language,
                )
                for audience, computed in self.computed.items()
            )
        )

    @_in_its_language
    def appendix(self) -> Block:
        """Every question's wording, base and distribution, every gap and every change."""
        from toolkit.presentation import distribution_table, trend_table

        if self.withheld:
            return self.notice()
        answers = distribution_table(self.released, self.instrument, language=self.language)
        parts: list[Block] = [Heading(WORDS("answers")), answers]
        if "gaps" in self.released:
            parts += [Heading(WORDS("gaps")), self.gap_table()]
        if self.previous_wave:
            waves = (self.previous_wave, self.wave)
            changes = trend_table(
                self.released, self.instrument, waves=waves, level=self.level, language=self.language
            )
            parts += [Heading(WORDS("changes")), changes]
        return Several(tuple(parts))

    @_in_its_language
    def results(self) -> pd.DataFrame:
        """Every number of the report, a row each, with the text that is printed for it."""
        return results_frame(self.released, self.instrument, synthetic=self.synthetic, language=self.language)

    @_in_its_language
    def save(self, folder: str | Path | None) -> Prose:
        """Write results.csv into a folder; None writes nothing and says so."""
        if folder is None:
            return _passage(WORDS("no folder"))
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = csv_for_people(self.results())
        (Path(folder) / RESULTS).write_text(text, encoding="utf-8-sig", newline="")
        return _passage(WORDS("saved notice" if self.withheld else "saved", file=RESULTS))

    def _nothing_to_compare(self) -> tuple[Prose, ...]:
        """Why there is no gap; nothing where the survey has one audience, for then none is missing."""
        if len(self.instrument.audiences) == 1:
            return ()
        names = [audience_name(self.instrument, one, language=self.language) for one in self.audiences]
        if not names:
            return (_passage(WORDS("no audience")),)
        if len(names) == 1:
            return (_passage(WORDS("one audience", name=names[0])),)
        return (_passage(WORDS("no question", names=listed(names))),)

    def _notices(self) -> tuple[Block, ...]:
        from toolkit.presentation import synthetic_notice, untranslated_notice

        lacking, texts, source = self.untranslated
        told = (untranslated_notice(lacking, texts, source, language=self.language),) if lacking else ()
        return (*((synthetic_notice(language=self.language),) if self.synthetic else ()), *told)


def open_report(
    study: str | Path | Study, organisation: str, wave: str | None = None, *, data: str | Path | None = None
) -> OrganisationReport:
    """Read a study, analyse one organisation's answers, and keep what the policy lets leave.

    Parameters
    ----------
    study
        The study file, or a study loaded from one.
    organisation
        Its id.
    wave
        None for the latest.
    data
        Another folder in which the answer files lie.

    Raises
    ------
    InvalidInput
        The study's files, an unknown organisation or wave; near names are told.

    Examples
    --------
    >>> import toolkit as tk
    >>> report = tk.open_report("data_samples/ai_at_work/study.yaml", "org-01")  # doctest: +SKIP
    >>> report.gap_picture()  # doctest: +SKIP
    """
    from toolkit.presentation.questionnaire_words import in_language
    from toolkit.reporting.job import open_study
    from toolkit.reporting.options import chosen_organisations, chosen_wave

    study = open_study(study, data)
    wave = chosen_wave(study, wave)
    chosen_organisations(study, wave, [organisation])
    gathered = gather(study, organisation, wave)
    below = study.headcounts_below(wave)
    instrument, lacking, texts = in_language(study.instrument, study.language)
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
        computed=computed_statements(study, gathered, instrument),
        theme=Theme.of(study.brand, study.instrument.audiences),
        changed=(gathered.changed, gathered.earlier_wave),
        untranslated=(lacking, texts, study.instrument.languages[0]),
        below=tuple(below.loc[below["organisation"] == organisation, "audience"]),
    )


def _passage(*sentences: str) -> Prose:
    return Prose("", tuple(Paragraph(sentence) for sentence in sentences))


def _given(block: Block | None) -> Iterable[Block]:
    return () if block is None else (block,)


def _said_once(parts: Iterable[Block]) -> list[Block]:
    """Leave out of each caption what an earlier one of the same chapter has explained."""
    found: list[Block] = []
    said: set[str] = set()
    for part in parts:
        if isinstance(part, Picture):
            new = [sentence for sentence in part.sentences if sentence not in said]
            said.update(new)
            part = replace(part, caption=" ".join(new))
        found.append(part)
    return found


# results.csv: every number a report shows, in long rows, with the text that is printed for it

_WORDS = Words(
    {
        "answered": ("{answered} of {invited}", "{answered} sur {invited}"),
        "sides": ("{one} against {other}; {said}", "{one} contre {other} ; {said}"),
    }
)

_BLANK = {"table": "participation", "item": "", "label": ""}


@spoken
def results_frame(
    released: Released,
    instrument: Instrument,
    *,
    synthetic: bool = False,
    language: str = "en",
) -> pd.DataFrame:
    """Put the released tables under each other.

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
        told = released.rows(name)
        words = {item: item_name(instrument, item, language=language) for item in _items(told)}
        rows += [
            {**row, "table": name, "label": words[row["item"]], "printed": _printed(row)} for row in told
        ]
    named = dict.fromkeys(column for row in rows for column in row)
    first = ["table", "item", "label"]
    middle = [column for column in named if column not in (*first, "printed")]
    columns = {column: [row.get(column) for row in rows] for column in (*first, *middle, "printed")}
    return pd.DataFrame(columns, dtype="object").assign(synthetic="yes" if synthetic else "no")


def _items(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(row["item"] for row in rows)


def _answered(row: Mapping[str, Any]) -> str:
    answered = base(row["answered"], row["answered_shown"])
    return _WORDS("answered", answered=answered, invited=base(row["invited"]))


def _printed(row: Mapping[str, Any]) -> str:
    if row.get("measure") in ("mean", *SCORES) and "estimate" in row:
        from toolkit.presentation.tables import score_words

        return score_words(row) if row["shown"] and is_known(row["estimate"]) else NOT_SHOWN
    if "estimate" in row:
        return share_of(row)
    sides = [percent(row[f"estimate_{side}"], bound=str(row.get(f"bound_{side}") or "")) for side in "ab"]
    said = verdict_of(row) if pd.notna(row["verdict_code"]) or not row["shown"] else NOT_SHOWN
    return _WORDS("sides", one=sides[0], other=sides[1], said=said)
