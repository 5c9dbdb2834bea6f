"""A study: what its file binds together, its answers, and loading it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from toolkit.arguments import typed
from toolkit.disclosure.comments import (
    REVIEW_COLUMNS,
    CommentRules,
    comments_of,
    quotable,
    read_review,
    review_problems,
)
from toolkit.disclosure.ledger import Ledger, People
from toolkit.disclosure.policy import Policy, load_policy
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings import load_findings
from toolkit.inputs import is_file, is_folder
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.instrument.loader import files_of
from toolkit.instrument.yaml_loader import checked, read_document
from toolkit.platforms import divided
from toolkit.platforms.answers import DESIGN_COLUMNS, AnswersFile
from toolkit.platforms.exports import tally
from toolkit.records import Displayed
from toolkit.responses.frames import Missing, in_form
from toolkit.responses.gather import FieldDates, Gathered, gather
from toolkit.responses.organisations import read_organisations
from toolkit.shipped import study_path
from toolkit.study.file import (
    Brand,
    StudyFile,
    client_brand_problems,
    client_brands,
    methods_of,
    misfits,
    wave_instruments,
)
from toolkit.study.peers import PeerRule, gap_priors, peer_cells, peer_findings, peer_gaps, peer_problems
from toolkit.study.quality import judged
from toolkit.study.registration import Registration, contradictions, read_registration
from toolkit.study.weighting import (
    StudyDesign,
    Weighting,
    cut_problems,
    declared_design,
    laid_out,
    read_margins,
    weighed,
)

if TYPE_CHECKING:
    from toolkit.analysis import Design

# A study: everything its file names, and its answers, read once.


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
        Where the study is one organisation's part (`toolkit.study.study.open_part`): the folder of it.
    wave_instruments
        Wave → its questionnaire, where that was another than the study's; its answers are carried over.
    weighting, sample, margins
        How answers are weighted, how respondents were drawn, the targets of weights, if declared.
    cuts, levels
        Questions and carried columns by which audiences are divided; levels are nested, the highest first.
    peers
        How organisations are compared with one another; None for not.
    comments
        Which free text may be quoted, and under which conditions; None for none.
    release
        Whether `report` makes releases rather than drafts.
    ledger_address
        File or address of the ledger of releases.
    person
        What identifies a person over the waves: "respondent" (the id), "token", "new" (other people in every
        wave); None where it is unknown.
    renamed
        Organisation → those it has become.
    registration
        What was registered before a wave; None where the study file names no registration.
    clients
        Of a study of all organisations as one (`toolkit.reporting.overall`): what their own reports show.
    own_held
        Likewise: what cannot be shown beside those reports, as `Beside.held` has it.
    quality
        Whether reports show who answered without reading, early or late (`toolkit.study.quality`).
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
    weighting: Weighting | None = field(default=None, repr=False)
    sample: StudyDesign | None = field(default=None, repr=False)
    margins: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    cuts: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    peers: PeerRule | None = field(default=None, repr=False)
    comments: CommentRules | None = field(default=None, repr=False)
    release: bool = field(default=False, repr=False)
    ledger_address: str = field(default="releases.jsonl", repr=False)
    person: str | None = field(default=None, repr=False)
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    registration: Registration | None = field(default=None, repr=False)
    clients: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    own_held: frozenset[tuple[str, str, str, str]] = field(default=frozenset(), repr=False)
    quality: bool = field(default=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle everything but the answers and the ledger, which holds the key."""
        return {
            name: value
            for name, value in self.__dict__.items()
            if name
            not in (
                "_gathered",
                "_names",
                "_below",
                "_quotable",
                "_peer_cells",
                "_peer_gaps",
                "ledger",
                "client_brands",
            )
        }

    def _shown(self) -> dict[str, Any]:
        """Return the fields to display, without reading the answers."""
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
            return read_part(self.part, self.instrument, self.table)
        found = gather(
            self.answers,
            self.answer_paths,
            self.instrument,
            self.table,
            source=self.path,
            wave_instruments=self.wave_instruments,
        )
        problems = list(cut_problems(found.frame, self.cuts, self.levels))
        problems += peer_problems(replace(self, table=found.organisations))
        frame = weighed(
            found.frame,
            self.weighting,
            self.sample,
            self.margins,
            self.policy.threshold,
            problems,
        )
        if problems:
            raise InvalidInput(self.path, dict.fromkeys(problems))
        if self.quality and found.days is not None:
            frame = judged(frame, self.instrument, found.days.tolist(), self.policy.threshold)
        return replace(found, frame=frame)

    @cached_property
    def findings(self) -> pd.DataFrame | None:
        """The published figures to compare with, read once; None where the study names none."""
        from toolkit.findings import load_findings

        if self.benchmarks_path is None:
            return None
        return load_findings(self.benchmarks_path, threshold=self.policy.threshold)

    @property
    def design(self) -> Design | None:
        """How its respondents were drawn, for `design=` of every estimator; None where it declares none.

        Examples
        --------
        >>> load_study("weighted").design.weights
        'weight'
        """
        from toolkit.analysis import Design

        if self.weighting is not None or self.sample is not None:
            return declared_design(self.weighting, self.sample)
        for entry in self.answers:
            if entry.mapping is not None and entry.mapping.design is not None:
                named = {name: DESIGN_COLUMNS[name] for name in entry.mapping.design.headings}
                return Design(
                    weights=named.get("weights"), strata=named.get("strata"), clusters=named.get("clusters")
                )
        return None

    def benchmarks_of(self, organisation: str, wave: str) -> pd.DataFrame | None:
        """Return the benchmarks of an organisation's peers in a wave (`study.peers`); None without a rule."""
        if self.peers is None:
            return None
        if self.part is not None:
            kept = _read(self.part / PEERS)
            return kept[kept["year"] == wave].reset_index(drop=True)
        return peer_findings(self, self._cells(wave), organisation, wave)

    def gap_priors_of(self, organisation: str, wave: str) -> pd.DataFrame | None:
        """Return the gaps of an organisation's peers in a wave; None without a rule."""
        if self.peers is None:
            return None
        if self.part is not None:
            kept = _read(self.part / PRIORS)
            return kept[kept["wave"] == wave].drop(columns="wave").reset_index(drop=True)
        made = self.__dict__.setdefault("_peer_gaps", {})
        if wave not in made:
            made[wave] = peer_gaps(self, self._cells(wave))
        return gap_priors(self, made[wave], organisation)

    def _cells(self, wave: str) -> pd.DataFrame:
        cells: dict[str, pd.DataFrame] = self.__dict__.setdefault("_peer_cells", {})
        if wave not in cells:
            cells[wave] = peer_cells(self, wave)
        return cells[wave]

    @property
    def cut_columns(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """Return cut → its columns (of a level, all from the highest one) and the level above it, or ""."""
        found: dict[str, tuple[tuple[str, ...], str]] = {name: ((name,), "") for name in self.cuts}
        for at, name in enumerate(self.levels):
            found[name] = (self.levels[: at + 1], self.levels[at - 1] if at else "")
        return found

    def laid_out(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Design]:
        """Return the frame of one organisation and the design its report uses; see `study.weighting`."""
        if self.design is None:
            raise TypeError("the study has no weights and no design")
        margins = None if self.clients is not None else self.margins  # those of organisations explain no more
        return laid_out(frame, self.design, self.weighting, margins)

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
            companion `<column>__missing` per column codes why an answer is missing (-1 don't know,
            -2 refused, -3 blank, -4 routed past, -5 not this group's question, -6 broke off). "codes": these
            codes are categories of the answers, as the exports and `toolkit.instrument.asked` read them.
        organisation_columns
            Further columns of the organisations table (country, sector …) to give each respondent, for
            `by=` and `between=`: those of their organisation in their wave, missing where it has none.

        Raises
        ------
        InvalidInput
            Everything wrong in any answer file; an organisation or wave that does not exist, with near names;
            an organisation that took no part in the wave.

        Examples
        --------
        >>> load_study("ai_at_work").responses("org-07").shape
        (102, 70)
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
        """Return the first and last day of a wave (None: the latest); None where no file has a date.

        Of the whole study: dates of small groups would reveal when single people answered.

        Examples
        --------
        >>> load_study("data_samples/ai_at_work/study.yaml").field_dates("2026")
        FieldDates(first=datetime.date(2026, 9, 7), last=datetime.date(2026, 9, 25), complete=True)
        """
        return self._gathered.dates.get(self._known_wave(wave or self.wave))

    def population(self, organisation: str, wave: str | None = None) -> dict[str, int]:
        """Return the known headcounts by audience."""
        self._known_organisation(organisation)
        wave = self._known_wave(wave or self.wave)
        if wave not in self._populations:
            self._populations[wave] = {
                str(name): {audience: int(n) for audience, n in row.items() if pd.notna(n)}
                for name, row in self.headcounts(wave).to_dict("index").items()
            }
        return dict(self._populations[wave].get(organisation, {}))

    @cached_property
    def _populations(self) -> dict[str, dict[str, dict[str, int]]]:
        """Keep the headcounts of the waves asked for: wave → organisation → audience → people."""
        return {}

    def headcounts(self, wave: str | None = None) -> pd.DataFrame:
        """Return headcounts of one wave (None: the latest), one row per organisation.

        Missing where unknown, and where it is below the number who answered: it cannot be right, and no rate
        or margin is computed with it. Of groups smaller than the policy's threshold, headcounts stay as they
        are written, so that they do not reveal how many answered.
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

    def for_client(self, organisation: str) -> Study:
        """Return the study with the brand and language that the organisations table gives an organisation.

        Columns brand_name, brand_colour, brand_accent, brand_logo, brand_footer, brand_font and language of
        the table replace the study file's keys; of several waves, the latest that is filled in.

        Examples
        --------
        >>> load_study("ai_at_work").for_client("org-01").language
        'en'
        """
        given = dict(self.client_brands.get(organisation, {}))
        if not given:
            return self
        language = given.pop("language", self.language)
        made = replace(self, brand=self.brand.model_copy(update=given), language=language)
        read = ("_gathered", "_names", "_below", "_quotable", "_peer_cells", "_peer_gaps", "findings")
        made.__dict__.update({name: self.__dict__[name] for name in read if name in self.__dict__})
        return made

    def comments_to_review(self) -> pd.DataFrame:
        """Return every comment whose writer agreed to be quoted, redacted: one row per comment.

        Columns `toolkit.disclosure.comments.REVIEW_COLUMNS` and audience, of all waves, of everybody with an
        organisation. For an analyst, not for a client: nothing has been approved. Empty where the study file
        has no key `comments`.
        """
        if self.comments is None:
            return pd.DataFrame(columns=[*REVIEW_COLUMNS, "audience"], dtype="str")
        frame = self.responses(wave="all", missing="codes").dropna(subset="organisation")
        return comments_of(frame, self.comments, names=self._names_to_remove())

    def _names_to_remove(self) -> tuple[str, ...]:
        listed = (
            []
            if self.comments is None or not self.comments.names
            else ((self.folder / self.comments.names).read_text("utf-8-sig").splitlines())
        )
        return tuple(dict.fromkeys([*listed, *self.organisations["name"].astype(str)]))

    @cached_property
    def _quotable(self) -> pd.DataFrame:
        """The comments that may be quoted: organisation, wave, item, tag, text."""
        columns = ["organisation", "wave", "item", "tag", "text"]
        if self.part is not None:
            return pd.DataFrame(json.loads((self.part / COMMENTS).read_text("utf-8")), columns=columns)
        if self.comments is None or self.comments.review is None:
            return pd.DataFrame(columns=columns, dtype="str")
        path = self.folder / self.comments.review
        if not is_file(path):
            hint = f"write it with survey-toolkit comments {self.path.name}, or leave the key out"
            where = f"comments → review: {self.comments.review}"
            raise InvalidInput(self.path, [Problem("file-not-found", where, "does not exist", hint)])
        review, found = read_review(path), self.comments_to_review()
        problems = list(review_problems(review, found, names=self._names_to_remove()))
        if problems:
            raise InvalidInput(path.name, problems)
        keys = ["organisation", "wave"]
        answers = self.responses(wave="all", missing="codes").groupby(keys, observed=True)
        parts = []
        for key, mine in found.groupby(keys):
            shown = quotable(review, mine, answers.get_group(key), self.policy, self.comments)
            parts.append(shown.assign(organisation=key[0], wave=key[1]))
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    def quotable_comments(self, organisation: str, wave: str | None = None) -> pd.DataFrame:
        """Return the approved comments of an organisation that a report may quote: item, tag, text.

        Raises
        ------
        InvalidInput
            The review file does not fit the answers, or approves a text with an address, a number or a name.
        """
        self._known_organisation(organisation)
        table, wave = self._quotable, self._known_wave(wave or self.wave)
        chosen = table[(table["organisation"] == organisation) & (table["wave"] == wave)]
        return chosen[["item", "tag", "text"]].reset_index(drop=True)

    @property
    def own_files(self) -> tuple[Path, ...]:
        """Return files of which every organisation is given its own part alone: logos and comments."""
        rules = self.comments
        named = (rules.review, rules.names) if rules is not None and self.part is None else ()
        return (
            *self.client_logos,
            *(self.folder / one for one in named if one and is_file(self.folder / one)),
        )

    @cached_property
    def client_brands(self) -> dict[str, dict[str, str]]:
        """Organisation → the keys of the brand that the organisations table gives it."""
        return {} if self.table is None else client_brands(self.table, self.waves)

    @property
    def client_logos(self) -> tuple[Path, ...]:
        """Return the logos that the organisations table names."""
        named = (brand["logo"] for brand in self.client_brands.values() if "logo" in brand)
        return tuple(self.folder / one for one in dict.fromkeys(named))

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
            A wave that does not exist.
        """
        from toolkit.instrument import compare
        from toolkit.study.file import with_hanging

        old, new = (
            self.wave_instruments.get(self._known_wave(wave), self.instrument) for wave in (earlier, later)
        )
        return None if old is new else with_hanging(compare(old, new), new)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of the study's releases, for `tk.release(…, ledger=)`."""
        return Ledger(self.ledger_address, self.id, renamed=self.renamed, person=self.person_of)

    def person_of(self, wave: str, respondent: str) -> str:
        """Return what identifies a person in every wave, "" where nothing does."""
        if self.person == "token":
            respondent = self._gathered.tokens.get((wave, respondent), "")
        return f"\0{respondent}" if self.person in ("respondent", "token") and respondent else ""

    def previous_wave(self, organisation: str, wave: str) -> str:
        """Return the latest earlier wave in which an organisation took part, or ""."""
        return next(iter(self.earlier_waves(organisation, wave)), "")

    def earlier_waves(self, organisation: str, wave: str) -> tuple[str, ...]:
        """Return the waves before one in which an organisation took part, the latest first."""
        earlier = reversed(self.waves[: self.waves.index(wave)])
        return tuple(one for one in earlier if organisation in self.organisation_ids(one))

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
        _ = self._gathered, self._quotable
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


# Coded answers on disk, one folder per organisation, so that a job can open only its own.
#
# Answers are kept as numpy arrays: codes of a categorical column as small integers, its categories taken
# from the instrument again when it is read. Beside them are the organisation's own rows of the organisations
# table, and the first and last day of each wave of the whole study.


@dataclass(frozen=True)
class Beside:
    """Answers of one organisation as they may be reported beside earlier releases and another wave.

    Parameters
    ----------
    frame
        Its coded answers of all waves; those of the waves reported are kept to the people already released.
    late
        Audiences of which fewer than k people's answers came, changed or went since a release.
    held
        (item, group as `group_text` writes it, wave, code of `REASONS`) of what cannot be shown.
    people
        Hashes of the people in the bases that a report publishes, where they were asked for.
    """

    frame: pd.DataFrame
    late: frozenset[str] = frozenset()
    held: frozenset[tuple[str, str, str, str]] = frozenset()
    people: tuple[People, ...] = ()


def beside_of_part(study: Study) -> Beside:
    """Read the data stored for a part of a study."""
    path = (study.part or study.folder) / BESIDE
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {"late": [], "held": []}
    frame = study.responses(wave="all", missing="codes")
    return Beside(frame, frozenset(kept["late"]), frozenset((a, b, c, d) for a, b, c, d in kept["held"]))


ANSWERS = "answers.npz"
ADMITTED = "admitted.npz"
TABLE = "organisations.npz"
BESIDE = "beside.json"
DATES = "dates.json"
LOGO = "logo"
COMMENTS = "comments.json"
PEERS = "peers.npz"
PRIORS = "priors.npz"
CLIENTS = "clients.npz"
PART = "organisation="


def write_parts(
    study: Study,
    folder: str | Path,
    organisations: Iterable[str] | None = None,
    *,
    beside: Mapping[str, Beside] | None = None,
) -> dict[str, Path]:
    """Write each organisation's coded answers of all waves to a folder of its own.

    Parameters
    ----------
    folder
        Only its owner may look in; the caller makes it so.
    organisations
        Ids; None for all.
    beside
        Organisation → its answers as they may be reported, where they are written for reports.

    Returns
    -------
    dict
        Organisation → its folder, in the order of the organisations table.

    Examples
    --------
    >>> parts = write_parts(study, "private")
    >>> len(open_part(study, parts["org-07"]).responses("org-07"))
    102
    """
    wanted = list(study.organisation_ids()) if organisations is None else list(organisations)
    frame, table = study.responses(wave="all", missing="codes"), study.organisations
    rows = frame.groupby("organisation", sort=False, observed=True).indices
    tables = table.groupby("organisation", sort=False, observed=True).indices
    waves = {wave: study.field_dates(wave) for wave in study.waves}
    dates = json.dumps({wave: found for wave, found in waves.items() if found}, default=str)
    written = {}
    for one in wanted:
        part = Path(folder) / f"{PART}{one}"
        part.mkdir(parents=True)
        kept = (beside or {}).get(one) or Beside(frame.iloc[rows.get(one, [])])
        sizes = kept.frame.groupby(["wave", "audience"], observed=True)["audience"].transform("size")
        large = (sizes >= study.policy.threshold).to_numpy(dtype=bool)
        _write(_as_codes(kept.frame), part / ANSWERS)
        if not large.all():
            _write(_as_codes(kept.frame[large]), part / ADMITTED)
        if kept.late or kept.held:
            text = {"late": sorted(kept.late), "held": sorted(kept.held)}
            (part / BESIDE).write_text(json.dumps(text), encoding="utf-8")
        _write(table.iloc[tables[one]], part / TABLE)
        waves_of = table.iloc[tables[one]]["wave"]
        others = [found for wave in waves_of if (found := study.benchmarks_of(one, wave)) is not None]
        if others:
            _write(_joined(others), part / PEERS)
            priors = [study.gap_priors_of(one, wave) for wave in waves_of]
            held = [p.assign(wave=wave) for p, wave in zip(priors, waves_of, strict=True) if p is not None]
            _write(_joined(held), part / PRIORS)
        (part / DATES).write_text(dates, encoding="utf-8")
        quoted = study._quotable
        quoted = quoted[quoted["organisation"] == one]
        (part / COMMENTS).write_text(quoted.to_json(orient="records"), encoding="utf-8")
        if study.clients is not None:
            _write(study.clients, part / CLIENTS)
        logo = study.client_brands.get(one, {}).get("logo")
        if logo:
            shutil.copyfile(study.folder / logo, part / f"{LOGO}{Path(logo).suffix.lower()}")
        written[one] = part
    return written


def open_part(study: Study, part: str | Path) -> Study:
    """Open a study reduced to one organisation: its answers and its rows of the organisations table."""
    part = Path(part)
    table = _read(part / TABLE)
    opened = replace(study, table=table, part=part)
    if "findings" in study.__dict__:  # read once for all parts
        opened.__dict__["findings"] = study.findings
    opened = opened.for_client(str(table["organisation"].iloc[0])) if len(table) else opened
    if (part / CLIENTS).is_file():
        opened = replace(opened, clients=_read(part / CLIENTS))
    logos = [path for path in part.iterdir() if path.stem == LOGO]
    if logos:
        opened = replace(opened, brand=opened.brand.model_copy(update={"logo": str(logos[0].resolve())}))
    return opened


def read_part(part: Path, instrument: Instrument, table: pd.DataFrame) -> Gathered:
    """Read one organisation's coded answers exactly as they were before writing.

    The disposition is of whole files and so of no one organisation: it is left empty.
    """
    frame = _as_answers(_read(part / ANSWERS), instrument)
    dates = {
        wave: FieldDates(date.fromisoformat(first), date.fromisoformat(last), complete)
        for wave, (first, last, complete) in json.loads((part / DATES).read_text("utf-8")).items()
    }
    return Gathered(frame, tally("", "", []), table, dates)


def part_bytes(part: Path, *, admitted: bool = False) -> Iterator[bytes]:
    """Serialise a part for detecting changes; equal answers give equal bytes.

    With `admitted`, only answers of groups that a report may use: its manifest holds a hash of these bytes,
    which would otherwise reveal that someone in a hidden group answered differently.
    """
    hidden = ANSWERS if admitted and (part / ADMITTED).exists() else ADMITTED
    first = (ADMITTED, ANSWERS, TABLE, DATES)
    for path in sorted(part.iterdir(), key=lambda path: (path.name not in first, path.name)):
        if path.name != hidden:
            yield path.read_bytes()


def _joined(waves: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the frames of waves; one without rows would turn every column into objects."""
    return pd.concat([one for one in waves if len(one)] or waves, ignore_index=True)


def _as_codes(frame: pd.DataFrame) -> pd.DataFrame:
    codes = {
        name: frame[name].cat.codes for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return frame.assign(**codes)


def _as_answers(frame: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    types = {"audience": pd.CategoricalDtype(list(instrument.audiences), ordered=True)}
    for variable in instrument.variables:
        if variable.name in frame and variable.kind in ("single", "option"):
            types[variable.name] = pd.CategoricalDtype(list(variable.categories), ordered=variable.ordered)
    columns = {name: pd.Categorical.from_codes(frame[name], dtype=dtype) for name, dtype in types.items()}
    return frame.assign(**columns)


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write columns of each numpy type as one array and others as JSON, so that nothing is unpickled."""
    arrays: dict[str, list[np.ndarray]] = {}
    cells: dict[str, list[Any]] = {}
    types = {str(name): str(kind) for name, kind in frame.dtypes.items()}
    for name, kind in types.items():
        column = frame[name]
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufM":
            arrays.setdefault(kind, []).append(column.to_numpy())
        else:
            cells[name] = column.astype(object).where(column.notna(), None).tolist()
    described: Any = np.frombuffer(json.dumps([types, cells]).encode(), dtype=np.uint8)
    with path.open("wb") as opened:
        np.savez(opened, described=described, **{kind: np.stack(held) for kind, held in arrays.items()})  # type: ignore[arg-type]


def _read(path: Path) -> pd.DataFrame:
    try:
        with np.load(path, allow_pickle=False) as held:
            types, cells = json.loads(held["described"].tobytes())
            rows = {kind: iter(held[kind]) for kind in held.files if kind != "described"}
    except (OSError, ValueError, EOFError, BadZipFile) as fault:
        problem = Problem(
            "unreadable-file", str(path.name), f"cannot be read ({fault})", "run the batch again"
        )
        raise InvalidInput("stored answers", [problem]) from None
    return pd.DataFrame(
        {
            name: pd.Series(cells[name], dtype=kind) if name in cells else next(rows[kind])
            for name, kind in types.items()
        }
    )


# Loading of a study file and everything it names, with all problems at once.


@typed
def load_study(path: str | Path, *, data: str | Path | None = None) -> Study:
    """Load a study file and everything it names, except the answers, which are read when first needed.

    Parameters
    ----------
    path
        The study file (YAML), the folder that holds it as study.yaml, or the name of a shipped study
        ("ai_at_work").
    data
        Another folder with the answer files, for data that is not kept beside the study; of a study
        with one file of answers, that file itself, whatever it is called.

    Raises
    ------
    InvalidInput
        Every problem of the study file, the instruments, the organisations table and of missing files.

    Examples
    --------
    >>> load_study("ai_at_work").waves
    ('2025', '2026')
    """
    path = study_path(path)
    written = checked(StudyFile, read_document(path))
    folder = path.parent
    problems: list[Problem] = []
    instrument = _instrument(written, folder, problems)
    policy = _policy(written, problems)
    places = _answer_places(written, folder, data, problems)
    problems += _files_missing(written, folder, places)
    written, places = _by_wave(written, places, problems)
    waves = _waves(written, problems)
    earlier = wave_instruments(written.wave_instruments, folder, waves, instrument, problems)
    problems += _findings_problems(written, folder, policy.threshold)
    table = margins = None
    if instrument is not None:
        problems += misfits(written, instrument)
        table = _organisations(written, folder, tuple(instrument.audiences), waves, problems)
        problems += _renamed_problems(written.renamed, table)
        if written.weights is not None:
            margins = read_margins(written.weights, folder, table, instrument, waves, problems)
    registered = None
    if instrument is not None and written.registration and is_file(folder / written.registration):
        try:
            registered = read_registration(folder / written.registration, instrument)
        except InvalidInput as error:
            problems += _named(error, f"registration: {written.registration}")
    if problems or instrument is None:
        raise InvalidInput(path, problems)
    study = Study(
        id=written.id,
        title=written.title,
        synthetic=written.synthetic,
        path=path,
        folder=folder,
        language=written.brand.language or written.language,
        instrument=instrument,
        waves=waves,
        policy=policy,
        margin=written.margin,
        level=written.level,
        primary=written.primary,
        benchmarks_path=folder / written.benchmarks if written.benchmarks else None,
        brand=written.brand,
        methods=methods_of(written, instrument),
        seed=written.seed,
        data_source=written.data_source,
        input_files=(path, *_files_read(written, folder), *dict.fromkeys(places)),
        answers=tuple(_with_manifest(entry, folder) for entry in written.answers),
        answer_paths=tuple(places),
        table=table,
        organisations_path=folder / written.organisations if written.organisations else None,
        wave_instruments=earlier,
        weighting=written.weights,
        sample=written.design,
        margins=margins,
        cuts=written.cuts,
        levels=written.levels,
        peers=written.own_benchmark,
        comments=written.comments,
        release=written.release,
        ledger_address=_address(folder, written.ledger or f"{path.stem}.releases.jsonl"),
        person=written.person,
        renamed=written.renamed,
        registration=registered,
        quality=written.quality,
    )
    problems += contradictions(registered, study) if registered is not None else ()
    if problems:
        raise InvalidInput(path, problems)
    return study


def _renamed_problems(
    renamed: Mapping[str, tuple[str, ...]], table: pd.DataFrame | None
) -> Iterator[Problem]:
    """List organisations that were renamed to one that the organisations table does not have."""
    known = [] if table is None else [*table["organisation"].unique(), *renamed]
    for old, new in renamed.items():
        for one in new if known else ():
            if one not in known:
                where, what = f"renamed → {old}: {one}", "unknown organisation"
                yield Problem("unknown-organisation", where, what, near_names(one, known))


def _address(folder: Path, named: str) -> str:
    return named if "://" in named else str((folder / named).resolve())


def _by_wave(written: StudyFile, places: list[Path], problems: list[Problem]) -> tuple[StudyFile, list[Path]]:
    """Return one entry per wave for files that hold several."""
    entries: list[AnswersFile] = []
    paths: list[Path] = []
    for entry, path in zip(written.answers, places, strict=True):
        found: tuple[AnswersFile, ...] = ()
        try:
            found = divided(entry, path) if is_file(path) else ()
        except InvalidInput as error:
            problems += _named(error, f"answers: {entry.file}")
        entries += found
        paths += [path] * len(found)
    return written.model_copy(update={"answers": tuple(entries)}), paths


def _files_read(written: StudyFile, folder: Path) -> Iterator[Path]:
    own = [name for wave in written.wave_instruments.values() for name in wave.files]
    named = (written.instrument, *written.instruments.values(), *own)
    yield from files_of(folder / name for name in named if name)
    brand = written.brand
    margins = written.weights.file if written.weights else None
    for name in (
        written.organisations,
        written.benchmarks,
        written.registration,
        margins,
        brand.logo,
        *brand.templates.values(),
    ):
        if name:
            yield folder / name
    for name in dict.fromkeys(entry.manifest for entry in written.answers):
        if name:
            yield folder / name


def _with_manifest(entry: AnswersFile, folder: Path) -> AnswersFile:
    """Resolve the manifest's path, because a reader does not know the study's folder."""
    if entry.manifest is None:
        return entry
    return entry.model_copy(update={"manifest": str(folder / entry.manifest)})


def _named(error: InvalidInput, source: str) -> Iterator[Problem]:
    return (replace(problem, where=f"{source}, {problem.where}") for problem in error.problems)


def _findings_problems(written: StudyFile, folder: Path, threshold: int) -> Iterator[Problem]:
    if written.benchmarks and is_file(folder / written.benchmarks):
        try:
            load_findings(folder / written.benchmarks, threshold=threshold)
        except InvalidInput as error:
            yield from _named(error, f"benchmarks: {written.benchmarks}")


def _instrument(written: StudyFile, folder: Path, problems: list[Problem]) -> Instrument | None:
    try:
        if written.instrument is not None:
            return load_instrument(folder / written.instrument)
        return load_instruments({audience: folder / name for audience, name in written.instruments.items()})
    except InvalidInput as error:
        problems += error.problems  # each names its file
        return None


def _policy(written: StudyFile, problems: list[Problem]) -> Policy:
    try:
        return load_policy(written.policy)
    except InvalidInput as error:
        problems += error.problems
        return Policy()


def _waves(written: StudyFile, problems: list[Problem]) -> tuple[str, ...]:
    used = sorted({entry.wave for entry in written.answers})
    if "all" in used:
        problems.append(
            Problem(
                "name-taken",
                "answers → wave",
                "'all' is reserved for all waves",
                "give the wave another name",
            )
        )
    if not written.waves:
        return tuple(used)
    for wave in sorted(set(used) - set(written.waves)):
        problems.append(
            Problem("unknown-wave", f"waves → {wave}", "has answers but is not listed", "list it")
        )
    for wave in sorted(set(written.waves) - set(used)):
        problems.append(
            Problem("no-answers", f"waves → {wave}", "is listed but has no answers", near_names(wave, used))
        )
    for wave in dict.fromkeys(wave for wave in written.waves if written.waves.count(wave) > 1):
        problems.append(Problem("duplicate", f"waves → {wave}", "occurs twice", "list it once"))
    return written.waves


def _organisations(
    written: StudyFile,
    folder: Path,
    audiences: tuple[str, ...],
    waves: tuple[str, ...],
    problems: list[Problem],
) -> pd.DataFrame | None:
    if not written.organisations or not is_file(folder / written.organisations):
        return None
    try:
        table = read_organisations(folder / written.organisations, audiences=audiences, waves=waves)
        problems += client_brand_problems(client_brands(table, waves), folder)
        return table
    except InvalidInput as error:
        problems += _named(error, written.organisations)
        return None


def _answer_places(
    written: StudyFile, folder: Path, data: str | Path | None, problems: list[Problem]
) -> list[Path]:
    """Find each answer file; a missing data folder is reported once, not once per file."""
    if data is not None and is_file(data) and len(written.answers) == 1:
        return [Path(data)]
    if data is not None and not is_folder(data):
        what = "is not a folder" if is_file(data) else "does not exist"
        hint = f"name the folder with the answer files{_source(written)}"
        problems.append(
            Problem("wrong-path" if is_file(data) else "file-not-found", f"data: {data}", what, hint)
        )
        data = None
    return [_answers_path(entry, folder, data) for entry in written.answers]


def _answers_path(entry: AnswersFile, folder: Path, data: str | Path | None) -> Path:
    if data is None:
        return folder / entry.file
    named, flat = Path(data) / entry.file, Path(data) / Path(entry.file).name
    return flat if is_file(flat) and not is_file(named) else named


def _files_missing(written: StudyFile, folder: Path, places: list[Path]) -> Iterator[Problem]:
    for key in ("organisations", "benchmarks", "registration"):
        name = getattr(written, key)
        if name and not is_file(folder / name):
            yield Problem("file-not-found", f"{key}: {name}", "does not exist", _beside(folder / name))
    rules = written.comments
    if rules is not None and rules.names and not is_file(folder / rules.names):
        place = f"comments → names: {rules.names}"
        yield Problem("file-not-found", place, "does not exist", _beside(folder / rules.names))
    if written.brand.logo:
        logo = folder / written.brand.logo
        if not is_file(logo):
            yield Problem(
                "file-not-found", f"brand → logo: {written.brand.logo}", "does not exist", _beside(logo)
            )
        elif logo.suffix.lower() not in (".png", ".svg", ".jpg", ".jpeg"):
            yield Problem(
                "unsupported-format",
                f"brand → logo: {written.brand.logo}",
                "is not an image",
                "give a PNG, SVG or JPEG",
            )
    for form, template in written.brand.templates.items():
        if not is_file(folder / template):
            yield Problem(
                "file-not-found",
                f"brand → template_{form}: {template}",
                "does not exist",
                _beside(folder / template),
            )
        elif Path(template).suffix.lower() != f".{form}":
            hint = f"save it as .{form} from the program it was made with"
            yield Problem(
                "unsupported-format", f"brand → template_{form}: {template}", f"is not a .{form} file", hint
            )
    for entry, answers in zip(written.answers, places, strict=True):
        if is_folder(answers):
            yield Problem("wrong-path", f"answers: {entry.file}", "is a folder", "name the file in it")
        elif not is_file(answers):
            yield Problem(
                "file-not-found",
                f"answers: {entry.file}",
                "does not exist",
                _beside(answers) + _source(written),
            )
    for entry in written.answers:
        if entry.manifest and not is_file(folder / entry.manifest):
            place = f"answers: {entry.file} → manifest: {entry.manifest}"
            yield Problem("file-not-found", place, "does not exist", _beside(folder / entry.manifest))
    text = [entry.model_dump_json(exclude={"file"}) for entry in written.answers]
    twice = pd.Series(zip(map(str, places), text, strict=True)).value_counts()
    for (name, _), times in twice[twice > 1].items():
        hint = "list it once, or select rows in each entry: rows: [{column: …, equals: …}]"
        yield Problem(
            "duplicate", f"answers: {Path(name).name}", f"is listed {times} times in the same words", hint
        )


def _source(written: StudyFile) -> str:
    return f". The data is available here: {written.data_source}" if written.data_source else ""


def _beside(path: Path) -> str:
    if not is_folder(path.parent):
        return f"folder '{path.parent.name}' not found either; check the path"
    beside = sorted(other.name for other in path.parent.iterdir() if not other.name.startswith("."))
    return near_names(path.name, beside) if beside else f"the folder '{path.parent.name}' is empty"
