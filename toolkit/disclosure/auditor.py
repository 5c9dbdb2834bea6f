"""The auditor of releases: exact bounds on every hidden count, from nothing but what leaves.

It reads produced files (`delivered`), knows the questionnaire, the policy and the headcounts that an insider
knows, and shares no code with the gate. Its result is a release certificate.
"""

from __future__ import annotations

import csv
import json
import math
import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.contract import ALIKE_COLUMNS, ESTIMATE_COLUMNS, GAP_COLUMNS, GAP_STATISTICS
from toolkit.disclosure.delivered import Foreign, Released, Text, Tracer, odd_pictures, paths_in, texts_of
from toolkit.disclosure.policy import Policy, unrounded_bound
from toolkit.errors import InvalidInput, Problem
from toolkit.findings.comparison import DESCRIPTIVE_COLUMNS, OURS, PUBLISHED
from toolkit.instrument.model import Instrument, Variable, spoken
from toolkit.locale import using_language
from toolkit.records import Displayed
from toolkit.weighting import effective_n

SECONDS = 120.0
"""Processor time an audit may take before it gives up and refuses the release."""
_EPS = 1e-6
_ANY = "\0"
"""Value of a column by which nothing that is stated of an audience divides it."""
_MANY = 1e6
"""More people than an organisation has: the end of what is not bounded."""
_DECIDED = (0, 2, 3)
"""Statuses of `scipy.optimize.milp` that did not run out of time or nodes."""
_STARTS = 12
"""Solutions from which one with a further value is sought."""
_LEADING = 60
"""About how many people of whom one is to answer otherwise, with two others, are tried."""
_FEW = 100
"""Nodes of a search among the answers of half of the people."""
_NODES = 2000
"""Of a first search for a further value of a weighted count; a busy machine finds as much."""
_NOT_GROUPS = frozenset(
    {
        "table",
        "item",
        "label",
        "response",
        "measure",
        "invited",
        "answered",
        "answered_shown",
        "response_rate",
    }
    | {"margin", "threshold", "n_shown", "n_a_shown", "n_b_shown", "shown", "bound", "bound_a", "bound_b"}
    | {"withheld", "withheld_code", "withheld_code_a", "withheld_code_b", "printed", "synthetic"}
    | {"gap_least", "gap_most"}
    | {"referent_a", "referent_b", "comparable", "unit", "source", "weighted", "kish_n"}
    | {*ESTIMATE_COLUMNS, *GAP_COLUMNS, *ALIKE_COLUMNS, *DESCRIPTIVE_COLUMNS}
)
_BOXES = ("top", "bottom", "favourable", "unfavourable")
_FUNCTIONS = ("mean", "net", "recommend", "probability_of_superiority", "median", "total", "quantile")
Group = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Breach:
    """One thing that must not leave.

    Parameters
    ----------
    kind
        `count`: a hidden count is bounded more narrowly than the policy allows; `group`: so is the size of a
        hidden group; `exact`: a share near all or none is printed; `hidden`: a number is printed where the
        release claims to show none; `last_digits`: the stored digits reveal more than the share;
        `difference`: two releases differ by a few people; `unrecorded`: two issues of a wave differ, and no
        ledger knows by how many people; `untraced`: a printed number that the released
        tables do not explain; `foreign`: another organisation's name or id; `respondent`: a respondent's id
        or own words; `path`: a path of the machine; `inconsistent`: numbers contradict one another.
    where
        Organisation, wave, question and group, or the file and place.
    what
        What a reader learns.
    evidence
        The published numbers that give it away, each with its file and row.
    """

    kind: str
    where: str
    what: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Certificate(Displayed):
    """Result of an audit, for the consultant: it goes beside a report, not into the client's delivery.

    Parameters
    ----------
    passed
        Whether the release may leave: the audit finished and found nothing.
    breaches
        What must not leave.
    counts
        One row per hidden count: organisation, wave, item, group, answers, printed, people (of the base, as
        far as known), low, high: all values from low to high are still possible.
    unfinished
        What could not be decided within the time, or not read; any entry refuses the release.
    notes
        What the audit does not cover in this release.
    files
        How many files were read.
    seconds
        Processor time.
    """

    passed: bool
    breaches: tuple[Breach, ...]
    counts: pd.DataFrame
    unfinished: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: int = 0
    seconds: float = 0.0
    releases: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the certificate as JSON."""
        told = {
            "passed": self.passed,
            "releases": list(self.releases),
            "files": self.files,
            "seconds": round(self.seconds, 2),
            "breaches": [asdict(breach) for breach in self.breaches],
            "unfinished": list(self.unfinished),
            "notes": list(self.notes),
            "counts": json.loads(self.counts.to_json(orient="records")),
        }
        return json.dumps(told, indent=1, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """Return a summary in Markdown: the verdict, each breach, the tightest hidden counts."""
        lines = ["# Release certificate", "", "**Passed.**" if self.passed else "**Refused.**", ""]
        lines += [
            f"Read {self.files} files of {len(self.releases)} releases; {len(self.counts)} hidden counts."
        ]
        for title, found in (
            ("Breaches", self.breaches),
            ("Not finished", self.unfinished),
            ("Not covered", self.notes),
        ):
            if found:
                lines += ["", f"## {title}", ""]
            for one in found:
                if isinstance(one, Breach):
                    lines.append(f"- **{one.kind}**, {one.where}: {one.what}")
                    lines += [f"  - {evidence}" for evidence in one.evidence]
                else:
                    lines.append(f"- {one}")
        if len(self.counts):
            tight = (
                self.counts.assign(width=self.counts["high"] - self.counts["low"])
                .sort_values("width")
                .head(20)
            )
            lines += [
                "",
                "## The narrowest hidden counts",
                "",
                "| question | group | answers | possible |",
                "|---|---|---|---|",
            ]
            lines += [
                f"| {row.item} | {row.group} | {row.answers} | {row.low} to {row.high} |"
                for row in tight.itertuples()
            ]
        return "\n".join([*lines, ""])

    def save(self, folder: str | Path, name: str = "certificate") -> tuple[Path, Path]:
        """Write the certificate as JSON and Markdown, readable by its owner alone."""
        from toolkit.system import write_files

        files = {f"{name}.json": self.to_json(), f"{name}.md": self.to_markdown()}
        one, two = write_files(Path(folder), files, private=True)
        return one, two


def audit_release(
    folders: str | Path | Sequence[str | Path],
    *,
    study: Any = None,
    earlier: Sequence[str | Path] = (),
    lost: Sequence[str] = (),
    notes: Sequence[str] = (),
    recorded: bool = False,
    policy: Policy | None = None,
    seconds: float = SECONDS,
) -> Certificate:
    """Audit the files of a release together with all that left before.

    Parameters
    ----------
    folders
        Folders of reports, of batches of reports, or of saved tables; each is searched for results.csv and
        other released tables.
    study
        The study (`load_study`): its questionnaire, policy, headcounts, organisations and answers. Without it
        names, respondents, routing and boxes of scales are unknown, and the certificate states so.
    earlier
        Folders that left before: their numbers count as known, their own faults are not reported again.
    lost
        Earlier releases whose numbers cannot be found: it is unknown what they reveal together with
        this one, so each refuses it.
    notes
        Further limits to state in the certificate.
    recorded
        Whether the ledger compared the people of the release with those of the earlier ones. Without it
        it is unknown whose answers were changed between two issues of a wave, and numbers that differ are
        refused.
    policy
        Default: the study's, else the one in a manifest.
    seconds
        Processor time allowed; what is not decided by then refuses the release.

    Returns
    -------
    Certificate
        `passed`, `breaches` and the possible values of every hidden count.

    Raises
    ------
    InvalidInput
        A folder is missing or contains no released table.

    Examples
    --------
    >>> certificate = audit_release("reports/ai_at_work/2026/org-03", study=study)  # doctest: +SKIP
    >>> certificate.passed  # doctest: +SKIP
    True
    """
    started, deadline = time.process_time(), time.process_time() + seconds
    given = [folders] if isinstance(folders, str | Path) else list(folders)
    releases = [*_releases(given, earlier=False), *_releases(earlier, earlier=True)]
    releases = list({release.folder.resolve(): release for release in reversed(releases)}.values())[::-1]
    rules = policy or (study.policy if study is not None else None) or _policy_of(releases)
    instrument: Instrument | None = study.instrument if study is not None else None
    if instrument is not None:
        rules = rules.model_copy(
            update={"sensitive_items": tuple(sorted({*rules.sensitive_items, *instrument.sensitive_names}))}
        )
    breaches: list[Breach] = []
    unfinished = [f"{one}: an earlier release whose numbers cannot be found" for one in lost]
    counts: list[dict[str, Any]] = []
    notes = [
        *notes,
        *([] if study is not None else ["no study: names, respondents, routing and scales are unknown"]),
    ]
    answers = study.responses(wave="all", missing="nan") if study is not None else None
    files = 0
    for release in releases:
        if not release.earlier:
            files += len(release.files)
            breaches += _row_faults(release, rules, instrument)
    for organisation in dict.fromkeys(release.organisation for release in releases):
        own = [release for release in releases if release.organisation == organisation]
        if all(release.earlier for release in own):
            continue
        found = _Puzzle(own, rules, instrument, deadline, _weights(answers, organisation), recorded)
        breaches += found.breaches
        unfinished += found.unfinished
        counts += [{"organisation": organisation, **one} for one in found.counts]
        notes += [note for note in found.notes if note not in notes]
    names = _Names.of(study, answers) if study is not None else None
    for release in releases:
        if release.earlier:
            continue
        if time.process_time() > deadline:
            unfinished.append(f"{release.folder.name}: its files were not read in time")
            continue
        known = names
        if names is not None and study is not None and release.wave in study.waves:
            quoted = study.quotable_comments(release.organisation, release.wave)["text"]
            words = " ".join([names.known, *quoted.str.split().str.join(" ")]).casefold()
            effective = _effective(_weights(answers, release.organisation))
            people = _people(study.margins, release)
            known = replace(names, known=words, effective=effective, people=people)
        told, unread = _files_faults(release, rules, instrument, known)
        breaches += told
        unfinished += unread
    columns = ["organisation", "wave", "item", "group", "answers", "printed", "people", "low", "high"]
    return Certificate(
        passed=not breaches and not unfinished,
        breaches=tuple(dict.fromkeys(breaches)),
        counts=pd.DataFrame(counts, columns=columns),
        unfinished=tuple(unfinished),
        notes=tuple(notes),
        files=files,
        seconds=time.process_time() - started,
        releases=tuple(str(release.folder) for release in releases),
    )


def _weights(answers: pd.DataFrame | None, organisation: str) -> dict[str, pd.DataFrame] | None:
    """Return wave → the answers of an organisation, where they are weighted; None without a study."""
    if answers is None or "weight" not in answers:
        return None if answers is None else {}
    own = answers[answers["organisation"].astype(str) == organisation]
    return {str(wave): frame for wave, frame in own.groupby(own["wave"].astype(str))}


def _effective(weighted: Mapping[str, pd.DataFrame] | None) -> frozenset[float]:
    found: set[float] = set()
    for frame in (weighted or {}).values():
        for _, weights in frame.groupby("audience", observed=True)["weight"]:
            kish = effective_n(weights)
            found |= {
                float(round(kish)),
                round(len(weights) / kish, 2),
                float(round(100 * kish / len(weights))),
            }
    return frozenset(found)


def _people(margins: pd.DataFrame | None, release: _Release) -> dict[tuple[str, str], dict[str, float]]:
    """Return (column, audience or "" for any) → category → people, as an organisation's margins give them."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    own = None if margins is None else margins[margins["organisation"] == release.organisation].fillna("")
    for row in own.itertuples() if own is not None else ():
        if row.wave in (release.wave, ""):
            found[row.column, row.audience][str(row.category)] = float(row.target)
    return found


