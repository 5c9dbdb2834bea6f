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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.contract import ALIKE_COLUMNS, ESTIMATE_COLUMNS, GAP_COLUMNS, GAP_STATISTICS
from toolkit.disclosure.delivered import Foreign, Released, Text, Tracer, odd_pictures, paths_in, texts_of
from toolkit.disclosure.policy import Policy
from toolkit.errors import InvalidInput, Problem
from toolkit.findings.comparison import DESCRIPTIVE_COLUMNS, OURS, PUBLISHED
from toolkit.instrument.model import Instrument, Variable, spoken
from toolkit.locale import using_language
from toolkit.records import Displayed

__all__ = ["Breach", "Certificate", "audit_release"]

SECONDS = 120.0
"""Time an audit may take before it gives up and refuses the release."""
_EPS = 1e-6
_MANY = 1e6
"""More people than an organisation has: the end of what is not bounded."""
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
    | {"referent_a", "referent_b", "comparable", "unit", "source", "weighted"}
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
        hidden group; `exact`: a share near all or none is printed; `hidden`: a number stands where the
        release says that none is shown; `last_digits`: the stored digits tell more than the share;
        `difference`: two releases differ by a few people; `untraced`: a printed number that the released
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
        names, respondents, routing and boxes of scales are not known, and the certificate says so.
    earlier
        Folders that left before: their numbers count as known, their own faults are not reported again.
    policy
        Default: the study's, else the one in a manifest.
    seconds
        Time allowed; what is not decided by then refuses the release.

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
    started, deadline = time.process_time(), time.monotonic() + seconds
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
    unfinished: list[str] = []
    counts: list[dict[str, Any]] = []
    notes = [] if study is not None else ["no study: names, respondents, routing and scales are not known"]
    files = 0
    for release in releases:
        if not release.earlier:
            files += len(release.files)
            breaches += _row_faults(release, rules, instrument)
    for organisation in dict.fromkeys(release.organisation for release in releases):
        own = [release for release in releases if release.organisation == organisation]
        if all(release.earlier for release in own):
            continue
        found = _Puzzle(own, rules, instrument, deadline)
        breaches += found.breaches
        unfinished += found.unfinished
        counts += [{"organisation": organisation, **one} for one in found.counts]
        notes += [note for note in found.notes if note not in notes]
    names = _Names.of(study) if study is not None else None
    for release in releases:
        if release.earlier:
            continue
        if time.monotonic() > deadline:
            unfinished.append(f"{release.folder.name}: its files were not read in time")
            continue
        told, unread = _files_faults(release, rules, instrument, names)
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


# --- what was released


