"""The report on all organisations together: what it may count beside the clients' own reports.

An answer is counted where its organisation's own report shows the number it belongs to. Numbers that a report
shows as a bound or withholds, but whose base it prints, are counted only where several organisations hide
them together, so that each keeps a range of values. No hidden count follows from the overall report and
all others.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.disclosure.ledger import POOLED, group_text
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import _, using_language
from toolkit.reporting.job import ALL, DONE
from toolkit.reporting.manifest import MANIFEST, RESULTS, read_secret, write_secret
from toolkit.reporting.options import chosen_wave, folder_name, notebook_path
from toolkit.reporting.plan import Plan, StudyRun, refuse_foreign, up_to_date
from toolkit.study.study import write_parts
from toolkit.study.weighting import CLIENT, StudyDesign

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.disclosure.ledger import Entry
    from toolkit.study import Study

OVERALL = "_overall"
"""Folder of the report on all organisations, beside theirs; `deliver` leaves it out."""
FEWEST = 5
"""Organisations that an overall report must count."""
NOTEBOOK = "overall_report.ipynb"

_TABLES = ("distributions", "shares", "distributions_parts", "bands", "scores")
_BOXES = ("top", "middle", "bottom")
_WIDE = 2
"""People by which what a client's report hides must stay uncertain beside sums over organisations."""
_MEANS = ("mean", "net", "recommend")
_TRIES = 8
"""Sums of hidden counts, with signs by chance, that are searched for further values before single counts."""
_CELL = ["wave", "organisation", "audience", "item"]


def client_cells(folder: str | Path, wave: str, organisations: Sequence[str]) -> pd.DataFrame:
    """Read what the reports of a wave show of every question, from their results.csv.

    Parameters
    ----------
    folder
        Folder of the wave's reports.

    Returns
    -------
    DataFrame
        One row per number: wave, organisation, audience, item, answer (a code, or the measure), n (NaN where
        it is not printed), effective_n, estimate, exact (bool), low, high (how many may have given the
        answer, as far as the report shows). An organisation of which nothing is shown has no rows.

    Raises
    ------
    InvalidInput
        Each organisation that has no finished report there.
    """
    parts, problems = [], []
    for one in organisations:
        place = Path(folder) / one
        try:
            status = json.loads((place / MANIFEST).read_text(encoding="utf-8"))["status"]
            parts.append(_cells_of(place).assign(wave=wave, organisation=one))
        except (OSError, ValueError, KeyError, TypeError):
            status = ""
        if status not in DONE:
            hint = "build the reports of all organisations of the wave first"
            problems.append(Problem("file-not-found", str(place), "holds no finished report", hint))
    if problems:
        raise InvalidInput("overall report", problems)
    columns = [*_CELL, "answer", "n", "effective_n", "estimate", "exact", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns]


