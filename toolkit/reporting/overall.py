"""The report on all organisations together: what it may count beside the clients' own reports.

An answer is counted where its organisation's own report shows the number it belongs to. Numbers that a report
shows as a bound or withholds, but whose base it prints, are counted only where several organisations hide
them together, so that each keeps a range of values. No hidden count follows from the overall report and
all others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.disclosure.ledger import POOLED, group_text
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import MISSING, Instrument
from toolkit.locale import _, using_language
from toolkit.reporting.cuts import pool_hides
from toolkit.reporting.job import ALL, DONE
from toolkit.reporting.manifest import MANIFEST, RESULTS, read_secret, write_secret
from toolkit.reporting.options import chosen_wave, folder_name, notebook_path
from toolkit.reporting.plan import Plan, StudyRun, refuse_foreign, up_to_date
from toolkit.study.study import write_parts
from toolkit.study.weighting import CLIENT, StudyDesign

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.study import Study

OVERALL = "_overall"
"""Folder of the report on all organisations, beside theirs; `deliver` leaves it out."""
FEWEST = 5
"""Organisations that an overall report must count."""
NOTEBOOK = "overall_report.ipynb"

_TABLES = ("distributions", "shares", "bands", "scores")
_MEANS = ("mean", "net", "recommend")
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
            rows = pd.read_csv(place / RESULTS, dtype=str, encoding="utf-8-sig", keep_default_na=False)
        except (OSError, ValueError, KeyError, TypeError):
            status, rows = "", pd.DataFrame()
        if status not in DONE:
            hint = "build the reports of all organisations of the wave first"
            problems.append(Problem("file-not-found", str(place), "holds no finished report", hint))
        elif "estimate" in rows:
            parts.append(_cells_of(rows).assign(wave=wave, organisation=one))
    if problems:
        raise InvalidInput("overall report", problems)
    columns = [*_CELL, "answer", "n", "effective_n", "estimate", "exact", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _cells_of(rows: pd.DataFrame) -> pd.DataFrame:
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
    # answers to a question add up to its base, which narrows what is withheld
    parts = own[rows["response"].ne("")]
    sums = parts.groupby(["audience", "item"])[["low", "high"]].transform("sum")
    high = np.minimum(parts["high"], parts["n"] - (sums["low"] - parts["low"]))
    low = np.maximum(parts["low"], parts["n"] - (sums["high"] - parts["high"]))
    own.loc[parts.index, ["low", "high"]] = np.column_stack([np.minimum(low, high), high])
    return own


def overall_study(study: Study, wave: str, folder: Path, frames: Mapping[str, pd.DataFrame]) -> Study:
    """Return the study as one organisation, with the answers that an overall report may count.

    Parameters
    ----------
    folder
        Folder of the wave's reports, which must all be there; an earlier wave is compared with where the
        folder beside it holds all of its own.
    frames
        Organisation → its coded answers as its own report has them, all waves together.

    Raises
    ------
    InvalidInput
        Reports that are missing, fewer than five organisations that can be counted, replicate weights.
    """
    if study.design is not None and (study.design.replicates or not (study.weighting or study.sample)):
        what = "is of replicate weights or of microdata, which do not describe how organisations were drawn"
        hint = "leave the overall report out"
        raise InvalidInput(study.path, [Problem("unsuited-design", "design", what, hint)])
    cells, waves = client_cells(folder, wave, study.organisation_ids(wave)), [wave]
    for earlier in study.waves[: study.waves.index(wave)] if wave not in study.wave_instruments else ():
        try:
            before = client_cells(
                folder.parent / folder_name(earlier), earlier, study.organisation_ids(earlier)
            )
        except InvalidInput:
            continue  # not all of its reports are there, so what they hide is unknown
        cells, waves = pd.concat([cells, before], ignore_index=True), [*waves, earlier]
    answers = pd.concat(frames.values(), ignore_index=True)
    answers = answers[answers["wave"].isin(waves)].reset_index(drop=True)
    frame, pools, held = _counted(answers, cells, study.instrument)
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
    made = replace(
        study, table=gathered.organisations, peers=None, comments=None, cuts=kinds, levels=(), renamed={},
        registration=None, quality=False, sample=StudyDesign(clusters=CLIENT), own_held=frozenset(held),
        clients=cells.merge(pools, how="left", on=[*_CELL, "answer"]).assign(
            name=cells["organisation"].map(study.organisation_name)
        ),
    )  # fmt: skip
    made.__dict__["_gathered"] = gathered
    return made


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
    answers: pd.DataFrame, cells: pd.DataFrame, instrument: Instrument
) -> tuple[pd.DataFrame, pd.DataFrame, set[tuple[str, str, str, str]]]:
    """Keep the answers that may be counted.

    Returns
    -------
    tuple
        The answers, without those whose base no report shows; of each number that is counted although its
        report does not show it: `_CELL`, answer, count; and what is withheld, as `Beside.held` has it.
    """
    shown = pd.MultiIndex.from_frame(cells.loc[cells["n"].notna(), _CELL[:3]].drop_duplicates())
    place = pd.MultiIndex.from_frame(answers[_CELL[:3]].astype(str))
    answers = answers[place.isin(shown)].reset_index(drop=True)
    place = place[place.isin(shown)]
    held: set[tuple[str, str, str, str]] = set()
    pools: list[pd.DataFrame] = []
    columns: dict[str, pd.Series] = {}
    by_item = dict(tuple(cells.groupby("item", sort=False)))
    for variable in instrument.variables:
        if variable.kind not in ("single", "option", "number") or variable.name not in answers:
            continue
        codes, own = answers[variable.name], by_item.get(variable.name, cells.iloc[:0])
        based = pd.MultiIndex.from_frame(own.loc[own["n"].notna(), _CELL[:3]].drop_duplicates())
        keep = place.isin(based)
        hidden = own[own["n"].notna() & ~own["exact"]]
        if len(hidden):
            counts = _counts(codes, place, hidden, variable.codes_of("top"))
            hidden = hidden.assign(count=counts)
            for (wave, audience), rows in hidden.groupby(["wave", "audience"], sort=False):
                hides = all(pool_hides(part) for _answer, part in rows.groupby("answer"))
                if hides and not _determined(rows[~rows["answer"].isin(["top", *_MEANS])]):
                    pools.append(rows[[*_CELL, "answer", "count"]])
                else:
                    held.add((variable.name, group_text([("audience", str(audience))]), str(wave), "overall"))
                    keep &= ~((answers["wave"] == wave) & (answers["audience"] == audience)).to_numpy()
        coded = isinstance(codes.dtype, pd.CategoricalDtype) and "-3" in codes.cat.categories
        gone = ~keep & codes.notna() & ~codes.astype(str).isin(list(MISSING))
        columns[variable.name] = codes.mask(gone, "-3" if coded else np.nan)
    empty = pd.DataFrame(columns=[*_CELL, "answer", "count"])
    return answers.assign(**columns), pd.concat(pools, ignore_index=True) if pools else empty, held


def _counts(codes: pd.Series, place: pd.MultiIndex, hidden: pd.DataFrame, top: Sequence[str]) -> list[float]:
    """Count who gave each hidden answer; NaN of a mean, which counts no one."""
    table = (
        codes.astype(str)
        .groupby([*(place.get_level_values(at) for at in range(3)), codes.astype(str)])
        .size()
    )
    found = []
    for row in hidden.itertuples(index=False):
        codes = top if row.answer == "top" else (str(row.answer),)
        if row.answer in _MEANS:
            found.append(float("nan"))
            continue
        found.append(
            float(sum(table.get((row.wave, row.organisation, row.audience, one), 0) for one in codes))
        )
    return found


def _determined(rows: pd.DataFrame) -> bool:
    """Return whether sums by answer and by organisation leave a hidden count no second value.

    A count may change where others can make up for it in a circle: one more here, one fewer in the same
    organisation, one more of that answer elsewhere, and so on back to the first answer.
    """
    more: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows.itertuples(index=False):
        organisation, answer = ("organisation", row.organisation), ("answer", row.answer)
        if row.count + 1 <= row.high + 1e-9:
            more.setdefault(organisation, []).append(answer)
        if row.count - 1 >= row.low - 1e-9:
            more.setdefault(answer, []).append(organisation)

    def reaches(start: tuple[str, str], end: tuple[str, str]) -> bool:
        seen, ahead = {start}, [start]
        while ahead:
            one = ahead.pop()
            for other in more.get(one, ()):
                if (one, other) != (start, end) and other not in seen:
                    seen.add(other)
                    ahead.append(other)
        return end in seen

    pairs = [
        (("organisation", row.organisation), ("answer", row.answer)) for row in rows.itertuples(index=False)
    ]
    return any(
        not (b in more.get(a, ()) and reaches(b, a)) and not (a in more.get(b, ()) and reaches(a, b))
        for a, b in pairs
    )


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
        made = overall_study(study, wave, run.folder, frames)
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
        found = replace(found, held=found.held | study.own_held)
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