@dataclass(frozen=True)
class _Release:
    """One folder that leaves: its files, what its manifest says, the rows of its tables."""

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
    where: str

    @property
    def exact(self) -> bool:
        return self.shown and not self.bound and not math.isnan(self.estimate)

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
            yield _Side(
                item=row["item"],
                label=row.get("response") or row.get("measure", ""),
                group=tuple(sorted(group.items())),
                wave=wave,
                n=_number(row.get(f"n{end}", "")),
                n_shown=row.get(f"n{end}_shown", ""),
                estimate=_number(written),
                written=written,
                bound=row.get(f"bound{end}", ""),
                shown=row.get("shown") == "True" or bool(end and not withheld and written),
                code=withheld,
                effective=math.nan if end else _number(row.get("effective_n", "")),
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
    return policy.unanimity_bounds(n, item)[0] if policy.unanimity else -1.0


_OF_A_SHARE = ("std_error", "conf_low", "conf_high", "df", "effective_n")


def _row_faults(release: _Release, policy: Policy, instrument: Instrument | None) -> Iterator[Breach]:
    """Find what single rows give away: numbers not shown, exact shares near all or none, last digits."""
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
    if not low + 1e-9 < share < 1 - low - 1e-9:
        yield "exact", f"{side.written} of {n:g} is near all or none and printed exactly"
    count = round(share * n)
    if not side.weighted and abs(count - share * n) < _EPS and share != count / n:
        yield "last_digits", f"{side.written} is not {count}/{n:g}: its last digits come from the parts added"


# --- bounding every hidden count


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
    item: str
    wave: str
    group: Group
    answers: str
    printed: str
    role: str
    low: float = 0.0
    high: float = math.inf


@dataclass
class _Puzzle:
    """All that is published about one organisation, as integer constraints, and the bounds they imply.

    Variables are numbers of people of a wave and a set of respondents (a re-issue may add some) who gave one
    answer to one question, in one cell of the group columns that occur with it.
    """

    releases: Sequence[_Release]
    policy: Policy
    instrument: Instrument | None
    deadline: float
    breaches: list[Breach] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows: list[_Row] = []
        self._found: dict[int, tuple[str, ...]] = {}
        self._matrix: tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None
        self._known: dict[frozenset[int], tuple[float, float]] = {}
        self.upper: list[float] = []
        self.targets: list[_Target] = []
        self.cells: dict[tuple[str, int, str], dict[tuple[tuple[str, ...], str], int]] = {}
        self.columns: dict[tuple[str, int, str], tuple[str, ...]] = {}
        self._read()
        self._build()
        self._solve()

    # reading

    def _read(self) -> None:
        """Sort the statements by question, wave and set of respondents."""
        self.answered: dict[tuple[str, Group], list[tuple[int | None, float, str]]] = defaultdict(list)
        self.sides: dict[tuple[str, int, str], list[_Side]] = defaultdict(list)
        versions: dict[tuple[str, str], list[dict[Any, tuple[float, float]]]] = defaultdict(list)
        self.chain: dict[tuple[str, str], int] = {}
        for release in sorted(self.releases, key=lambda one: not one.earlier):
            for group, answered, invited, printed in _participation(release):
                self.answered[release.wave, group].append((answered, invited, printed))
            by_item: dict[tuple[str, str], list[_Side]] = defaultdict(list)
            for side in _sides(release):
                if side.weighted:
                    note = "weighted shares are not counts: they are read for names and hidden numbers only"
                    self.notes += [] if note in self.notes else [note]
                    continue
                by_item[side.wave, side.item].append(side)
            for (wave, item), sides in by_item.items():
                known: dict[Any, tuple[float, float]] = {}
                for side in sides:
                    if not math.isnan(side.n):
                        known[side.group, "n"] = (side.n, side.n)
                        if side.shown and not math.isnan(side.estimate) and side.label not in _FUNCTIONS:
                            known[side.group, side.label] = self._interval(side)
                place = next(
                    (
                        number
                        for number, other in enumerate(versions[wave, item])
                        if all(
                            key not in other or _overlap(other[key], value) for key, value in known.items()
                        )
                    ),
                    len(versions[wave, item]),
                )
                if place == len(versions[wave, item]):
                    versions[wave, item].append({})
                versions[wave, item][place].update(known)
                self.sides[wave, place, item] += sides
                self.chain[wave, item] = len(versions[wave, item])

    def _interval(self, side: _Side) -> tuple[float, float]:
        """Return the counts that a printed share of a known base allows."""
        n = side.n
        if side.bound == ">=":
            return math.ceil(side.estimate * n - _EPS), n
        if side.bound == "<=":
            return 0, math.floor(side.estimate * n + _EPS)
        count = round(side.estimate * n)
        if abs(count / n - side.estimate) < 1e-12:
            return count, count
        half = 0.5 * 10.0 ** -len(side.written.partition(".")[2])
        return math.ceil((side.estimate - half) * n - _EPS), math.floor((side.estimate + half) * n + _EPS)

    # building

    def _codes(self, item: str, sides: list[_Side]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Return the answers of a question, and label → the answers it stands for."""
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

    def _variable(self, upper: float) -> int:
        self.upper.append(upper)
        return len(self.upper) - 1

    def _build(self) -> None:
        for key, sides in self.sides.items():
            self._question(key, sides)
        if self.instrument is not None:
            self._rules(self.instrument)
        for (wave, item), last in self.chain.items():
            for later in range(1, last):
                self._difference(wave, item, later - 1, later)

    def _cap(self, wave: str, group: Group, item: str) -> float:
        """Return the most people of a group who can have answered, from participation and headcounts."""
        caps = [math.inf]
        for part, told in self.answered.items():
            if part[0] == wave and set(part[1]) <= set(group):
                for answered, invited, printed in told:
                    caps.append(invited if not math.isnan(invited) else math.inf)
                    if answered is not None:
                        caps.append(answered)
                    elif printed.startswith("<"):
                        caps.append(int(printed[1:]) - 1)
        return min(caps)

    def _question(self, key: tuple[str, int, str], sides: list[_Side]) -> None:
        wave, _version, item = key
        codes, labels = self._codes(item, sides)
        columns = tuple(sorted({column for side in sides for column, _ in side.group}))
        values: dict[str, list[str]] = {}
        for column in columns:
            seen = dict.fromkeys(dict(side.group).get(column, "") for side in sides)
            if "" in seen and column == "audience":
                seen |= dict.fromkeys(
                    dict(group)["audience"]
                    for at, group in self.answered
                    if at == wave and "audience" in dict(group)
                )
                if any(at == wave for at, _ in self.answered):
                    seen.pop("", None)
            values[column] = list(seen)
        atoms = list(product(*(values[column] for column in columns)))
        if len(atoms) * len(codes) > 4000:
            self.unfinished.append(f"wave {wave}, {item}: {len(atoms)} crossed groups are too many to bound")
            return
        cells = self.cells[key] = {}
        self.columns[key] = columns
        for atom in atoms:
            cap = self._cap(wave, tuple(zip(columns, atom, strict=True)), item)
            for code in codes:
                cells[atom, code] = self._variable(cap)
            if cap < math.inf and len(codes) > 1:
                self.rows.append(_Row({cells[atom, code]: 1.0 for code in codes}, 0, cap, "participation"))
        variable = _variable_of(self.instrument, item)
        values_of = variable.values() if variable is not None else None
        done: set[Any] = set()
        groups: dict[Group, list[_Side]] = defaultdict(list)
        for side in sides:
            groups[side.group].append(side)
        for group, stated in groups.items():
            inside = self._inside(key, group)
            n = next((side.n for side in stated if not math.isnan(side.n)), math.nan)
            base = tuple(cells[atom, code] for atom in inside for code in codes)
            hidden = next((side.n_shown for side in stated if side.n_shown), "")
            cap = self._cap(wave, group, item)
            if not math.isnan(n):
                source = next(str(side) for side in stated if not math.isnan(side.n))
                self.rows.append(_Row(dict.fromkeys(base, 1.0), n, n, source))
            elif hidden.startswith("<"):
                cap = min(cap, int(hidden[1:]) - 1)
                self.rows.append(_Row(dict.fromkeys(base, 1.0), 0, cap, f"{item}: n {hidden}"))
            exact_parts: set[str] = set()
            for side in stated:
                chosen = labels.get(side.label)
                if math.isnan(side.n) or math.isnan(side.estimate) or not side.shown:
                    continue
                if side.label == "mean" and values_of:
                    total = {cells[atom, code]: values_of[code] for atom in inside for code in codes}
                    slack = abs(side.estimate) * 1e-9 * side.n + _EPS
                    self.rows.append(
                        _Row(total, side.estimate * side.n - slack, side.estimate * side.n + slack, str(side))
                    )
                elif chosen and (side.label, side.written, side.bound) not in done | {None}:
                    low, high = self._interval(side)
                    if high < low:
                        self.breaches.append(
                            Breach(
                                "inconsistent",
                                f"{item}",
                                f"{side.written} is no share of {side.n:g} people",
                                (str(side),),
                            )
                        )
                        continue
                    picked = {cells[atom, code]: 1.0 for atom in inside for code in chosen}
                    self.rows.append(_Row(picked, low, high, str(side)))
                    if side.exact:
                        exact_parts |= {side.label, "|".join(chosen)}
            self._hidden(key, group, inside, codes, labels, n, cap, stated, exact_parts)
        self._nobody_else(key, groups)
        self._remainders(key, groups, codes, labels)

    def _nobody_else(self, key: tuple[str, int, str], groups: Mapping[Group, list[_Side]]) -> None:
        """Assume that who is in no printed group of a division is in one that is listed and not shown.

        Left out are groups made of the answers to another question, whose sizes are answers themselves, and
        divisions of groups that are printed, whose remainders are bounded anyway.
        """
        divisions: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        for group in groups:
            divisions[tuple(column for column, _ in group)].append(group)
        for division, parts in divisions.items():
            made_of = any(_variable_of(self.instrument, name) is not None for name in division)
            finer = any(set(other) < set(division) for other in divisions)
            if (
                made_of
                or finer
                or all(any(not math.isnan(side.n) for side in groups[part]) for part in parts)
            ):
                continue
            listed = {atom for part in parts for atom in self._inside(key, part)}
            others = [number for (atom, _), number in self.cells[key].items() if atom not in listed]
            if others:
                source = f"{key[2]}: everybody is in a listed group of {', '.join(division)}"
                self.rows.append(_Row(dict.fromkeys(others, 1.0), 0, 0, source, assumed=True))

    def _inside(self, key: tuple[str, int, str], group: Group) -> list[tuple[str, ...]]:
        columns, wanted = self.columns[key], dict(group)
        atoms = dict.fromkeys(atom for atom, _ in self.cells[key])
        return [
            atom
            for atom in atoms
            if all(atom[place] == wanted[column] for place, column in enumerate(columns) if column in wanted)
        ]

    def _hidden(
        self,
        key: tuple[str, int, str],
        group: Group,
        inside: list[tuple[str, ...]],
        codes: tuple[str, ...],
        labels: Mapping[str, tuple[str, ...]],
        n: float,
        cap: float,
        stated: list[_Side],
        exact: set[str],
    ) -> None:
        """List the counts of a group that are not printed exactly."""
        cells, (wave, _, item) = self.cells[key], key
        base = tuple(cells[atom, code] for atom in inside for code in codes)
        printed = {
            side.label: (f"{side.bound} {side.estimate:g}" if side.bound else side.code or "not shown")
            for side in stated
        }
        wanted = {code: (code,) for code in codes if code != "(other)"} | {
            label: part
            for label, part in labels.items()
            if label in ("top", "middle", "bottom") and len(part) > 1
        }
        known = None if math.isnan(n) else int(n)
        for label, part in wanted.items():
            if "|".join(part) not in exact and label not in exact and len(part) < len(codes):
                picked = tuple(cells[atom, code] for atom in inside for code in part)
                words = printed.get(label, "not shown")
                self.targets.append(
                    _Target(picked, base, known, cap, item, wave, group, label, words, "share")
                )
        if known is None:
            self.targets.append(
                _Target(base, base, None, cap, item, wave, group, "(answered)", "not shown", "size")
            )

    def _remainders(
        self,
        key: tuple[str, int, str],
        groups: Mapping[Group, list[_Side]],
        codes: tuple[str, ...],
        labels: Mapping[str, tuple[str, ...]],
    ) -> None:
        """List the people of a printed total who are in none of its printed parts."""
        cells, (wave, _, item) = self.cells[key], key
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
                base = tuple(cells[atom, code] for atom in left for code in codes)
                name = (
                    *whole,
                    (
                        "not in",
                        " ".join(value for part in parts for column, value in part if column in columns),
                    ),
                )
                self.targets.append(
                    _Target(base, base, None, math.inf, item, wave, name, "(answered)", "not printed", "rest")
                )
                for label in dict.fromkeys([*labels, *codes]):
                    part = labels.get(label, (label,))
                    if len(part) < len(codes) and label != "(other)":
                        picked = tuple(cells[atom, code] for atom in left for code in part)
                        self.targets.append(
                            _Target(
                                picked,
                                base,
                                None,
                                math.inf,
                                item,
                                wave,
                                name,
                                label,
                                "not printed",
                                "rest_share",
                            )
                        )

    def _rules(self, instrument: Instrument) -> None:
        """Add what the questionnaire implies: routing, "none of these", a limited number of answers."""
        for key, cells in list(self.cells.items()):
            wave, version, item = key
            if item not in instrument or not isinstance(instrument[item], Variable):
                continue
            variable: Variable = instrument[item]
            groups = {side.group for side in self.sides[key]}
            if variable.item.ask_if:
                for parent, codes in _required(variable.item.ask_if, instrument):
                    other = next(
                        (k for k in ((wave, version, parent), (wave, 0, parent)) if k in self.cells), None
                    )
                    if other is None:
                        continue
                    for group in groups & {side.group for side in self.sides[other]}:
                        row = {
                            cells[atom, code]: 1.0 for atom, code in cells if atom in self._inside(key, group)
                        }
                        for atom in self._inside(other, group):
                            row |= {
                                self.cells[other][atom, code]: -1.0
                                for code in codes
                                if (atom, code) in self.cells[other]
                            }
                        self.rows.append(
                            _Row(
                                row,
                                -math.inf,
                                0,
                                f"{item} is asked only of {parent} {'/'.join(codes)}",
                                assumed=True,
                            )
                        )
            if variable.kind == "option" and variable.name == instrument.of_item(variable.item.id)[0].name:
                self._options(wave, version, variable, instrument)

    def _options(self, wave: str, version: int, variable: Variable, instrument: Instrument) -> None:
        """Require that everybody ticks something, and that "none of these" excludes the others."""
        options = [one for one in instrument.of_item(variable.item.id) if one.kind == "option"]
        keys = [(wave, version, one.name) for one in options]
        if not all(key in self.cells for key in keys):
            return
        for group in {side.group for side in self.sides[keys[0]]}:
            sizes = {
                next(
                    (side.n for side in self.sides[key] if side.group == group and not math.isnan(side.n)),
                    math.nan,
                )
                for key in keys
            }
            if len(sizes) != 1 or math.isnan(n := sizes.pop()):
                continue
            ticked = [[self.cells[key][atom, "1"] for atom in self._inside(key, group)] for key in keys]
            exclusive = [
                place for place, one in enumerate(options) if one.option is not None and one.option.exclusive
            ]
            source = f"{variable.item.id}: everybody ticks an option"
            self.rows.append(
                _Row({v: 1.0 for part in ticked for v in part}, n, math.inf, source, assumed=True)
            )
            for lonely in exclusive:
                for place, part in enumerate(ticked):
                    if place != lonely:
                        self.rows.append(
                            _Row(
                                dict.fromkeys((*part, *ticked[lonely]), 1.0),
                                -math.inf,
                                n,
                                source,
                                assumed=True,
                            )
                        )
            if variable.item.maximum is not None:
                most = float(variable.item.maximum)
                row = {
                    v: most if place in exclusive else 1.0 for place, part in enumerate(ticked) for v in part
                }
                self.rows.append(
                    _Row(
                        row,
                        -math.inf,
                        most * n,
                        f"{variable.item.id}: at most {most:g} answers",
                        assumed=True,
                    )
                )

    def _difference(self, wave: str, item: str, before: int, after: int) -> None:
        """Add the people who came, or left, between two releases; the others answered the same."""
        one, two = (wave, before, item), (wave, after, item)
        if one not in self.cells or two not in self.cells:
            return
        codes = list(dict.fromkeys(code for _, code in self.cells[one]))
        for group in {side.group for side in self.sides[one]} & {side.group for side in self.sides[two]}:
            sizes = [
                next((s.n for s in self.sides[key] if s.group == group and not math.isnan(s.n)), math.nan)
                for key in (one, two)
            ]
            if any(map(math.isnan, sizes)):
                continue
            came = int(sizes[1] - sizes[0])
            parts = {
                code: [
                    [
                        self.cells[key][atom, code]
                        for atom in self._inside(key, group)
                        if (atom, code) in self.cells[key]
                    ]
                    for key in (one, two)
                ]
                for code in codes
            }
            if came == 0:
                self._changed(item, wave, group, one, two)
                continue
            sign = 1 if came > 0 else -1
            new = {code: self._variable(abs(came)) for code in codes}
            for code, (old, later) in parts.items():
                row = dict.fromkeys(later, 1.0) | dict.fromkeys(old, -1.0) | {new[code]: -float(sign)}
                self.rows.append(
                    _Row(row, 0, 0, "the others answered the same in both releases", assumed=True)
                )
            base = tuple(new.values())
            self.rows.append(
                _Row(
                    dict.fromkeys(base, 1.0),
                    abs(came),
                    abs(came),
                    f"n {sizes[0]:g} and n {sizes[1]:g} in two releases",
                )
            )
            name = (*group, ("between", "two releases"))
            for code in codes:
                self.targets.append(
                    _Target(
                        (new[code],),
                        base,
                        abs(came),
                        abs(came),
                        item,
                        wave,
                        name,
                        code,
                        "not printed",
                        "between",
                    )
                )

    def _changed(self, item: str, wave: str, group: Group, one: Any, two: Any) -> None:
        """Report counts of the same people that differ between two releases: answers were changed."""
        for first in self.sides[one]:
            for second in self.sides[two]:
                if (
                    first.group == second.group == group
                    and first.label == second.label
                    and first.label not in _FUNCTIONS
                ):
                    if (
                        not (first.shown and second.shown)
                        or math.isnan(first.estimate)
                        or math.isnan(second.estimate)
                    ):
                        continue
                    if not _overlap(self._interval(first), self._interval(second)):
                        text = "the same number of people, other answers: what was changed shows"
                        self.breaches.append(
                            Breach(
                                "difference",
                                f"{wave} {item} {_named(group)}",
                                text,
                                (str(first), str(second)),
                            )
                        )
                        return

    # solving

    def _solve(self) -> None:
        """Bound every target by integer programmes, one target of each separate part at a time.

        Bounds that follow from adding up statements are not solved for where a solution already attains them.
        """
        if not self.targets:
            return
        part = self._parts()
        mine: dict[int, list[_Target]] = defaultdict(list)
        for target in self.targets:
            mine[int(part[target.variables[0]])].append(target)
        active = set(mine)
        for one in self._infeasible(part, active):
            first, words = (
                mine[one][0],
                "its published numbers contradict one another: nothing can be bounded",
            )
            sources = tuple(row.source for row in self.rows if part[row.first] == one)[:6]
            where = f"wave {first.wave}, {first.item}"
            self.breaches.append(Breach("inconsistent", where, words, sources))
            active.discard(one)
        least, most = self._propagated()
        targets = [target for target in self.targets if int(part[target.variables[0]]) in active]
        places = [np.array(target.variables) for target in targets]
        outer = np.array([self._outer(target, least, most) for target in targets]).reshape(-1, 2)
        inner = np.full((len(targets), 2), (math.inf, -math.inf))
        for end, sign in ((0, 1.0), (1, -1.0)):
            while True:
                chosen: dict[int, int] = {}
                for number in np.flatnonzero(inner[:, end] != outer[:, end]):
                    chosen.setdefault(int(part[places[number][0]]), int(number))
                if not chosen:
                    break
                goal = {int(v): sign for number in chosen.values() for v in places[number]}
                solution = self._optimise(part, set(chosen), goal)
                if solution is None:
                    target = targets[next(iter(chosen.values()))]
                    where = f"wave {target.wave}, {target.item}, {_named(target.group)}"
                    self.unfinished.append(f"{where}: not bounded in time")
                    return
                for row, place in enumerate(places):
                    if int(part[place[0]]) in chosen:
                        value = float(solution[place].sum())
                        inner[row] = min(inner[row, 0], value), max(inner[row, 1], value)
                for row in chosen.values():
                    outer[row, end] = inner[row, end]
        for target, (low, high) in zip(targets, inner.tolist(), strict=True):
            target.low, target.high = low, high
        for target in targets:
            self._judge(target, part)

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

    def _infeasible(self, part: npt.NDArray[np.int64], active: set[int]) -> list[int]:
        """Return the parts whose statements contradict one another, after assumptions are dropped."""
        if self._optimise(part, active, {}) is not None or time.monotonic() > self.deadline:
            return []
        bad = []
        for one in active:
            if self._optimise(part, {one}, {}) is None:
                self.rows = [row for row in self.rows if not row.assumed or part[row.first] != one]
                self._matrix = None
                if self._optimise(part, {one}, {}) is None:
                    bad.append(one)
        return bad

    def _propagated(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return bounds of each variable that follow from single statements, repeatedly."""
        matrix, low, high = self._statements()
        at, across, value = matrix.row, matrix.col, matrix.data
        least, most = np.zeros(len(self.upper)), np.minimum(np.array(self.upper), _MANY)
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
    ) -> npt.NDArray[np.float64] | None:
        """Minimise an objective over some parts; None where there is no solution, or no time.

        `without` leaves out statements, by their numbers.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        left = self.deadline - time.monotonic()
        if left <= 0:
            return None
        matrix, low, high = self._statements()
        chosen = np.isin(part, list(inside))
        used = chosen[self._firsts]
        used[list(without)] = False
        variables = np.flatnonzero(chosen)
        costs = np.zeros(len(self.upper))
        costs[list(objective)] = list(objective.values())
        constraints = []
        if used.any():
            constraints = [LinearConstraint(matrix.tocsr()[used][:, variables], low[used], high[used])]
        found = milp(
            costs[variables],
            integrality=np.ones(len(variables)),
            bounds=Bounds(np.zeros(len(variables)), np.minimum(np.array(self.upper), _MANY)[variables]),
            constraints=constraints,
            options={"time_limit": left, "mip_rel_gap": 0.0},
        )
        if found.status != 0 or found.x is None:
            return None
        solution = np.zeros(len(self.upper))
        solution[variables] = np.round(found.x)
        return solution

    # judging

    def _judge(self, target: _Target, part: npt.NDArray[np.int64]) -> None:
        """Record a target's possible values, and report it where they are fewer than the policy allows."""
        low, high, group = int(target.low), int(target.high), _named(target.group)
        named = {"wave": target.wave, "item": target.item, "group": group, "answers": target.answers}
        self.counts.append(named | {"printed": target.printed, "people": target.n, "low": low, "high": high})
        if text := self._narrow(target, low, high):
            where = f"wave {target.wave}, {target.item} {target.answers}, {group}"
            kind = {"size": "group", "rest": "group", "between": "difference"}.get(target.role, "count")
            self.breaches.append(Breach(kind, where, text, self._evidence(target, part)))

    def _narrow(self, target: _Target, low: int, high: int) -> str:
        """Return what a reader learns that the policy hides, "" if nothing."""
        k = self.policy.threshold_for(target.item)
        if target.role in ("rest", "rest_share"):
            few = self._size(target)
            if target.role == "rest":
                return (
                    f"a group of {_span(*few)} people, fewer than {k}, follows by subtraction"
                    if few[0] > 0 and few[1] < k
                    else ""
                )
            if few[0] == 0:
                return ""
            if few[1] < k:
                return (
                    f"{_span(low, high)} of {_span(*few)} people in none of the printed groups"
                    if low > 0 or high < few[1]
                    else ""
                )
            return self._near(target, low, high, few[1]) if few[0] == few[1] else ""
        if target.role == "between":
            n = int(target.n or 0)
            if n < k:
                return (
                    f"{_span(low, high)} of the {n} who came or left between two releases"
                    if low > 0 or high < n
                    else ""
                )
            return self._near(target, low, high, n)
        if target.role == "size":
            return ""
        if target.n is None:
            small = target.top < k  # a larger group may be withheld though its parts are shown
            return f"{_span(low, high)} people of a group that is not shown" if low > 0 and small else ""
        return self._near(target, low, high, target.n)

    def _size(self, target: _Target) -> tuple[int, int]:
        twin = next(
            t for t in self.targets if t.role == "rest" and t.base == target.base and t.group == target.group
        )
        return int(twin.low), int(twin.high)

    def _near(self, target: _Target, low: int, high: int, n: int) -> str:
        """Return what is learnt where all possible values lie inside one end that the policy hides."""
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
        stop, dropped = min(self.deadline, time.monotonic() + 5), set[int]()
        places = np.array(target.variables)
        size = len(rows)
        while size := size // 2:  # leave out halves, then quarters, and at last single statements
            for at in range(0, len(rows), size):
                fewer, same = {*dropped, *rows[at : at + size]}, time.monotonic() < stop
                for sign, value in ((1.0, target.low), (-1.0, target.high)):
                    goal = dict.fromkeys(map(int, places), sign)
                    found = self._optimise(part, {one}, goal, fewer) if same else None
                    same = found is not None and float(found[places].sum()) == value
                dropped = fewer if same else dropped
        kept = [self.rows[number].source for number in rows if number not in dropped]
        self._found[one] = tuple(dict.fromkeys(kept))[:12]
        return self._found[one]


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
    waves: tuple[str, ...]
    questions: Mapping[str, tuple[int, int]]
    """Audience → how many questions it is asked, and how many answers are recorded."""
    declared: int
    published: Mapping[str, frozenset[float]]

    @classmethod
    def of(cls, study: Any) -> _Names:
        instrument: Instrument = study.instrument
        table = study.organisations
        organisations: dict[str, set[str]] = defaultdict(set)
        for organisation, name in zip(
            table["organisation"].astype(str), table["name"].astype(str), strict=True
        ):
            organisations[organisation] |= {organisation, name}
        frame = study.responses(wave="all", missing="nan")
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
        answers = {
            label
            for language in instrument.languages
            for variable in instrument.variables
            for label in variable.code_labels(language).values()
            if any(c.isdigit() for c in label)
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
            tuple(study.waves),
            questions,
            len(study.primary),
            published,
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
    """Collect what the tables of a release allow its other files to say."""
    numbers: dict[tuple[str, str], set[float]] = defaultdict(set)
    labels: dict[str, set[str]] = defaultdict(set)
    exact: dict[tuple[str, str], set[float]] = defaultdict(set)
    for row in release.rows:
        item = row.get("item", "")
        if not item:
            continue
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
        shared = {
            _number(row.get(name, ""))
            for name in (*GAP_STATISTICS, "p_adjusted", "threshold", "verdict_margin")
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
    hidden: dict[str, frozenset[float]] = {}
    k = {float(policy.threshold), float(policy.sensitive_threshold)}
    for told_of, answered, invited, _ in _participation(release):
        audience = dict(told_of).get("audience")
        if audience and answered is None:
            hidden[audience] = frozenset({*k, *names.questions.get(audience, ()), invited})
    waves = {float(one) for wave in names.waves for one in re.findall(r"\d+", wave)}
    constants = frozenset({0.0, 100.0, 25.0, 50.0, 75.0, 95.0, *k, *waves, float(names.declared)})
    items = {item: tuple({*labels[item], *names.labels.get(item, ())}) for item in {*labels, *names.labels}}
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
    )


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
            if text.words.casefold() not in names.known and (odd := tracer.untraced(text)):
                breaches.append(
                    Breach(
                        "untraced",
                        f"{release.folder.name}/{text.place}",
                        "a number that the released tables do not explain",
                        (odd,),
                    )
                )
    return breaches, unread