def _cells_of(place: Path) -> pd.DataFrame:
    rows = pd.read_csv(place / RESULTS, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    if "estimate" not in rows:  # nothing of it is shown
        rows = rows.iloc[:0].reindex(columns=["table", "audience", "item", "n", "estimate", "shown"])
    rows = rows.reindex(columns=[*rows, *{"response", "measure", "bound", "effective_n"}.difference(rows)])
    rows = rows[rows["table"].isin(_TABLES)].fillna("")
    n, share = (pd.to_numeric(rows[name], errors="coerce") for name in ("n", "estimate"))
    shown = rows["shown"].eq("True") & n.notna()
    exact = shown & rows["bound"].eq("")
    least, most = shown & rows["bound"].eq(">="), shown & rows["bound"].eq("<=")
    own = pd.DataFrame(
        {
            "audience": rows["audience"],
            "item": rows["item"],
            "answer": rows["response"].where(rows["response"].ne(""), rows["measure"]),
            "n": n,
            "effective_n": pd.to_numeric(rows["effective_n"], errors="coerce").fillna(n),
            "estimate": share,
            "exact": exact,
            "low": np.ceil(share * n - 0.5).where(exact, np.ceil(share * n - 1e-6).where(least, 0.0)),
            "high": np.ceil(share * n - 0.5).where(exact, np.floor(share * n + 1e-6).where(most, n)),
        }
    )
    own = own.sort_values(["exact", "n"], ascending=False, kind="stable")
    own = own.drop_duplicates(["audience", "item", "answer"]).sort_index()  # the top box is in two tables
    # answers to a question add up to its base, which narrows what is withheld
    parts = own[rows["response"].reindex(own.index).ne("") & ~own["answer"].isin(_BOXES)]
    sums = parts.groupby(["audience", "item"])[["low", "high"]].transform("sum")
    high = np.minimum(parts["high"], parts["n"] - (sums["low"] - parts["low"]))
    low = np.maximum(parts["low"], parts["n"] - (sums["high"] - parts["high"]))
    own.loc[parts.index, ["low", "high"]] = np.column_stack([np.minimum(low, high), high])
    return own


def overall_study(
    study: Study,
    wave: str,
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    binding: Sequence[Entry] = (),
) -> Study:
    """Return the study as one organisation, with the answers that an overall report may count.

    Parameters
    ----------
    folder
        Folder of the wave's reports, which must all be there; an earlier wave is compared with where the
        folder beside it holds all of its own.
    frames
        Organisation → its coded answers as its own report has them, all waves together.
    binding
        The releases that bind.

    Raises
    ------
    InvalidInput
        Reports that are missing or not of the current answers, fewer than five organisations that can be
        counted, replicate weights.
    """
    if study.design is not None and (study.design.replicates or not (study.weighting or study.sample)):
        what = "is of replicate weights or of microdata, which do not describe how organisations were drawn"
        hint = "leave the overall report out"
        raise InvalidInput(study.path, [Problem("unsuited-design", "design", what, hint)])
    cells, waves = client_cells(folder, wave, study.organisation_ids(wave)), [wave]
    answers = pd.concat(frames.values(), ignore_index=True)
    if stale := _of_other_answers(cells, answers):
        what, hint = "was not built from the current answers", "build the reports of all organisations again"
        problems = [Problem("inconsistent", str(folder / one), what, hint) for one in stale]
        raise InvalidInput("overall report", problems)
    for earlier in study.waves[: study.waves.index(wave)] if wave not in study.wave_instruments else ():
        try:
            before = client_cells(
                folder.parent / folder_name(earlier), earlier, study.organisation_ids(earlier)
            )
        except InvalidInput:
            continue  # not all of its reports are there, so what they hide is unknown
        if _of_other_answers(before, answers):
            continue
        cells, waves = pd.concat([cells, before], ignore_index=True), [*waves, earlier]
    cells = cells[cells["organisation"].isin(list(frames))].reset_index(drop=True)
    answers = answers[answers["wave"].isin(waves)].reset_index(drop=True)
    reissued = _reissued(study, cells, folder.parent, binding) if binding else set()
    frame, pooled, held = _counted(answers, cells, study.instrument, reissued)
    now = frame.loc[frame["wave"] == wave, "organisation"].nunique()
    if now < FEWEST:
        what = (
            f"{now} organisations of wave {wave} have answers that it may count; at least {FEWEST} are needed"
        )
        hint = "hand out the organisations' own reports"
        raise InvalidInput(study.path, [Problem("too-few", "overall report", what, hint)])
    kinds = study.peers.by if study.peers is not None else ()
    table = study.organisations
    if kinds:
        held_by = table.set_index(["organisation", "wave"])[list(kinds)].astype("str")
        keys = pd.MultiIndex.from_arrays([frame["organisation"], frame["wave"]])
        frame = frame.assign(**{name: held_by[name].reindex(keys).to_numpy() for name in kinds})
    gathered = replace(
        study._gathered,
        frame=frame.assign(**{CLIENT: frame["organisation"], "organisation": POOLED}),
        organisations=_table(study, frame, waves),
    )
    names = {one: study.organisation_name(one) for one in cells["organisation"].unique()}
    made = replace(
        study, table=gathered.organisations, peers=None, comments=None, cuts=kinds, levels=(), renamed={},
        registration=None, quality=False, sample=StudyDesign(clusters=CLIENT), own_held=frozenset(held),
        clients=cells.assign(
            pooled=cells.index.isin(pooled), name=cells["organisation"].map(names)
        ),
    )  # fmt: skip
    made.__dict__["_gathered"] = gathered
    return made


def _bases(frame: pd.DataFrame, items: Iterable[str], by: list[str]) -> pd.Series:
    """Count those who answered, by wave, organisation or all, audience and item."""
    counts = {
        one: (frame[one].notna() & ~frame[one].astype(str).isin(list(MISSING)))
        .groupby([frame[name].astype(str) for name in by])
        .sum()
        for one in items
        if one in frame
    }
    return pd.concat(counts, names=["item"]) if counts else pd.Series(dtype="int64")


def _of_other_answers(cells: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    """List the organisations whose reports have a base that is not that of the answers."""
    printed = cells[cells["n"].notna()].groupby(["item", *_CELL[:3]])["n"].max()
    counted = _bases(answers, cells["item"].unique(), _CELL[:3]).reindex(printed.index)
    differ = counted.notna() & (counted != printed)
    return sorted(set(printed.index[differ].get_level_values("organisation")))


def _reissued(
    study: Study, cells: pd.DataFrame, reports: Path, binding: Sequence[Entry]
) -> set[tuple[str, ...]]:
    """Find (wave, audience, item) with hidden counts of which an organisation released other numbers before.

    A sum over organisations, less the sum in an earlier report on all of them, would be a difference of one.
    """
    ledger, issues, new = study.ledger, [cells], set[tuple[str, str]]()
    every = set(study.organisation_ids())
    known = {POOLED, *every, *study.renamed}
    for wave in cells["wave"].unique():
        pooled = [one.number for one in binding if ledger.released(POOLED, wave, [one])]
        before = [one for one in binding if pooled and one.number < pooled[0]]
        new |= {(wave, one) for one in every if pooled and not ledger.released(one, wave, before)}
        gone = {
            one["organisation"] for entry in before for one in entry.data["people"] if one["wave"] == wave
        }
        new |= {(wave, one) for one in every if gone - known}
    for one in every:
        folders, lost, _notes = ledger.earlier(one, reports, binding)
        new |= {(wave, one) for wave in cells["wave"].unique() if lost}
        for place in folders:
            wave = str(json.loads((place / MANIFEST).read_text(encoding="utf-8"))["wave"])
            issues.append(_cells_of(place).assign(wave=wave, organisation=one))
    both = pd.concat(issues, ignore_index=True)
    both = both[both["wave"].isin(cells["wave"])].drop_duplicates(
        [*_CELL, "answer", "n", "estimate", "exact"]
    )
    changed = both.duplicated([*_CELL, "answer"], keep=False)
    changed |= pd.MultiIndex.from_frame(both[["wave", "organisation"]]).isin(list(new))
    hidden = both["n"].notna() & ~both["exact"].astype(bool)
    groups = both.assign(changed=changed, hidden=hidden).groupby(["wave", "audience", "item"])
    found = groups[["changed", "hidden"]].any().all(axis=1)
    return set(found.index[found])


def _table(study: Study, frame: pd.DataFrame, waves: Sequence[str]) -> pd.DataFrame:
    """Return the organisations table of the whole: headcounts of the groups that are counted, if known."""
    rows = []
    for wave in study.waves:
        if wave not in waves:
            continue
        heads = study.headcounts(wave)
        row: dict[str, Any] = {"organisation": POOLED, "wave": wave}
        with using_language(study.language):
            row["name"] = _("All organisations")
        for audience in study.instrument.audiences:
            own = frame[(frame["wave"] == wave) & (frame["audience"] == audience)]["organisation"].unique()
            known = heads[audience].reindex(own)
            row[audience] = int(known.sum()) if len(own) and known.notna().all() else pd.NA
        rows.append(row)
    table = pd.DataFrame(rows)[["organisation", "name", "wave", *study.instrument.audiences]]
    return table.astype(dict.fromkeys(study.instrument.audiences, "Int64"))


def _counted(
    answers: pd.DataFrame, cells: pd.DataFrame, instrument: Instrument, reissued: Collection[tuple[str, ...]]
) -> tuple[pd.DataFrame, list[Any], set[tuple[str, str, str, str]]]:
    """Keep the answers that may be counted.

    Parameters
    ----------
    reissued
        Wave, audience and item of which sums would be subtracted from those of another issue.

    Returns
    -------
    tuple
        The answers, without those whose base no report shows; the cells that are summed although their
        reports hide them; and what is withheld, as `Beside.held` has it.
    """
    shown = pd.MultiIndex.from_frame(cells.loc[cells["n"].notna(), _CELL[:3]].drop_duplicates())
    place = pd.MultiIndex.from_frame(answers[_CELL[:3]].astype(str))
    answers = answers[place.isin(shown)].reset_index(drop=True)
    place = place[place.isin(shown)]
    held: set[tuple[str, str, str, str]] = set()
    pooled: list[Any] = []
    columns: dict[str, pd.Series] = {}
    by_item = dict(tuple(cells[cells["n"].notna()].groupby("item", sort=False)))
    for variable in instrument.variables:
        if variable.kind not in ("single", "option", "number") or variable.name not in answers:
            continue
        codes, own = answers[variable.name], by_item.get(variable.name, cells.iloc[:0])
        keep = place.isin(pd.MultiIndex.from_frame(own[_CELL[:3]].drop_duplicates()))
        given = pd.crosstab([place.get_level_values(at) for at in (0, 2, 1)], codes.astype(str).to_numpy())
        given = given.reindex(columns=list(variable.codes), fill_value=0)
        if variable.kind != "number":  # means follow from the answers that they are made of
            own = own[~own["answer"].isin(_MEANS)]
        for (wave, audience), rows in own.groupby(["wave", "audience"], sort=False):
            hidden = rows[~rows["exact"]]
            again = (wave, audience, variable.name) in reissued
            if hidden.empty and not again:
                continue
            pool = rows[rows["organisation"].isin(hidden["organisation"])]
            owners = list(dict.fromkeys(pool["organisation"]))
            if not again and _open(pool, given.loc[wave, audience].loc[owners], variable):
                pooled += list(hidden.index)
            else:
                held.add((variable.name, group_text([("audience", str(audience))]), str(wave), "overall"))
                keep &= ~((answers["wave"] == wave) & (answers["audience"] == audience)).to_numpy()
        coded = isinstance(codes.dtype, pd.CategoricalDtype) and "-3" in codes.cat.categories
        gone = ~keep & codes.notna() & ~codes.astype(str).isin(list(MISSING))
        columns[variable.name] = codes.mask(gone, "-3" if coded else np.nan)
    return answers.assign(**columns), pooled, held


def _codes_of(answer: str, variable: Variable) -> tuple[str, ...]:
    """Return the codes of an answer, which may be a box; none of a mean."""
    if answer not in _BOXES:
        return () if answer in _MEANS else (answer,)
    if answer != "middle":
        return variable.codes_of(answer)
    ends = {*variable.codes_of("top"), *variable.codes_of("bottom")}
    return tuple(code for code in variable.codes if code not in ends)


def _open(cells: pd.DataFrame, given: pd.DataFrame, variable: Variable) -> bool:
    """Return whether sums over organisations leave every hidden count of a question open.

    Whoever reads all clients' reports knows the ranges that they show, that the answers of an organisation
    add up to its base, and how many gave each answer in all organisations. Each hidden count must be open by
    `_WIDE` people, or as far as its own report leaves it open.

    Parameters
    ----------
    cells
        What the reports show of it: organisation, answer, exact, low, high.
    given
        Organisation × code: how many gave the answer.
    """
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import csr_array

    if variable.kind == "number":  # bands, and a mean that follows from them
        return False
    truth = given.to_numpy(dtype=float)
    owners = np.repeat(np.arange(len(given)), truth.shape[1])
    rows = [
        np.isin(given.columns, _codes_of(row.answer, variable))[None, :]
        & (given.index == row.organisation)[:, None]
        for row in cells.itertuples()
    ]
    own = csr_array(np.array(rows).reshape(len(rows), -1).astype(float))
    count, hidden = own @ truth.ravel(), ~cells["exact"].to_numpy()
    low = np.where(hidden, np.minimum(np.ceil(cells["low"] - 1e-6), count), count)
    high = np.where(hidden, np.maximum(np.floor(cells["high"] + 1e-6), count), count)
    by_owner = csr_array((owners == np.arange(len(given))[:, None]).astype(float))
    by_code = csr_array(np.tile(np.eye(truth.shape[1]), len(given)))
    alone = [
        LinearConstraint(own, low, high),
        LinearConstraint(by_owner, truth.sum(axis=1), truth.sum(axis=1)),
    ]
    together = [*alone, LinearConstraint(by_code, truth.sum(axis=0), truth.sum(axis=0))]

    def reach(least: Any, most: Any, wanted: Any, constraints: list[Any]) -> None:
        found = own @ np.round(
            milp(-(wanted @ own), constraints=constraints, integrality=np.ones(truth.size)).x
        )
        np.minimum(least, found, out=least)
        np.maximum(most, found, out=most)

    least, most = count.copy(), count.copy()
    # without the sums organisations do not constrain one another: one search serves them all
    for answer, sign in product(cells["answer"].unique(), (1.0, -1.0)):
        reach(least, most, sign * (cells["answer"] == answer).to_numpy(), alone)
    needed = np.minimum(most - least, _WIDE)
    least, most = count.copy(), count.copy()
    chance = np.random.default_rng(0)
    for _try in range(_TRIES):
        left = hidden & (most - least < needed)
        if left.any():
            reach(least, most, np.where(left, chance.choice([-1.0, 1.0], len(left)), 0.0), together)
    for at, sign in product(np.flatnonzero(hidden), (1.0, -1.0)):
        if most[at] - least[at] < needed[at]:
            reach(least, most, sign * (np.arange(len(count)) == at), together)
    return bool((most - least >= needed)[hidden].all())


def _beside_sums(study: Study, frame: pd.DataFrame) -> set[tuple[str, str, str, str]]:
    """Withhold what is not the sum of the clients' own bases, from which it would tell those left out."""
    if (cells := study.clients) is None:
        return set()
    place = ["item", "wave", "audience"]
    own = cells[cells["n"].notna()].groupby([*place, "organisation"])["n"].max().groupby(place).sum()
    counted = _bases(frame, cells["item"].unique(), place[1:]).reindex(own.index)
    differ = own.index[counted.notna() & (counted != own)]
    return {(item, group_text([("audience", who)]), wave, "overall") for item, wave, who in differ}


@dataclass(frozen=True)
class OverallRun(StudyRun):
    """The run of the report on all organisations together; `clients` is the study as its file has it."""

    clients: Study | None = None

    @classmethod
    def of(cls, run: StudyRun) -> OverallRun:
        """Read the answers and the clients' reports, and prepare the run that follows theirs."""
        from toolkit.reporting.gathering import beside_releases

        study, wave = run.study, chosen_wave(run.study, run.wave)
        binding = study.ledger.binding() if study.ledger.exists else ()
        every = study.organisation_ids()
        frames = {one: beside_releases(study, one, wave, binding=binding).frame for one in every}
        made = overall_study(study, wave, run.folder, frames, binding)
        if run.options.release and made.clients is not None:
            counted = frozenset(made.clients.loc[made.clients["wave"] == wave, "organisation"])
            if drafts := counted - run._recorded(counted, study.ledger.entries()):
                what = "is a draft, or its release was withdrawn"
                hint = "release the reports of all organisations first"
                problems = [
                    Problem("inconsistent", str(run.folder / one), what, hint) for one in sorted(drafts)
                ]
                raise InvalidInput("overall report", problems)
        study.forget_answers()
        notebook = notebook_path(NOTEBOOK)
        return cls(made, wave, run.folder, (notebook, notebook), replace(run.options, groups=()), study)

    @property
    def listed(self) -> Study:
        """The study whose organisations the index lists."""
        return self.clients or self.study

    def plan(
        self,
        scratch: Path,
        *,
        mirrored: bool = False,
        writes: bool = True,
        before: Callable[[], object] | None = None,
    ) -> Plan:
        """Determine whether the report is up to date; see `StudyRun.plan`."""
        from toolkit.reporting.gathering import beside_releases
        from toolkit.study.study import part_bytes

        study, options, ledger = self.study, self.options, self.study.ledger
        refuse_foreign(self.folder, [OVERALL])
        secret = read_secret(self.folder)
        entries = ledger.entries() if ledger.exists else ()
        binding = ledger.binding() if entries else ()
        cache = self._cache_keys(secret, binding)
        if before is not None:
            before()
        found = beside_releases(
            study, POOLED, self.wave, binding=binding, hashed=options.release or bool(binding)
        )
        found = replace(found, held=found.held | study.own_held | _beside_sums(study, found.frame))
        part = write_parts(study, scratch / "parts", [POOLED], beside={POOLED: found})[POOLED]
        if writes:
            write_secret(self.folder, secret)
        key = cache.of(part_bytes(part, admitted=True))
        current = up_to_date(self.folder, {OVERALL: key}, force=options.force, mirrored=mirrored)
        if options.release and current:
            current &= self._recorded(current, entries)
        job = replace(self._job(scratch, POOLED, part, key), kind=ALL, final=str(self.folder / OVERALL))
        jobs = [] if current else [job]
        people = {POOLED: found.people} if jobs and writes else {}
        return Plan({OVERALL: POOLED}, current, jobs, study.names(self.wave), people=people)