# --- what was released


@dataclass(frozen=True)
class _Release:
    """One folder that leaves: its files, its manifest, the rows of its tables."""

    folder: Path
    earlier: bool
    files: tuple[Path, ...]
    manifest: Mapping[str, Any]
    rows: tuple[dict[str, str], ...]

    @property
    def organisation(self) -> str:
        return str(self.manifest.get("organisation", ""))

    @property
    def wave(self) -> str:
        return str(self.manifest.get("wave", ""))


_OWN_FILES = ("_batch", "certificate.json", "certificate.md", ".lock")


def _releases(folders: Sequence[str | Path], *, earlier: bool) -> list[_Release]:
    found, problems = [], []
    for given in folders:
        top = Path(given)
        if not top.is_dir():
            problems.append(
                Problem("file-not-found", str(given), "is not a folder", "name a folder of reports")
            )
            continue
        homes = sorted({path.parent for path in top.rglob("*.csv") if "_batch" not in path.parts})
        made = []
        for home in homes:
            files = tuple(
                path
                for path in sorted(home.rglob("*"))
                if path.is_file() and not set(_OWN_FILES) & set(path.parts)
            )
            rows = tuple(row for path in files if path.suffix == ".csv" for row in _table(path))
            if rows:
                manifest = home / "manifest.json"
                known = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
                made.append(_Release(home, earlier, files, known, rows))
        if not made:
            hint = "name the folder of a report; each has results.csv"
            problems.append(Problem("file-not-found", str(given), "contains no released table", hint))
        found += made
    if problems:
        raise InvalidInput("audit", problems)
    return found


def _table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a released table as text; nothing if the file is another table."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        names = set(reader.fieldnames or ())
        if not ({"item", "shown"} <= names or "answered_shown" in names):
            return
        for number, row in enumerate(reader, 2):
            yield {**{key: value or "" for key, value in row.items() if key}, "": f"{path.name} row {number}"}


def _policy_of(releases: Sequence[_Release]) -> Policy:
    for release in releases:
        written = release.manifest.get("policy")
        if isinstance(written, Mapping):
            return Policy.model_validate(
                {key: value for key, value in written.items() if key in Policy.model_fields}
            )
    return Policy()


def _number(text: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class _Side:
    """One printed statement on one group: a share, a bound or nothing, and its base."""

    item: str
    label: str
    group: Group
    wave: str
    n: float
    n_shown: str
    estimate: float
    written: str
    bound: str
    shown: bool
    code: str
    effective: float
    least: float
    """The smallest base of its row, by which its decimals were chosen."""
    where: str

    @property
    def exact(self) -> bool:
        return self.shown and not self.bound and not math.isnan(self.estimate)

    @property
    def number(self) -> bool:
        """Whether it is a printed share of a known base."""
        known = not math.isnan(self.n) and not math.isnan(self.estimate)
        return self.shown and known and self.label not in _FUNCTIONS

    @property
    def half(self) -> float:
        """Half a unit of the last decimal; zeros are not stored."""
        return 0.5 * 10.0 ** -max(len(self.written.partition(".")[2]), 2 if self.least < 100 else 3)

    @property
    def weighted(self) -> bool:
        known = not math.isnan(self.effective) and not math.isnan(self.n)
        return known and abs(self.effective - self.n) > _EPS

    def __str__(self) -> str:
        group = " ".join([*(value for _, value in self.group), self.wave]).strip() or "all"
        value = f"{self.bound or '='} {self.written}" if self.shown and self.written else "not shown"
        n = self.n_shown or ("" if math.isnan(self.n) else f"{self.n:g}")
        return f"{self.where}: {self.item} {self.label}, {group}: {value}, n {n}"


def _sides(release: _Release) -> Iterator[_Side]:
    """Yield what each row of the tables states about our own groups."""
    waves = {release.wave, *(row["wave"] for row in release.rows if row.get("wave"))}
    for row in release.rows:
        if not row.get("item") or row.get("answered_shown"):
            continue
        shared = {name: value for name, value in row.items() if name and name not in _NOT_GROUPS and value}
        _, _, made_of = row.get("table", "").partition("gaps_by_")
        for end in ("_a", "_b") if row.get("audience_a") else ("",):
            group, side = dict(shared), row.get(f"audience{end}", "") if end else OURS
            wave = group.pop("wave", release.wave)
            if side == PUBLISHED:
                continue
            if made_of and end:
                group[made_of] = side
            elif side in waves or (group.get("audience") and side != OURS):
                wave = side
            elif side != OURS:
                group["audience"] = side
            written, withheld = row.get(f"estimate{end}", ""), row.get(f"withheld_code{end}", "")
            share, bound = _number(written), row.get(f"bound{end}", "")
            if bound:  # 0.33 is a third, and 3 of 9 are within it
                share = unrounded_bound(share, max(len(written.partition(".")[2]), 2))
            yield _Side(
                item=row["item"],
                label=row.get("response") or row.get("measure", ""),
                group=tuple(sorted(group.items())),
                wave=wave,
                n=_number(row.get(f"n{end}", "")),
                n_shown=row.get(f"n{end}_shown", ""),
                estimate=share,
                written=written,
                bound=bound,
                shown=row.get("shown") == "True" or bool(end and not withheld and written),
                code=withheld,
                effective=math.nan if end else _number(row.get("effective_n", "")),
                least=min(_number(row.get(name) or "inf") for name in ("n", "n_a", "n_b")),
                where=f"{release.folder.name}/{row['']}",
            )


def _participation(release: _Release) -> Iterator[tuple[Group, int | None, float, str]]:
    """Yield (group, people who answered or None, invited, as printed) of the participation table."""
    for row in release.rows:
        if row.get("answered_shown"):
            group = {name: value for name, value in row.items() if name and name not in _NOT_GROUPS and value}
            group.pop("wave", None)
            answered = _number(row.get("answered", ""))
            known = None if math.isnan(answered) else int(answered)
            yield tuple(sorted(group.items())), known, _number(row.get("invited", "")), row["answered_shown"]


def _low_share(policy: Policy, n: float, item: str) -> float:
    """Return the share at or below which the policy hides a count; negative where it hides none."""
    return policy.unanimity_bounds(n, item)[0]


_OF_A_SHARE = ("std_error", "conf_low", "conf_high", "df", "effective_n")


def _row_faults(release: _Release, policy: Policy, instrument: Instrument | None) -> Iterator[Breach]:
    """Find what single rows reveal: numbers not shown, exact shares near all or none, last digits."""
    for row in release.rows:
        where = f"{release.folder.name}/{row['']}"
        secret: Sequence[str] = ()
        what = "a row that is not shown"
        if row.get("answered_shown") and not row["answered_shown"].isdecimal():
            secret, what = ("answered", "response_rate", "margin"), "a group that is not shown"
        elif row.get("shown") == "False":
            ours = [f"estimate_{end}" for end in "ab" if row.get(f"audience_{end}") != PUBLISHED]
            secret = ["estimate", *_OF_A_SHARE, *GAP_STATISTICS, "p_adjusted", *ours]
        elif row.get("bound") and not row.get("audience_a"):
            secret, what = _OF_A_SHARE, "a share shown as a bound"
        filled = [f"{name} = {row[name]}" for name in dict.fromkeys(secret) if row.get(name)]
        if filled:
            named = " ".join(filter(None, map(row.get, ("item", "response", "measure", "audience"))))
            yield Breach("hidden", f"{where}: {named}", f"a number of {what}", tuple(filled))
    for side in _sides(release):
        for kind, what in _side_faults(side, policy, instrument):
            yield Breach(kind, f"{side.where}: {side.item}", what, (str(side),))


def _side_faults(side: _Side, policy: Policy, instrument: Instrument | None) -> Iterator[tuple[str, str]]:
    n, item, share = side.n, side.item, side.estimate
    if side.n_shown and not side.n_shown.isdecimal() and not math.isnan(n):
        yield "hidden", f"a base of {n:g} beside “{side.n_shown}”"
    if side.label in _FUNCTIONS or not side.shown or math.isnan(share):
        return
    if math.isnan(n):
        if side.exact:
            yield "hidden", "a share whose base is not shown: its digits give the base"
        return
    if n < policy.threshold_for(item):
        yield "exact", f"a number of {n:g} people, fewer than {policy.threshold_for(item)}"
    if not policy.unanimity:
        return
    low = _low_share(policy, n, item)
    if side.bound:
        room = math.floor((share if side.bound == "<=" else 1 - share) * n + _EPS)
        if room < policy.room_for(item):
            yield "exact", f"a bound that leaves room for {room} of {n:g}"
        return
    count = round(share * n)
    half = 0.0 if abs(count - share * n) < _EPS else side.half  # rounded to the bound it may be inside
    if not low - half + 1e-9 < share < 1 - low + half - 1e-9:
        yield "exact", f"{side.written} of {n:g} is near all or none and printed exactly"
    if not side.weighted and abs(count - share * n) < _EPS and share != count / n:
        yield "last_digits", f"{side.written} is not {count}/{n:g}: its last digits come from the parts added"


# --- bounding every hidden count

_Key = tuple[str, int, str]
"""Wave, set of respondents, question."""


@dataclass
class _Row:
    """A linear statement about counts: low ≤ Σ coefficient · count ≤ high."""

    coefficients: dict[int, float]
    low: float
    high: float
    source: str
    assumed: bool = False

    @property
    def first(self) -> int:
        return next(iter(self.coefficients))


@dataclass
class _Target:
    """A hidden count: which variables it sums, of which base, and how it is printed."""

    variables: tuple[int, ...]
    base: tuple[int, ...]
    n: int | None
    top: float
    key: _Key
    group: Group
    answers: str
    printed: str
    role: str
    low: float = 0.0
    high: float = math.inf
    searched: bool = True
    """False where a search for further values was given up."""

    @property
    def wave(self) -> str:
        return self.key[0]

    @property
    def item(self) -> str:
        return self.key[2]


@dataclass
class _Puzzle:
    """All that is published about one organisation, as integer constraints, and the bounds they imply.

    Variables are numbers of people of a wave and a set of respondents (a re-issue may add some) who gave one
    answer to one question, in one cell of the group columns that occur with it; where answers are weighted,
    separately for each weight, because an insider knows who has which.
    """

    releases: Sequence[_Release]
    policy: Policy
    instrument: Instrument | None
    deadline: float
    weights: Mapping[str, pd.DataFrame] | None = field(default=None)
    """Wave → answers with their weights; None where the study is unknown."""
    recorded: bool = False
    breaches: list[Breach] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows: list[_Row] = []
        self._frames: dict[tuple[str, str], pd.DataFrame | None] = {}
        self._columns: dict[tuple[int, str], npt.NDArray[np.object_]] = {}
        self._masks: dict[tuple[int, str, str, tuple[str, ...]], npt.NDArray[np.bool_]] = {}
        self._found: dict[int, tuple[str, ...]] = {}
        self._matrix: tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None
        self._known: dict[frozenset[int], tuple[float, float]] = {}
        self.upper: list[float] = []
        self.weight: list[float] = []
        self.true: dict[int, float] = {}
        self.targets: list[_Target] = []
        self.cells: dict[_Key, dict[tuple[tuple[str, ...], str], tuple[int, ...]]] = {}
        self.columns: dict[_Key, tuple[str, ...]] = {}
        self.classes: list[int] = []
        self.people: list[int] = []
        """Variable → number of its cell: people of one group and weight, whose answers they are."""
        self._starts: dict[int, npt.NDArray[np.float64]] = {}
        self.timed_out = False
        self._pace = 1.0
        """Seconds per second of processor time in the last search."""
        self._read()
        for key, sides in self.sides.items():
            self._question(key, sides)
        if self.instrument is not None:
            self._rules(self.instrument)
        for (wave, item), last in self.chain.items():
            for later in range(1, last):
                self._difference((wave, later - 1, item), (wave, later, item))
        self._solve()

    # reading

    def _read(self) -> None:
        """Sort the statements by question, wave and set of respondents."""
        self.answered: dict[tuple[str, Group], list[tuple[int | None, float, str]]] = defaultdict(list)
        self.sides: dict[_Key, list[_Side]] = defaultdict(list)
        self.chain: dict[tuple[str, str], int] = {}
        versions: dict[tuple[str, str], list[dict[Any, tuple[float, float]]]] = defaultdict(list)
        for release in sorted(self.releases, key=lambda one: not one.earlier):
            for group, answered, invited, printed in _participation(release):
                self.answered[release.wave, group].append((answered, invited, printed))
            by_item: dict[tuple[str, str], list[_Side]] = defaultdict(list)
            for side in _sides(release):
                if self.weights is None and side.weighted:
                    why = "weighted shares are bounded only with the study, which knows the weights"
                    self.unfinished += [] if why in self.unfinished else [why]
                by_item[side.wave, side.item].append(side)
            for (wave, item), sides in by_item.items():
                known: dict[Any, tuple[float, float]] = {}
                for side in sides:
                    if not math.isnan(side.n):
                        known[side.group, "n"] = (side.n, side.n)
                        if side.number:
                            known[side.group, side.label] = self._interval(side)
                fits = (
                    number
                    for number, other in enumerate(versions[wave, item])
                    if all(key not in other or _overlap(other[key], value) for key, value in known.items())
                )
                place = next(fits, len(versions[wave, item]))
                if place == len(versions[wave, item]):
                    versions[wave, item].append({})
                    if place and not self.recorded:
                        self._unrecorded((wave, place - 1, item), versions[wave, item][-2], known, sides)
                versions[wave, item][place].update(known)
                self.sides[wave, place, item] += sides
                self.chain[wave, item] = len(versions[wave, item])

    def _unrecorded(
        self,
        before: _Key,
        other: Mapping[Any, tuple[float, float]],
        known: Mapping[Any, tuple[float, float]],
        sides: Sequence[_Side],
    ) -> None:
        """Report the first number that differs from that of an earlier issue made without the ledger."""
        group, label = next(key for key in known if key in other and not _overlap(other[key], known[key]))
        evidence = (
            next(str(one) for one in of if one.number and one.group == group and label in ("n", one.label))
            for of in (self.sides[before], sides)
        )
        text = "two issues differ, and without the ledger it is unknown by how many people's answers"
        where = f"{before[0]} {before[2]} {_named(group)}"
        self.breaches.append(Breach("unrecorded", where, text, tuple(evidence)))

    def _frame(self, wave: str, group: Group) -> pd.DataFrame | None:
        """Return the answers with weights that a group is part of; None where all weights are alike."""
        audience = dict(group).get("audience", "")
        if (wave, audience) not in self._frames:
            frame = (self.weights or {}).get(wave)
            if frame is not None and audience:
                frame = frame[(frame["audience"] == audience).to_numpy()]
            alike = frame is None or frame["weight"].nunique() < 2
            self._frames[wave, audience] = None if alike else frame
        return self._frames[wave, audience]

    def _texts(self, frame: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
        """Return a column of answers as texts, "(not said)" for a missing one, each made once."""
        if (id(frame), name) not in self._columns:
            column = frame[name].astype("object")
            self._columns[id(frame), name] = (
                column.where(frame[name].notna(), "(not said)").astype(str).to_numpy(object)
            )
        return self._columns[id(frame), name]

    def _interval(self, side: _Side) -> tuple[float, float]:
        """Return the counts that a printed share of a known base allows; of a weighted one, the shares."""
        n, weighted = side.n, self._frame(side.wave, side.group) is not None
        if side.bound:
            low, high = (side.estimate, 1.0) if side.bound == ">=" else (0.0, side.estimate)
        else:
            count = round(side.estimate * n)
            if not weighted and abs(count / n - side.estimate) < 1e-12:
                return count, count
            low, high = side.estimate - side.half, side.estimate + side.half
        return (low, high) if weighted else (math.ceil(low * n - _EPS), math.floor(high * n + _EPS))

    # building

    def _state(
        self,
        variables: Iterable[int] | Mapping[int, float],
        low: float,
        high: float,
        source: str,
        *,
        assumed: bool = False,
    ) -> None:
        row = dict(variables) if isinstance(variables, Mapping) else dict.fromkeys(variables, 1.0)
        row = {variable: value for variable, value in row.items() if value}
        self.rows += [_Row(row, low, high, source, assumed)] if row else []

    def _codes(self, item: str, sides: list[_Side]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Return the answers of a question, and label → the answers it covers."""
        found = list(dict.fromkeys(side.label for side in sides if side.label not in _FUNCTIONS))
        variable = _variable_of(self.instrument, item)
        if variable is not None and variable.codes:
            parts = {label: variable.codes_of(label) for label in (*found, "top", "bottom")}
            ends = {*parts["top"], *parts["bottom"]}
            parts["middle"] = tuple(code for code in variable.codes if code not in ends)
            return variable.codes, {label: part for label, part in parts.items() if part}
        # Without the questionnaire every label is a part of its own, beside those not printed.
        codes = tuple(found)
        first = [side for side in sides if side.exact and side.group == sides[0].group]
        whole = math.fsum({side.label: side.estimate for side in first}.values())
        if len(codes) < 2 or abs(whole - 1) > _EPS:
            codes += ("(other)",)
        return codes, {label: (label,) for label in found}

    def _cap(self, wave: str, group: Group) -> float:
        """Return the most people of a group who can have answered, from participation and headcounts."""
        caps = [math.inf]
        for (at, part), told in self.answered.items():
            if at == wave and set(part) <= set(group):
                each = []  # of every issue: more may have answered by the next
                for answered, invited, printed in told:
                    most = math.inf if math.isnan(invited) else invited
                    if answered is not None:
                        most = min(most, answered)
                    elif printed.startswith("<"):
                        most = min(most, int(printed[1:]) - 1)
                    each.append(most)
                caps.append(max(each))
        return min(caps)

    def _classes(
        self, key: _Key, values: Mapping[str, Sequence[str]], atom: Sequence[str], *, known: bool
    ) -> tuple[list[tuple[float, int, list[str]]], bool]:
        """Return (weight, people of this cell who answered, answers) and whether that is certain.

        An insider knows the first two; the answers are where the search for other possible ones begins. Who
        was asked a question that follows another is an answer itself: where `known` is false, everybody
        counts.

        Nothing where all have the same weight.
        """
        wave, _, item = key
        frame = self._frame(wave, tuple(zip(values, atom, strict=True)))
        if frame is None:
            return [], False
        inside, whole = np.ones(len(frame), dtype=bool), known and item in frame
        if known and item in frame:
            inside &= frame[item].notna().to_numpy()
        for (column, listed), value in zip(values.items(), atom, strict=True):
            name = column.removeprefix("cut_")
            if value == _ANY:
                continue
            if name not in frame:
                whole = False
                continue
            place = (id(frame), name, value, tuple(listed))
            if place not in self._masks:
                parts = value.split(" + ") if value else " + ".join(listed).split(" + ")
                self._masks[place] = np.isin(self._texts(frame, name), parts) == bool(value)
            inside &= self._masks[place]
        found: dict[float, list[str]] = defaultdict(list)
        given = self._texts(frame, item) if item in frame else np.full(len(frame), "", dtype=object)
        weights = frame["weight"].to_numpy(float).round(9)
        for weight, answer in zip(weights[inside].tolist(), given[inside].tolist(), strict=True):
            found[weight].append(answer)
        return [(one, len(said), said) for one, said in sorted(found.items())] or [(1.0, 0, [])], whole

    def _question(self, key: _Key, sides: list[_Side]) -> None:
        wave, _version, item = key
        codes, labels = self._codes(item, sides)
        columns = tuple(sorted({column for side in sides for column, _ in side.group}))
        values: dict[str, list[str]] = {}
        for column in columns:
            seen = dict.fromkeys(dict(side.group).get(column, "") for side in sides)
            if "" in seen and column == "audience":
                invited = [dict(group) for at, group in self.answered if at == wave]
                seen |= dict.fromkeys(group["audience"] for group in invited if "audience" in group)
                if invited:
                    seen.pop("", None)
            values[column] = list(seen)
        atoms = list[tuple[str, ...]]()
        for audience in values.get("audience", [""]):
            own = (side.group for side in sides if dict(side.group).get("audience", audience) == audience)
            used = {column for group in own for column, _ in group} | {"audience"}
            asked = {name: found if name in used else [_ANY] for name, found in values.items()}
            atoms += product(*(asked | ({"audience": [audience]} if "audience" in values else {})).values())
        if len(atoms) * len(codes) > 4000:
            self.unfinished.append(f"wave {wave}, {item}: {len(atoms)} crossed groups are too many to bound")
            return
        cells = self.cells[key] = {}
        self.columns[key] = columns
        variable = _variable_of(self.instrument, item)
        routed = variable is not None and bool(variable.item.ask_if)
        for atom in atoms:
            cap = self._cap(wave, tuple(zip(columns, atom, strict=True)))
            cell = set(zip(columns, atom, strict=True))
            known = not routed or any(not math.isnan(one.n) and set(one.group) <= cell for one in sides)
            weights, whole = self._classes(key, values, atom, known=known)
            cell_number = len(self.upper)
            for code in codes:
                made = range(len(self.upper), len(self.upper) + max(1, len(weights)))
                self.upper += [min(cap, size) for _, size, _ in weights] or [cap]
                self.weight += [weight for weight, *_ in weights] or [1.0]
                self.people += range(cell_number, cell_number + len(made))
                self.true |= {v: float(one[2].count(code)) for v, one in zip(made, weights, strict=False)}
                cells[atom, code] = tuple(made)
            for place, (weight, size, _) in enumerate(weights):
                parts = [cells[atom, code][place] for code in codes]
                source = f"{size} people with weight {weight:g} answered {item}"
                self._state(parts, size if whole else 0, size, source, assumed=True)
                self.classes.append(parts[0])
            if cap < math.inf and len(codes) > 1:
                self._state(self._of(key, [atom], codes), 0, cap, "participation")
        groups: dict[Group, list[_Side]] = defaultdict(list)
        for side in sides:
            groups[side.group].append(side)
        for group, stated in groups.items():
            self._group(key, group, stated, codes, labels)
        self._nobody_else(key, groups)
        self._remainders(key, groups, codes, labels)

    def _of(self, key: _Key, within: Group | list[tuple[str, ...]], codes: Iterable[str]) -> tuple[int, ...]:
        """Return the variables of people of a group (or of some cells) who gave one of some answers."""
        cells = self.cells[key]
        atoms = within if isinstance(within, list) else self._inside(key, within)
        return tuple(v for atom in atoms for code in codes for v in cells.get((atom, code), ()))

    def _nobody_else(self, key: _Key, groups: Mapping[Group, list[_Side]]) -> None:
        """Assume that everybody is in a listed group of a division, unless what is printed says otherwise.

        It does where a printed group, or the groups of another division, are more people than a division of
        which every group is printed. Left out are groups made of the answers to another question, whose
        sizes are answers themselves, and divisions of groups that are listed.
        """
        divisions: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        for group in groups:
            divisions[tuple(column for column, _ in group)].append(group)
        sizes = {
            division: [
                max((side.n for side in groups[part] if side.n == side.n), default=None) for part in parts
            ]
            for division, parts in divisions.items()
        }
        most = max(math.fsum(n or 0.0 for n in found) for found in sizes.values())
        for division, parts in divisions.items():
            made_of = any(_variable_of(self.instrument, name) is not None for name in division)
            finer = any(set(other) < set(division) for other in divisions)
            told = [n for n in sizes[division] if n is not None]
            if made_of or finer or (len(told) == len(parts) and math.fsum(told) < most):
                continue
            listed = {atom for part in parts for atom in self._inside(key, part)}
            others = [v for (atom, _), found in self.cells[key].items() if atom not in listed for v in found]
            source = f"{key[2]}: everybody is in a listed group of {', '.join(division)}"
            self._state(others, 0, 0, source, assumed=True)

    def _inside(self, key: _Key, group: Group) -> list[tuple[str, ...]]:
        columns, wanted = self.columns[key], dict(group)
        places = [(place, wanted[column]) for place, column in enumerate(columns) if column in wanted]
        atoms = dict.fromkeys(atom for atom, _ in self.cells[key])
        return [atom for atom in atoms if all(atom[place] == value for place, value in places)]

    def _group(
        self,
        key: _Key,
        group: Group,
        stated: list[_Side],
        codes: tuple[str, ...],
        labels: Mapping[str, tuple[str, ...]],
    ) -> None:
        """State what is printed of one group, and list its counts that are not printed exactly."""
        wave, _, item = key
        inside, cap = self._inside(key, group), self._cap(wave, group)
        base, weighted = self._of(key, inside, codes), self._frame(wave, group) is not None
        told = next((side for side in stated if not math.isnan(side.n)), None)
        hidden = next((side.n_shown for side in stated if side.n_shown), "")
        if told is not None:
            self._state(base, told.n, told.n, str(told))
        elif hidden.startswith("<"):
            cap = min(cap, int(hidden[1:]) - 1)
            self._state(base, 0, cap, f"{item}: n {hidden}")
        variable = _variable_of(self.instrument, item)
        values = variable.values() if variable is not None else None
        exact: set[str] = set()
        for side in {(one.label, one.written, one.bound): one for one in reversed(stated)}.values():
            chosen = labels.get(side.label, ())
            if math.isnan(side.n) or math.isnan(side.estimate) or not side.shown:
                continue
            if side.label == "mean" and values and not weighted:
                slack = abs(side.estimate) * 1e-9 * side.n + _EPS
                total = {v: values[code] for code in codes for v in self._of(key, inside, [code])}
                self._state(total, side.estimate * side.n - slack, side.estimate * side.n + slack, str(side))
            elif chosen:
                low, high = self._interval(side)
                picked = self._of(key, inside, chosen)
                if high < low:
                    what = f"{side.written} is not a share of {side.n:g} people"
                    self.breaches.append(Breach("inconsistent", item, what, (str(side),)))
                    continue
                if not weighted:
                    self._state(picked, low, high, str(side))
                    exact |= {side.label, "|".join(chosen)} if side.exact else set()
                    continue
                share = dict.fromkeys(base, 0.0) | {v: self.weight[v] for v in picked}
                slack = _EPS * side.n
                for end, least, most in ((low, -slack, math.inf), (high, -math.inf, slack)):
                    self._state({v: share[v] - end * self.weight[v] for v in base}, least, most, str(side))
        printed = {
            one.label: (f"{one.bound} {one.written}" if one.bound else one.code or "not shown")
            for one in stated
        }
        wanted = {code: (code,) for code in codes if code != "(other)"} | {
            label: labels[label] for label in ("top", "middle", "bottom") if len(labels.get(label, ())) > 1
        }
        n = None if told is None else int(told.n)
        for label, chosen in wanted.items():
            if "|".join(chosen) not in exact and label not in exact and len(chosen) < len(codes):
                words = printed.get(label, "not shown")
                picked = self._of(key, inside, chosen)
                self.targets.append(_Target(picked, base, n, cap, key, group, label, words, "share"))
        if n is None:
            words = "not shown"
            self.targets.append(_Target(base, base, n, cap, key, group, "(answered)", words, "size"))

    def _remainders(
        self,
        key: _Key,
        groups: Mapping[Group, list[_Side]],
        codes: tuple[str, ...],
        labels: Mapping[str, tuple[str, ...]],
    ) -> None:
        """List the people of a printed total who are in none of its printed parts."""
        known = {group for group, sides in groups.items() if any(not math.isnan(side.n) for side in sides)}
        for whole in known:
            finer: dict[tuple[str, ...], list[Group]] = defaultdict(list)
            for group in known:
                if set(whole) < set(group):
                    finer[tuple(column for column, _ in group)].append(group)
            for columns, parts in finer.items():
                covered = {atom for part in parts for atom in self._inside(key, part)}
                left = [atom for atom in self._inside(key, whole) if atom not in covered]
                if not left:
                    continue
                base = self._of(key, left, codes)
                others = " ".join(value for part in parts for column, value in part if column in columns)
                name = (*whole, ("not in", others))
                whom, words = (base, None, math.inf, key, name), "not printed"
                self.targets.append(_Target(base, *whom, "(answered)", words, "rest"))
                for label in dict.fromkeys([*labels, *codes]):
                    part = labels.get(label, (label,))
                    if len(part) < len(codes) and label != "(other)":
                        picked = self._of(key, left, part)
                        self.targets.append(_Target(picked, *whom, label, words, "rest_share"))

    def _rules(self, instrument: Instrument) -> None:
        """Add what the questionnaire implies: routing, "none of these", a limited number of answers."""
        for key in list(self.cells):
            wave, version, item = key
            variable = _variable_of(instrument, item)
            if variable is None:
                continue
            groups = {side.group for side in self.sides[key]}
            for parent, codes in _required(variable.item.ask_if, instrument) if variable.item.ask_if else ():
                other = next(
                    (k for k in ((wave, version, parent), (wave, 0, parent)) if k in self.cells), None
                )
                if other is None:
                    continue
                for group in groups & {side.group for side in self.sides[other]}:
                    every = dict.fromkeys(code for _, code in self.cells[key])
                    row = dict.fromkeys(self._of(key, group, every), 1.0)
                    row |= dict.fromkeys(self._of(other, group, codes), -1.0)
                    source = f"{item} is asked only of {parent} {'/'.join(codes)}"
                    self._state(row, -math.inf, 0, source, assumed=True)
            if variable.kind == "option" and variable.name == instrument.of_item(variable.item.id)[0].name:
                self._options(wave, version, variable, instrument)

    def _options(self, wave: str, version: int, variable: Variable, instrument: Instrument) -> None:
        """Require that everybody ticks something, and that "none of these" excludes the others."""
        options = [one for one in instrument.of_item(variable.item.id) if one.kind == "option"]
        keys = [(wave, version, one.name) for one in options]
        if not all(key in self.cells for key in keys):
            return
        alone = {
            place for place, one in enumerate(options) if one.option is not None and one.option.exclusive
        }
        source, most = f"{variable.item.id}: everybody ticks an option", variable.item.maximum
        for group in {side.group for side in self.sides[keys[0]]}:
            stated = [[side.n for side in self.sides[key] if side.group == group] for key in keys]
            sizes = {next((n for n in one if not math.isnan(n)), math.nan) for one in stated}
            if len(sizes) != 1 or math.isnan(n := sizes.pop()):
                continue
            ticked = [self._of(key, group, ["1"]) for key in keys]
            self._state([v for part in ticked for v in part], n, math.inf, source, assumed=True)
            for lonely, (place, part) in product(alone, enumerate(ticked)):
                if place != lonely:
                    self._state([*part, *ticked[lonely]], -math.inf, n, source, assumed=True)
            if most is not None:
                row = {
                    v: float(most) if place in alone else 1.0
                    for place, part in enumerate(ticked)
                    for v in part
                }
                what = f"{variable.item.id}: at most {most} answers"
                self._state(row, -math.inf, float(most) * n, what, assumed=True)

    def _difference(self, one: _Key, two: _Key) -> None:
        """Add the people who came, or left, between two releases; the others answered the same."""
        if one not in self.cells or two not in self.cells:
            return
        codes = list(dict.fromkeys(code for _, code in self.cells[one]))
        same = "the others answered the same in both releases"
        for group in {side.group for side in self.sides[one]} & {side.group for side in self.sides[two]}:
            sizes = [
                next((s.n for s in self.sides[key] if s.group == group and not math.isnan(s.n)), math.nan)
                for key in (one, two)
            ]
            if any(map(math.isnan, sizes)):
                continue
            came = int(sizes[1] - sizes[0])
            if came == 0 and self._frame(one[0], group) is None:
                self._changed(group, one, two)
                continue
            new = dict(zip(codes, range(len(self.upper), len(self.upper) + len(codes)), strict=True))
            self.people += [len(self.upper)] * len(codes)
            self.upper += [abs(came)] * len(codes)
            self.weight += [1.0] * len(codes)
            for code in codes:
                row = dict.fromkeys(self._of(two, group, [code]), 1.0)
                row |= dict.fromkeys(self._of(one, group, [code]), -1.0) | {
                    new[code]: -math.copysign(1, came)
                }
                self._state(row, 0, 0, same, assumed=True)
            base = tuple(new.values())
            self._state(base, abs(came), abs(came), f"n {sizes[0]:g} and n {sizes[1]:g} in two releases")
            name = (*group, ("between", "two releases"))
            for code in codes if came else ():
                whom = ((new[code],), base, abs(came), abs(came), two, name, code)
                self.targets.append(_Target(*whom, "not printed", "between"))

    def _changed(self, group: Group, one: _Key, two: _Key) -> None:
        """Report counts of the same people that differ between two releases: answers were changed."""
        for first, second in product(self.sides[one], self.sides[two]):
            alike = first.group == second.group == group and first.label == second.label
            if not (alike and first.number and second.number):
                continue
            if not _overlap(self._interval(first), self._interval(second)):
                text = "the same number of people, other answers: what was changed shows"
                where = f"{one[0]} {one[2]} {_named(group)}"
                self.breaches.append(Breach("difference", where, text, (str(first), str(second))))
                return

    # solving

    def _solve(self) -> None:
        """Bound every target by integer programmes, one target of each separate part at a time.

        Bounds that follow from adding up statements are not solved for where a solution already attains them.
        """
        if not self.targets:
            return
        self._twins = {(one.role, one.key, one.group, one.answers): one for one in self.targets}
        part = self._parts()
        mine: dict[int, list[_Target]] = defaultdict(list)
        for target in self.targets:
            mine[int(part[target.variables[0]])].append(target)
        active = set(mine)
        loose = {int(part[one]) for one in self.classes}
        for one in self._infeasible(part, active, loose):
            first, words = (
                mine[one][0],
                "its published numbers contradict one another: nothing can be bounded",
            )
            sources = tuple(row.source for row in self.rows if part[row.first] == one)[:6]
            where = f"wave {first.wave}, {first.item}"
            self.breaches.append(Breach("inconsistent", where, words, sources))
            active.discard(one)
        for one in loose & active:
            self._witness(part, one, mine[one])
        least, most = self._propagated()
        targets = [target for target in self.targets if int(part[target.variables[0]]) in active - loose]
        places = [np.array(target.variables) for target in targets]
        outer = np.array([self._outer(target, least, most) for target in targets]).reshape(-1, 2)
        inner = np.full((len(targets), 2), (math.inf, -math.inf))
        whose = np.array([part[place[0]] for place in places], dtype=np.int64)
        members = _sums_of(places, len(self.upper))
        for end, sign in ((0, 1.0), (1, -1.0)):
            while True:
                chosen: dict[int, int] = {}
                for number in np.flatnonzero(inner[:, end] != outer[:, end]):
                    chosen.setdefault(int(whose[number]), int(number))
                if not chosen:
                    break
                goal = {int(v): sign for number in chosen.values() for v in places[number]}
                solution = self._optimise(part, set(chosen), goal)
                if solution is None:
                    target = targets[next(iter(chosen.values()))]
                    where = f"wave {target.wave}, {target.item}, {_named(target.group)}"
                    self.unfinished.append(f"{where}: not bounded in time")
                    return
                values = np.where(np.isin(whose, list(chosen)), members @ solution, np.nan)
                inner = np.column_stack([np.fmin(inner[:, 0], values), np.fmax(inner[:, 1], values)])
                for row in chosen.values():
                    outer[row, end] = inner[row, end]
        for target, (low, high) in zip(targets, inner.tolist(), strict=True):
            target.low, target.high = low, high
        for target in self.targets:
            if int(part[target.variables[0]]) in active and math.isfinite(target.high):
                self._judge(target, part)

    def _witness(self, part: npt.NDArray[np.int64], one: int, targets: list[_Target]) -> None:
        """Look for ways people can have answered a weighted question that leave its hidden counts open.

        Weights make knapsacks of the statements, whose ends take long to prove. Solutions found early are
        enough: what they show to be possible is possible, so no bound is believed to be wider than it is. A
        search that takes too long is given up; a count that stays narrow for want of it is unfinished.
        """
        start = self._starts.get(one)
        start = self._optimise(part, {one}, {}) if start is None else start
        if start is None:
            self.unfinished.append(f"wave {targets[0].wave}, {targets[0].item}: not bounded in time")
            return
        puzzle = _Part.of(self, part, one)
        for goal in targets:
            goal.low, goal.high = math.inf, -math.inf
        chance = np.random.default_rng(0)
        known, failed = list[npt.NDArray[np.float64]](), dict[tuple[tuple[int, ...], bool], float]()

        def seen(solution: npt.NDArray[np.float64]) -> None:
            known.append(solution)
            for goal in targets:
                value = float(solution[list(goal.variables)].sum())
                goal.low, goal.high = min(goal.low, value), max(goal.high, value)

        seen(start)
        for nodes, goal, up in product((_NODES, 10 * _NODES), targets, (True, False)):  # room for two
            if not self._narrow(goal, int(goal.low), int(goal.high)):
                continue
            end, place = goal.high if up else goal.low, list(goal.variables)
            if failed.get((goal.variables, up)) == end:
                continue
            near = [one for one in known if one[place].sum() == end][:_STARTS]
            asked = (goal.variables, *((goal.high + 1, math.inf) if up else (-math.inf, goal.low - 1)))
            search = partial(self._optimise, part, {one}, {}, beside=asked)
            tried = chain(
                (puzzle.exchanged(base, goal.variables, up, wide=False) for base in near),
                (search(nodes=_FEW, kept=(base, self._half(chance))) for base in (near * _STARTS)[:_STARTS]),
                (puzzle.exchanged(base, goal.variables, up, wide=True) for base in near),
            )
            found = next((solution for solution in tried if solution is not None), None)
            if found is None:
                found = search(nodes=nodes)
            if found is not None:
                seen(found)
                continue
            failed[goal.variables, up] = math.nan if self.timed_out else end
            goal.searched = not any(math.isnan(failed.get((goal.variables, way), 0)) for way in (True, False))
            if time.process_time() > self.deadline:
                self.unfinished.append(f"wave {goal.wave}, {goal.item}: not bounded in time")
                return

    def _half(self, chance: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Return the variables of half of the people, by chance."""
        return np.asarray(chance.random(len(self.upper))[self.people] < 0.5)

    def _as_answered(self, part: npt.NDArray[np.int64], one: int) -> npt.NDArray[np.float64] | None:
        """Return a weighted part as people answered; None where that is not what is printed."""
        found = np.zeros(len(self.upper))
        found[list(self.true)] = list(self.true.values())
        matrix, low, high = self._statements()
        sums, mine = matrix @ found, part[self._firsts] == one
        fits = (sums >= low - _EPS)[mine].all() and (sums <= high + _EPS)[mine].all()
        return found if fits else None

    def _parts(self) -> npt.NDArray[np.int64]:
        """Assign variables that statements connect to one part, and number the parts."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        links = [(row.first, other) for row in self.rows for other in row.coefficients]
        links += [(target.base[0], other) for target in self.targets for other in target.base]
        ends = np.array(links, dtype=np.int64).reshape(-1, 2)
        shape = (len(self.upper), len(self.upper))
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=shape)
        return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)

    def _infeasible(self, part: npt.NDArray[np.int64], active: set[int], loose: set[int]) -> list[int]:
        """Return the parts whose statements contradict one another, after assumptions are dropped.

        Weighted ones are tried one by one.
        """
        exact = active - loose
        if not exact or self._optimise(part, exact, {}) is not None or self.timed_out:
            exact = set()
        for one in active & loose:
            if (found := self._as_answered(part, one)) is not None:
                self._starts[one] = found
        bad = []
        for one in (*exact, *((active & loose) - self._starts.keys())):
            found = self._optimise(part, {one}, {})
            if found is None and not self.timed_out:
                self.rows = [row for row in self.rows if not row.assumed or part[row.first] != one]
                self._matrix = None
                found = self._optimise(part, {one}, {})
                bad += [one] if found is None and not self.timed_out else []
            if found is not None:
                self._starts[one] = found
        return bad

    def _propagated(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return bounds of each variable that follow from single statements, repeatedly."""
        matrix, low, high = self._statements()
        at, across, value = matrix.row, matrix.col, matrix.data
        least, most = np.zeros(len(self.upper)), self._most.copy()
        for _ in range(4):
            small = np.where(value > 0, value * least[across], value * most[across])
            large = np.where(value > 0, value * most[across], value * least[across])
            lowest = np.bincount(at, small, len(low))[at] - small
            highest = np.bincount(at, large, len(low))[at] - large
            up, down = (high[at] - lowest) / value, (low[at] - highest) / value
            np.minimum.at(most, across, np.floor(np.where(value > 0, up, down) + _EPS))
            np.maximum.at(least, across, np.ceil(np.where(value > 0, down, up) - _EPS))
        return least, most

    def _outer(
        self, target: _Target, least: npt.NDArray[np.float64], most: npt.NDArray[np.float64]
    ) -> tuple[float, float]:
        """Return bounds of a sum that its parts, its base and a statement on it allow: never too narrow."""
        inside, base = np.array(target.variables), np.array(target.base)
        low, high = least[inside].sum(), most[inside].sum()
        if target.n is not None:
            others = np.setdiff1d(base, inside)
            low = max(low, target.n - most[others].sum())
            high = min(high, target.n - least[others].sum())
        known = self._known.get(frozenset(target.variables))
        return (low, high) if known is None else (max(low, known[0]), min(high, known[1]))

    def _statements(self) -> tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return all statements as a sparse matrix with their ends, built once."""
        from scipy.sparse import coo_array

        if self._matrix is None:
            at = [number for number, row in enumerate(self.rows) for _ in row.coefficients]
            across = [variable for row in self.rows for variable in row.coefficients]
            values = [coefficient for row in self.rows for coefficient in row.coefficients.values()]
            matrix = coo_array((values, (at, across)), shape=(len(self.rows), len(self.upper)))
            ends = np.array([(row.low, row.high) for row in self.rows]).reshape(-1, 2)
            self._matrix = matrix, ends[:, 0], ends[:, 1]
            self._by_row, self._most = matrix.tocsr(), np.minimum(np.array(self.upper), _MANY)
            self._firsts = np.array([row.first for row in self.rows], dtype=np.int64)
            self._known = {}
            for row in self.rows:
                if all(one == 1.0 for one in row.coefficients.values()):
                    key = frozenset(row.coefficients)
                    low, high = self._known.get(key, (-math.inf, math.inf))
                    self._known[key] = max(low, row.low), min(high, row.high)
        return self._matrix

    def _optimise(
        self,
        part: npt.NDArray[np.int64],
        inside: set[int],
        objective: Mapping[int, float],
        without: Collection[int] = (),
        beside: tuple[tuple[int, ...], float, float] = ((), -math.inf, math.inf),
        nodes: int | None = None,
        kept: tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]] | None = None,
    ) -> npt.NDArray[np.float64] | None:
        """Minimise an objective over some parts; None where there is no solution, or no time.

        `without` leaves out statements by number; `beside` adds one: variables, ends of their sum; `nodes` is
        the most that may be searched; `kept` fixes some variables at the values of a solution.
        """
        from scipy.optimize import Bounds, LinearConstraint

        _, low, high = self._statements()
        chosen = np.isin(part, list(inside))
        used = chosen[self._firsts]
        used[list(without)] = False
        variables = np.flatnonzero(chosen & (self._most > 0))
        costs = np.zeros(len(self.upper))
        costs[list(objective)] = list(objective.values())
        constraints = []
        if used.any():
            constraints = [LinearConstraint(self._by_row[used][:, variables], low[used], high[used])]
        if beside[0]:
            sum_of = np.isin(variables, beside[0]).astype(float)
            constraints.append(LinearConstraint(sum_of[None, :], beside[1], beside[2]))
        least, most = np.zeros(len(self.upper)), self._most
        if kept is not None:
            least, most = np.where(kept[1], kept[0], least), np.where(kept[1], kept[0], most)
        bounds = Bounds(least[variables], most[variables])
        found = self._milp(costs[variables], bounds, constraints, nodes)
        if found is None:
            return None
        solution = np.zeros(len(self.upper))
        solution[variables] = found
        return solution

    def _milp(
        self,
        costs: npt.NDArray[np.float64],
        bounds: Any,
        constraints: Sequence[Any],
        nodes: int | None = None,
    ) -> npt.NDArray[np.float64] | None:
        """Solve an integer programme in the processor time that is left, or in some nodes.

        HiGHS stops by the clock, which on a busy machine runs ahead: where it stopped too early it is run
        again, longer.
        """
        from scipy.optimize import milp

        while (left := self.deadline - time.process_time()) > 0:
            began, clock = time.process_time(), time.monotonic()
            found = milp(
                costs,
                integrality=np.ones(len(costs)),
                bounds=bounds,
                constraints=constraints,
                options={"time_limit": left * self._pace, "mip_rel_gap": 0.0}
                | ({} if nodes is None else {"node_limit": nodes}),
            )
            took, waited = time.process_time() - began, time.monotonic() - clock
            self.timed_out = found.status not in _DECIDED
            if not self.timed_out or waited < left * self._pace or took > left / 2:
                return np.round(found.x) if found.status == 0 and found.x is not None else None
            self._pace = max(2 * self._pace, waited / max(took, _EPS))
        self.timed_out = True
        return None

    # judging

    def _judge(self, target: _Target, part: npt.NDArray[np.int64]) -> None:
        """Record a target's possible values, and report it where they are fewer than the policy allows."""
        low, high, group = int(target.low), int(target.high), _named(target.group)
        named = {"wave": target.wave, "item": target.item, "group": group, "answers": target.answers}
        self.counts.append(named | {"printed": target.printed, "people": target.n, "low": low, "high": high})
        if text := self._narrow(target, low, high):
            where = f"wave {target.wave}, {target.item} {target.answers}, {group}"
            if not target.searched:
                self.unfinished.append(f"{where}: not bounded in time")
                return
            kind = {"size": "group", "rest": "group", "between": "difference"}.get(target.role, "count")
            self.breaches.append(Breach(kind, where, text, self._evidence(target, part)))

    def _narrow(self, target: _Target, low: int, high: int) -> str:
        """Return what a reader learns that the policy hides, "" if nothing."""
        k, values = self.policy.threshold_for(target.item), _span(low, high)
        if target.role == "size":
            return ""
        if target.role == "rest":
            text = f"a group of {values} people, fewer than {k}, follows by subtraction"
            return text if low > 0 and high < k else ""
        if target.role == "rest_share":
            whole = self._twins["rest", target.key, target.group, "(answered)"]
            least, most = int(whole.low), int(whole.high)
            if least > 0 and most < k and (low > 0 or high < most):
                return f"{values} of {_span(least, most)} people in none of the printed groups"
            return self._near(target, low, high, most) if k <= most == least else ""
        n = target.n
        if n is None:
            small = target.top < k  # a larger group may be withheld though its parts are shown
            return f"{values} people of a group that is not shown" if low > 0 and small else ""
        if target.role == "between" and n < k:
            text = f"{values} of the {n} who came or left between two releases"
            return text if low > 0 or high < n else ""
        return self._near(target, low, high, n)

    def _near(self, target: _Target, low: int, high: int, n: int) -> str:
        """Return what is revealed where all possible values are inside one end that the policy hides."""
        share = _low_share(self.policy, n, target.item)
        if share < 0:
            return ""
        few, room = math.floor(share * n + _EPS), self.policy.room_for(target.item)
        if (high <= few or low >= n - few) and high - low < room:
            end = f"0 to {few}" if high <= few else f"{n - few} to {n}"
            return f"{_span(low, high)} of {n}: of {end} fewer than {room + 1} numbers are left"
        return ""

    def _evidence(self, target: _Target, part: npt.NDArray[np.int64]) -> tuple[str, ...]:
        """Return a smallest set of published numbers that already gives the same bound.

        It is looked for once in each part of the programme: its other breaches rest on the same numbers.
        """
        one = int(part[target.variables[0]])
        if one in self._found:
            return self._found[one]
        rows = [number for number, row in enumerate(self.rows) if part[row.first] == one]
        stop, dropped = min(self.deadline, time.process_time() + 5), set[int]()
        places = np.array(target.variables)
        size = len(rows)
        while size := size // 2:  # leave out halves, then quarters, and at last single statements
            for at in range(0, len(rows), size):
                fewer, same = {*dropped, *rows[at : at + size]}, time.process_time() < stop
                for sign, value in ((1.0, target.low), (-1.0, target.high)):
                    goal = dict.fromkeys(map(int, places), sign)
                    found = self._optimise(part, {one}, goal, fewer) if same else None
                    same = found is not None and float(found[places].sum()) == value
                dropped = fewer if same else dropped
        kept = [self.rows[number].source for number in rows if number not in dropped]
        self._found[one] = tuple(dict.fromkeys(kept))[:12]
        return self._found[one]


@dataclass
class _Part:
    """A part of a puzzle, for searches near one of its solutions.

    Parameters
    ----------
    places
        Its variables that may be other than 0, by their numbers in the puzzle.
    rows, low, high
        Its statements.
    cells, upper
        Per variable, the people whose answers it counts, and how many they are.
    """

    places: npt.NDArray[np.int64]
    rows: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    cells: npt.NDArray[np.int64]
    upper: npt.NDArray[np.float64]

    @classmethod
    def of(cls, puzzle: _Puzzle, part: npt.NDArray[np.int64], one: int) -> _Part:
        """Return a part by its number."""
        _, low, high = puzzle._statements()
        upper = puzzle._most
        places = np.flatnonzero((part == one) & (upper > 0))
        mine = part[puzzle._firsts] == one
        rows = puzzle._by_row[mine][:, places].toarray()
        kept = np.ptp(rows, axis=1) > 0
        low, high = low[mine][kept] - _EPS, high[mine][kept] + _EPS
        return cls(places, rows[kept], low, high, np.array(puzzle.people)[places], upper[places])

    def exchanged(
        self, solution: npt.NDArray[np.float64], goal: Sequence[int], up: bool, *, wide: bool
    ) -> npt.NDArray[np.float64] | None:
        """Return a solution in which one person more (or fewer) gave some answers; None if none is near.

        At most two people, or where it is wide three, have answered otherwise than in the solution given.
        """
        base, wanted = solution[self.places], np.isin(self.places, goal).astype(float)
        old, new = np.nonzero((self.cells[:, None] == self.cells) & (base > 0)[:, None] & (base < self.upper))
        old, new = (np.concatenate([[0], one[old != new]]) for one in (old, new))  # the first changes nothing
        gain = (wanted[new] - wanted[old]) * (1 if up else -1)
        moves = np.vstack([self.rows[:, new] - self.rows[:, old], gain])
        least = np.append(self.low - self.rows @ base, 1.0)
        most = np.append(self.high - self.rows @ base, math.inf)
        leading = np.flatnonzero(gain == 1)
        leading = leading[:: max(1, len(leading) // _LEADING)]
        narrow = int(np.argmin(((moves >= least[:, None]) & (moves <= most[:, None])).sum(axis=1)))
        others = np.argsort(moves[narrow], kind="stable")
        along = moves[narrow, others]
        for third in (others if wide else np.array([0]),):
            for first in leading:
                seconds = moves[:, [first]] + moves[:, third]
                begin = np.searchsorted(along, least[narrow] - seconds[narrow])
                number = np.searchsorted(along, most[narrow] - seconds[narrow], "right") - begin
                of = np.repeat(np.arange(len(third)), number)
                at = others[np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number) + begin[of]]
                for row in np.argsort(most - least):
                    sums = seconds[row, of] + moves[row, at]
                    fits = (sums >= least[row]) & (sums <= most[row])
                    of, at = of[fits], at[fits]
                for two, three in zip(third[of], at, strict=True):
                    found = base.copy()
                    for one in (first, two, three):
                        found[new[one]] += 1
                        found[old[one]] -= 1
                    if (found >= 0).all() and (found <= self.upper).all():
                        whole = solution.copy()
                        whole[self.places] = found
                        return whole
        return None


def _sums_of(places: Sequence[npt.NDArray[np.int64]], size: int) -> Any:
    """Return a matrix whose product with all variables is the sum at each of some places."""
    from scipy.sparse import csr_array

    down = np.repeat(np.arange(len(places)), [len(one) for one in places])
    across = np.concatenate([*places, np.array([], dtype=np.int64)])
    return csr_array((np.ones(len(across)), (down, across)), shape=(len(places), size))


def _variable_of(instrument: Instrument | None, item: str) -> Variable | None:
    found = instrument[item] if instrument is not None and item in instrument else None
    return found if isinstance(found, Variable) else None


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] + _EPS and other[0] <= one[1] + _EPS


def _named(group: Group) -> str:
    return (
        ", ".join(f"{value}" if column == "audience" else f"{column} {value}" for column, value in group)
        or "everybody"
    )


def _required(rule: str, instrument: Instrument) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (question, answers) that everybody who is asked must have given."""
    from toolkit.instrument.routing import Comparison, Joined, Selected, parse_tree

    stack = [parse_tree(rule)]
    while stack:
        node = stack.pop()
        if isinstance(node, Joined):
            stack += list(node.parts) if node.word == "and" else []
        elif isinstance(node, Selected):
            yield f"{node.name}_{node.code}", ("1",)
        elif (
            isinstance(node, Comparison)
            and node.name in instrument
            and isinstance(instrument[node.name], Variable)
        ):
            every = instrument[node.name].codes
            if node.operator in ("==", "in"):
                yield node.name, tuple(code for code in every if code in node.codes)
            elif node.operator in ("!=", "not in"):
                yield node.name, tuple(code for code in every if code not in node.codes)


# --- the files


@dataclass(frozen=True)
class _Names:
    """What an organisation's delivery must not contain: others' names and ids, respondents' ids and words."""

    organisations: Mapping[str, tuple[str, ...]]
    respondents: Mapping[str, str]
    known: str
    """Words that the study prints for everyone."""
    labels: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    answers: tuple[str, ...]
    shared: frozenset[str]
    """Names of groups and answers, in small letters: an option of the same name is not told from them."""
    waves: tuple[str, ...]
    questions: Mapping[str, tuple[int, int]]
    """Audience → how many questions it is asked, and how many answers are recorded."""
    declared: int
    published: Mapping[str, frozenset[float]]
    about: Mapping[str, str]
    """Question → another under whose name its numbers appear: what leaders estimate is printed beside it."""
    scores: Mapping[str, tuple[Variable, ...]]
    """Rubric of the organisation → its questions: their agreement is printed."""
    scales: Mapping[str, frozenset[float]]
    """Question → answers that are numbers."""
    effective: frozenset[float] = frozenset()
    """Effective numbers of answers and design effects, which the methods section gives."""
    people: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    """(Column, audience) → group → people, of which a table says how many answered."""

    @classmethod
    def of(cls, study: Any, frame: pd.DataFrame) -> _Names:
        instrument: Instrument = study.instrument
        table = study.organisations
        organisations: dict[str, set[str]] = defaultdict(set)
        for organisation, name in zip(
            table["organisation"].astype(str), table["name"].astype(str), strict=True
        ):
            organisations[organisation] |= {organisation, name}
        private: dict[str, str] = {}
        for column in frame:
            if column == "respondent":
                what = "id of a respondent"
            elif (
                column in instrument
                and isinstance(instrument[column], Variable)
                and instrument[column].kind == "text"
            ):
                what = f"words of a respondent ({column})"
            else:
                continue
            for value in frame[column].dropna().astype(str).unique():
                if column != "respondent" or not (value.isdecimal() and len(value) < 7):
                    private.setdefault(value.strip(), what)
        pages = [instrument.model_dump_json(), *_texts_of_study(study)]
        for language in instrument.languages:
            with using_language(language):
                pages.append(study.policy.text())
        labels: dict[str, tuple[str, ...]] = {}
        for variable in instrument.variables:
            if variable.kind != "text":
                labels[variable.name] = tuple(dict.fromkeys(_wordings(variable, instrument)))
        named_groups = {
            name.casefold()
            for one in instrument.audiences.values()
            for name in (*one.label.values(), *one.plural.values())
        }
        called = {
            label
            for language in instrument.languages
            for variable in instrument.variables
            for label in variable.code_labels(language).values()
        }
        scaled = (one.scale for one in instrument.variables if one.scale is not None)
        called |= {
            name for one in scaled for box in (one.top_label, one.bottom_label) for name in box.values()
        }
        answers = {
            label
            for label in called
            if any(c.isdigit() for c in label) or any(one in label.casefold() for one in named_groups)
        }
        scales = {
            one.name: frozenset(float(x) for x in one.code_labels(language).values() if x.isdecimal())
            for language in instrument.languages
            for one in instrument.variables
        }
        questions = {
            audience: (len({one.item.id for one in mine}), len(mine))
            for audience in instrument.audiences
            for mine in [[one for one in instrument.variables if audience in one.audiences]]
        }
        groups = {
            audience: tuple(dict.fromkeys([*one.label.values(), *one.plural.values()]))
            for audience, one in instrument.audiences.items()
        }
        figures = [] if study.findings is None else study.findings.itertuples()
        published: dict[str, frozenset[float]] = {}
        for one in figures:
            told = frozenset(float(x) for x in (one.value_pct / 100, one.n) if pd.notna(x))
            published[str(one.item)] = published.get(str(one.item), frozenset()) | told
        known = " ".join(" ".join(pages).split()).casefold()
        named = {key: tuple(value) for key, value in organisations.items()}
        return cls(
            named,
            private,
            known,
            labels,
            groups,
            tuple(answers),
            frozenset({*named_groups, *(one.casefold() for one in called)}),
            tuple(study.waves),
            questions,
            len(study.primary),
            published,
            {
                one.name: one.item.estimate_of.item
                for one in instrument.variables
                if one.item.estimate_of is not None
            },
            {name: tuple(_variables(instrument, score.items)) for name, score in instrument.scores.items()},
            scales,
        )

    def phrases(self, own: str) -> dict[str, str]:
        """Return words that must not be in the delivery of an organisation, and what each is."""
        ours = {word.casefold() for word in self.organisations.get(own, ())}
        found = {
            word: f"organisation {organisation}"
            for organisation, words in self.organisations.items()
            for word in words
            if organisation != own
            and word.casefold() not in ours
            and word.casefold() not in self.known
            and not word.isdecimal()
        }
        for words, what in self.respondents.items():
            telling = (
                len(words.split()) >= 3
                or (len(words) >= 6 and any(c.isdigit() for c in words))
                or what.startswith("id")
            )
            if telling and len(words) >= 4 and words.casefold() not in self.known:
                found.setdefault(words, what)
        return found


def _variables(instrument: Instrument, names: Iterable[str]) -> Iterator[Variable]:
    for name in names:
        if (found := _variable_of(instrument, name)) is not None:
            yield found


def _texts_of_study(study: Any) -> Iterator[str]:
    for path in {study.path, study.benchmarks_path}:
        if path is not None and Path(path).is_file():
            yield Path(path).read_text("utf-8", "replace")


def _wordings(variable: Variable, instrument: Instrument) -> Iterator[str]:
    for language in instrument.languages:
        yield variable.label(language)
        if variable.option is not None and variable.kind == "option":
            if stem := variable.item.short.get(language):
                yield f"{stem}: {variable.label(language)}"
            yield from (spoken(variable.item.text, audience, language) for audience in variable.audiences)
        for audience in variable.audiences:
            yield variable.wording(audience, language)


def _released(release: _Release, policy: Policy, names: _Names) -> Released:
    """Collect what the tables of a release allow in its other files."""
    numbers: dict[tuple[str, str], set[float]] = defaultdict(set)
    labels: dict[str, set[str]] = defaultdict(set)
    exact: dict[tuple[str, str], set[float]] = defaultdict(set)
    means: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in release.rows:
        item = row.get("item", "")
        if not item:
            continue
        if row.get("measure") == "mean" and row.get("table") in ("scores", "scores_before"):
            means[item, row.get("audience", "")].append(row)
        if row.get("label"):
            labels[item].add(row["label"])
        for end in ("", "_a", "_b"):
            group = row.get("audience", "")
            if end and row.get(f"audience{end}", "") not in (OURS, PUBLISHED, release.wave) and not group:
                group = row.get(f"audience{end}", "")
            told = {_number(row.get(f"{name}{end}", "")) for name in ("n", "estimate")}
            shown = row.get(f"n{end}_shown", "")
            if shown.isdecimal():
                told.add(float(shown))
            numbers[item, group] |= told
            if (
                row.get("shown") == "True"
                and row.get(f"estimate{end}")
                and not row.get(f"bound{end}")
                and not row.get("bound")
            ):
                exact[item, group].add(_number(row[f"estimate{end}"]))
        for (column, who), people in names.people.items():
            if (block := row.get(f"cut_{column}")) and who in ("", row.get("audience")):
                whole, n = sum(people.get(one, 0.0) for one in block.split(" + ")), _number(row["n"])
                numbers[column, ""] |= {whole, n, n / max(whole, 1.0)}
        shared = {
            _number(row.get(name, ""))
            for name in (
                *GAP_STATISTICS,
                "p_adjusted",
                "threshold",
                "verdict_margin",
                "gap_least",
                "gap_most",
            )
        }
        numbers[item, row.get("audience", "")] |= shared
        if row.get("audience_a"):
            numbers[item, ""] |= shared
            published = {
                _number(row.get(f"{name}_{end}", ""))
                for name in ("n", "estimate")
                for end in "ab"
                if row.get(f"audience_{end}") == PUBLISHED
            }
            numbers[item, "published"] |= published
        for name in ("published_base", "published_note", "published_item", "study", "reason"):
            numbers[item, "published"] |= {
                float(one) for one in re.findall(r"\d+", row.get(name, "").replace(",", ""))
            }
    for key, told in _mean_changes(means):
        numbers[key] |= told
    for score, group in list(numbers):
        if score in names.scores:
            numbers[score, group] |= {_agreement(release, names.scores[score], group)}
    for item, group in list(numbers):
        other = names.about.get(item, item.partition("__")[0])  # "q__dk": who answered "don't know" to q
        scale = 100 if item in names.about else 1  # an estimate of a share is a mean of percentages
        numbers[other, group] |= numbers[item, group] | {one / scale for one in numbers[item, group]}
        exact[other, group] |= exact[item, group]
    hidden: dict[str, frozenset[float]] = {}
    k = {float(policy.threshold), float(policy.sensitive_threshold)}
    for told_of, answered, invited, _ in _participation(release):
        audience = dict(told_of).get("audience")
        if audience and answered is None:
            hidden[audience] = frozenset({*k, *names.questions.get(audience, ()), invited})
    waves = {float(one) for wave in names.waves for one in re.findall(r"\d+", wave)}
    constants = frozenset(
        {0.0, 100.0, 25.0, 50.0, 75.0, 95.0, *k, *waves, float(names.declared), *names.effective}
    )
    items = {
        item: tuple(
            one for one in {*labels[item], *names.labels.get(item, ())} if one.casefold() not in names.shared
        )
        for item in {*labels, *names.labels}
    }
    clean = {key: frozenset(one for one in values if not math.isnan(one)) for key, values in numbers.items()}
    return Released(
        items,
        names.groups,
        clean,
        {key: frozenset(one) for key, one in exact.items()},
        names.answers,
        names.published,
        names.known,
        hidden,
        constants,
        names.scales,
    )


def _mean_changes(
    means: Mapping[tuple[str, str], Sequence[Mapping[str, str]]],
) -> Iterator[tuple[tuple[str, str], set[float]]]:
    """Yield how means changed between two waves, which follows from both, and the p values (Welch, Holm)."""
    from scipy.special import stdtr

    found = {}
    for key, rows in means.items():
        at = {row["table"]: [_number(row[name]) for name in ("estimate", "std_error", "df")] for row in rows}
        if len(at) == 2:
            (now, error, df), (before, other, freedom) = at["scores"], at["scores_before"]
            spread = error**2 + other**2
            if spread > 0:
                whole = spread**2 / (error**4 / df + other**4 / freedom)
                found[key] = now - before, 2 * float(stdtr(whole, -abs(now - before) / spread**0.5))
    adjusted = {min(1.0, p * times) for _, p in found.values() for times in range(1, len(found) + 1)}
    for key, (change, _) in found.items():
        yield key, {change, *adjusted}


def _agreement(release: _Release, items: Sequence[Variable], group: str) -> float:
    """Compute r_wg(j) of a rubric from the released distributions of its questions; NaN where one is not."""
    from toolkit.analysis import within_agreement

    told: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for row in release.rows:
        if row.get("table") == "distributions" and row.get("audience") == group and row["shown"] == "True":
            told[row["item"]][row["response"]] = _number(row["estimate"]), _number(row["n"])
    spread = []
    for item in items:
        values, shares = item.values() or {}, told[item.name]
        if not values or values.keys() - shares.keys():
            return math.nan
        mean = math.fsum(value * shares[code][0] for code, value in values.items())
        n = next(iter(shares.values()))[1]
        spread.append(
            math.fsum(shares[code][0] * (v - mean) ** 2 for code, v in values.items()) * n / (n - 1)
        )
    return within_agreement(spread, len(items[0].values() or {})) if items else math.nan


def _files_faults(
    release: _Release, policy: Policy, instrument: Instrument | None, names: _Names | None
) -> tuple[list[Breach], list[str]]:
    """Read every file of a release: numbers the tables do not explain, names and words that do not belong."""
    breaches: list[Breach] = []
    unread: list[str] = []
    texts: list[Text] = []
    for path in release.files:
        name = path.relative_to(release.folder).as_posix()
        try:
            texts += texts_of(name, path.read_bytes())
        except (ValueError, OSError) as error:
            unread.append(f"{release.folder.name}/{name}: {error}")
    strange = {words: found for words in {text.words for text in texts} if (found := paths_in(words))}
    for text in texts:
        if path_named := strange.get(text.words):
            breaches.append(
                Breach("path", f"{release.folder.name}/{text.place}", "a path of the machine", (path_named,))
            )
    for text, what in odd_pictures(texts):
        breaches.append(Breach("untraced", f"{release.folder.name}/{text.place}", what, (text.words[:200],)))
    if names is not None:
        for text, words, what in Foreign(names.phrases(release.organisation)).found(texts):
            kind = "foreign" if what.startswith("organisation") else "respondent"
            breaches.append(
                Breach(kind, f"{release.folder.name}/{text.place}", f"{what}: “{words}”", (text.words[:120],))
            )
        tracer = Tracer(_released(release, policy, names))
        for text in texts:
            if text.kind in ("raw", "series", "sheet") or text.place.startswith("manifest.json"):
                continue
            if (odd := tracer.untraced(text)) and text.words.casefold().strip("“”«» ") not in names.known:
                breaches.append(
                    Breach(
                        "untraced",
                        f"{release.folder.name}/{text.place}",
                        "a number that the released tables do not explain",
                        (odd,),
                    )
                )
    return breaches, unread
