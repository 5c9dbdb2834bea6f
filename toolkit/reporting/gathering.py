"""Results of one organisation's report, computed together and released by one call of the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from toolkit.disclosure.cells import thresholds
from toolkit.disclosure.ledger import Entry, People, conflicts, group_text
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import _, current_language
from toolkit.presentation.rows import DONT_KNOW, audience_name
from toolkit.reporting.cuts import CUT, cut_bases, cut_tables, spread
from toolkit.responses.frames import plain
from toolkit.study.peers import pooled
from toolkit.study.quality import PARTS
from toolkit.study.study import Beside, beside_of_part
from toolkit.study.weighting import WEIGHT, spread_of_weights, with_kish

if TYPE_CHECKING:
    from toolkit.analysis import Design
    from toolkit.disclosure import Admitted, Released
    from toolkit.study import Study

Changed = tuple[str, str, str]
"""Item, audience, and what changed."""

NOT_THEIRS = "-5"
"""The code of a question that the audience's questionnaire does not contain."""


@dataclass(frozen=True)
class ReportData:
    """Everything one report may show: released results only.

    Parameters
    ----------
    released
        Tables "distributions" (one row per response), "shares" (top box and ticked options); if any,
        "scores" (means of numbers, net scores), "scores_before" (of the previous wave), "bands" (of numbers),
        "declared" (means of declared scores), "dont_know"; if there is something to compare, "gaps", "ranks",
        "trend", "waves" (shares of three or more waves), "beliefs", "benchmarks", and per question of
        `CROSSED` "by_<question>" and "gaps_by_<question>".
    participation
        Invited and answered per audience, as far as the policy allows.
    audiences
        The audiences that may be shown, in the instrument's order.
    previous_wave
        The wave compared with, or "".
    changed
        Questions no trend is drawn of, because they are not what they were.
    earlier_wave
        The wave since which they changed, or "".
    late
        Audiences of which fewer than k people's answers came or changed after a release, and are not counted.
    weights
        What weighting costs per audience (`study.weighting.spread_of_weights`); None where none is weighted.
    cut_tests
        p values of the groups of cuts (`reporting.cuts.cut_tables`); None where the study has no cuts.
    peers
        What the other organisations' averages are made of; None where the study has no benchmark of its own.
    pooled
        Gaps drawn towards those of the other organisations (`study.peers.pooled`); None likewise.
    people
        (cut, audience) → group → people, where the study's margins give them as numbers; for response rates.
    """

    released: Released
    participation: pd.DataFrame
    audiences: tuple[str, ...]
    previous_wave: str = ""
    changed: tuple[Changed, ...] = ()
    earlier_wave: str = ""
    late: tuple[str, ...] = ()
    weights: pd.DataFrame | None = None
    cut_tests: pd.DataFrame | None = None
    peers: pd.DataFrame | None = None
    pooled: pd.DataFrame | None = None
    people: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)


def reportable(study: Study, wave: str) -> frozenset[str]:
    """List the organisations of which the policy lets at least one audience be shown."""
    from toolkit.disclosure.policy import large_enough

    groups = large_enough(study.members(wave), study.policy, by=("organisation", "audience"))
    return frozenset(organisation for organisation, _ in groups)


def gather(study: Study, organisation: str, wave: str) -> ReportData:
    """Analyse one organisation's answers of one wave and release the results.

    Returns
    -------
    ReportData
        Where no audience may be shown its released tables are empty.

    Raises
    ------
    InvalidInput
        A wave with a questionnaire of its own: the study's words are not those its people read.
    """
    from toolkit.disclosure.cells import Base
    from toolkit.disclosure.gate import pass_gate

    if wave in study.wave_instruments:
        hint = "make its report from a study file whose instrument is that questionnaire"
        problem = Problem(
            "wrong-instrument", f"wave {wave}", "used a different questionnaire from the study's", hint
        )
        raise InvalidInput(study.path, [problem])

    beside = beside_releases(study, organisation, wave)
    admitted = _admitted(study, beside.frame, organisation, wave)
    frame = _with_used_audiences(admitted.frame)
    audiences = tuple(frame["audience"].cat.categories)
    previous = study.previous_wave(organisation, wave) if audiences else ""
    peers = study.benchmarks_of(organisation, wave) if audiences else None
    whose = (organisation, wave, previous)
    results, weights, tests = _results(study, beside.frame, frame, *whose, peers)
    if study.clients is not None:
        even = spread(beside.frame, study.clients, study.instrument)
        counted = _with_used_audiences(_admitted(study, even, organisation, wave).frame)
        results = _with_errors_of(results, _results(study, even, counted, *whose, None)[0])
    results["participation"] = admitted.participation
    held = {
        Base(item, frozenset([*map(tuple, json.loads(group)), *([("wave", at)] if at != wave else [])])): code
        for item, group, at, code in beside.held
    }
    near = {base for base, code in held.items() if code == "turnover"}
    released = pass_gate(
        results,
        study.policy,
        instrument=study.instrument,
        level=study.level,
        margin=study.margin,
        current={"wave": wave},
        held={base: code for base, code in held.items() if base not in near}
        | {Base(item, frozenset(group)): "total" for item, group in _beside_few(results, study)},
        near=near,
    )
    changed = changed_questions(study, previous, wave, audiences)
    drawn = previous if "trend" in results else ""
    late = tuple(audience for audience in audiences if audience in beside.late)
    participation = released["participation"]
    if study.design is not None:  # the gate's margins are those of a simple sample
        from toolkit.analysis import margin_of_error

        alone = None if study.clients is not None else weights  # clusters of organisations would widen it
        cost = [] if alone is None else zip(alone["audience"], alone["effective_n"], strict=True)
        margins = {who: float(margin_of_error(n, level=study.level)) for who, n in cost}
        participation = participation.assign(margin=participation["audience"].map(margins).astype("Float64"))
    priors = study.gap_priors_of(organisation, wave) if "gaps" in results else None
    together = None if priors is None else pooled(released["gaps"], priors, level=study.level)
    return ReportData(
        released,
        participation,
        audiences,
        drawn,
        changed,
        previous,
        late,
        weights,
        tests,
        peers,
        together,
        _people(study, organisation, wave, audiences) if study.quality else {},
    )


def _results(
    study: Study,
    every: pd.DataFrame,
    frame: pd.DataFrame,
    organisation: str,
    wave: str,
    previous: str,
    peers: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None, pd.DataFrame | None]:
    """Analyse the admitted answers of a wave, beside those of every wave.

    Returns tables by name, what weighting costs, and the tests of cuts.
    """
    audiences = tuple(frame["audience"].cat.categories)
    weights, tests = None, None
    if not audiences:
        return {}, weights, tests
    population, design = study.population(organisation, wave), None
    if study.design is not None:
        whole = every[every["wave"] == wave].reset_index(drop=True)
        frame, design = _designed(study, whole, {wave: audiences})
        if WEIGHT in frame:
            weights = spread_of_weights(frame, study.weighting, audiences, study.policy.threshold)
    instrument, level = study.instrument, study.level
    results = {
        "distributions": _estimates(frame, _single(instrument), None, population, level, design),
        "shares": _estimates(frame, _with_top(instrument), "top", population, level, design),
    }
    results |= _numbers(frame, instrument, level, design)
    if study.clients is None:  # beside the clients' reports only what was compared with them is shown
        results |= _declared(frame, instrument, level, design)
        results |= _dont_know(frame, study, design)
        results |= _crossed(frame, study, design)
        results |= _judged(frame, study, design)
    results |= _comparisons(frame, audiences, study, design)
    if previous:
        earlier = _admitted(study, every, organisation, previous)
        results |= _trend(study, every, (wave, previous), frame, earlier, results["shares"])
        results |= _over_waves(study, every, organisation, wave, frame, results["shares"])
    results |= _benchmarks(study, [results["shares"], results["distributions"]])
    if peers is not None and len(peers):
        from toolkit.findings import benchmark

        own = benchmark(results["shares"], peers, level=level, margin=study.margin)
        results["own_benchmarks"] = own[own["audience"].isin(audiences)].reset_index(drop=True)
    if study.cut_columns:
        divided, tests = cut_tables(study, frame, audiences, design)
        results |= divided
    return results, weights, tests


def _with_errors_of(
    results: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return results with the errors, tests and verdicts of other answers; intervals lie about their own."""
    found = {}
    for name, rows in results.items():
        other, value = others[name], "gap" if "gap" in rows else "estimate"
        apart = rows[value].astype("Float64") - other[value].astype("Float64")
        kept = [one for one in (value, "estimate_a", "estimate_b") if one in rows]
        ends = {end: (other[end] + apart).astype(rows[end].dtype) for end in ("conf_low", "conf_high")}
        found[name] = other.assign(**rows[kept], **ends)
    return found


def _designed(
    study: Study, frame: pd.DataFrame, audiences: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, Design]:
    """Lay a frame out for its design; respondents of audiences that may not be shown are in no group.

    They stay in the frame, because the variance of a design counts everyone who was drawn.
    """
    frame, design = study.laid_out(frame)
    shown = pd.Series(False, index=frame.index)
    for wave, names in audiences.items():
        shown |= (frame["wave"] == wave) & frame["audience"].isin(list(names))
    return _with_used_audiences(frame.assign(audience=frame["audience"].where(shown))), design


def beside_releases(
    study: Study,
    organisation: str,
    wave: str,
    *,
    binding: Sequence[Entry] | None = None,
    hashed: bool = False,
) -> Beside:
    """Keep the answers of an organisation that may be reported for a wave and those before.

    Any two waves differ, item by item, by no one or by k people, or the earlier of them is withheld.

    Parameters
    ----------
    binding
        The releases that bind, where they were read before.
    hashed
        Whether the hashes of the people in the released bases are needed.
    """
    if study.part is not None:
        return beside_of_part(study)
    answers = study.responses(organisation, "all", missing="codes")
    if binding is None:
        binding = study.ledger.binding() if study.ledger.exists else ()
    earlier = study.earlier_waves(organisation, wave)
    late, held, people = frozenset[str](), set[tuple[str, str, str, str]](), list[People]()
    parts = {one: answers[answers["wave"] == one] for one in dict.fromkeys(answers["wave"])}
    for one in (wave, *earlier) if binding or hashed else ():
        if one in parts:
            parts[one], come, near, found = _kept(study, parts[one], one == wave, binding)
            late = come if one == wave else late
            held |= {(item, group, one, "released") for item, group in near}
            people += [found]
    newer = [wave] if wave in parts else []
    for one in earlier if newer else ():
        near = {(item, group) for item, group, at, _ in held if at == one}
        held |= {
            (item, group, one, "turnover")
            for later in newer
            for item, who in _few_changed(study, parts[later], parts[one])
            if (item, group := group_text({"audience": who}.items())) not in near
        }
        newer.append(one)
    together = pd.concat(parts.values(), ignore_index=True) if parts else answers
    return Beside(together, late, frozenset(held), tuple(one for one in people if one.bases))


def _kept(
    study: Study, answers: pd.DataFrame, current: bool, binding: Sequence[Entry]
) -> tuple[pd.DataFrame, frozenset[str], set[tuple[str, str]], People]:
    """Keep the answers of one wave; return them, who came late, what is too near, and the people released."""
    ledger, k_of = study.ledger, thresholds(study.policy, (), study.instrument).threshold_for
    organisation, wave = (str(answers[name].iloc[0]) for name in ("organisation", "wave"))
    variables = [v for v in study.instrument.variables if v.kind in ("single", "option", "number")]
    texts = {
        v.name: answers[v.name].astype("str")
        for v in variables
        if v.item.show_dont_know and v.kind == "single"
    }
    unsure = {
        name + DONT_KNOW: column.eq("-1").astype("str").where(~column.isin(_NO_ANSWER))
        for name, column in texts.items()
    }
    blocks = {v.name: v.item.id for v in variables if v.kind == "option"} | {
        name + DONT_KNOW: name for name in texts
    }
    kept = ledger.keep(answers.assign(**unsure), study.policy, binding=binding, blocks=blocks)
    frame = kept.frame
    for name in texts:
        gone = frame[name].astype("str").eq("-1") & frame[name + DONT_KNOW].isna()
        frame = frame.assign(**{name: frame[name].where(~gone, "-3")})
    people = ledger.people(frame, organisation, wave, items=[*(v.name for v in variables), *unsure])
    bases, groups = set(people.bases), dict(people.groups)
    for by, pair, items, parts in _parts(study, frame) if current else ():
        for group, mask in people.groups.items():
            for part in pair:
                divided = group_text([*map(tuple, json.loads(group)), (by, part)])
                groups[divided] = mask & (parts == part).to_numpy(dtype=bool)
                bases |= {(item, divided) for item in items}
    if current and study.cut_columns:
        counts = frame["audience"].value_counts()
        large = [str(one) for one, n in counts.items() if n >= study.policy.threshold]
        for item, pairs, mask in cut_bases(study, frame, large):
            groups[group_text(pairs)] = mask
            bases.add((item, group_text(pairs)))
    people = replace(people, groups=groups, bases=frozenset(bases))
    people = people.publishing(people.bases & people.large(k_of).bases)
    earlier = ledger.released(organisation, wave, binding)
    near = set(conflicts(people, earlier, k_of))
    near |= {(item, group_text({"audience": who}.items())) for item, who in kept.held}
    near |= {base for old in earlier for base in _divided_otherwise(people, old, near)}
    return frame.drop(columns=list(unsure)), kept.late, near, people.publishing(people.bases - near)


def _divided_otherwise(new: People, old: People, near: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the blocks of cuts that an earlier release of other people did not divide into the same blocks.

    Subtracted from one another, blocks of two divisions give groups that neither shows, although any two of
    them differ by many people. A block that is too near to a released one would follow from the others.
    """
    now, before = _blocks(new), _blocks(old)
    for (item, audience), cuts in now.items():
        group = group_text({"audience": audience}.items())
        if (item, group) not in old.bases:
            continue
        known, sides = before.get((item, audience), {}), []
        for one in (new, old):
            there = one.groups[group] if group in one.groups else np.zeros(len(one.ids), bool)
            sides.append(set(one.elements(item, "ids")[there & (one.answers[item] != 0)].tolist()))
        as_well = sides[0] == sides[1] and all(cuts.get(cut) == blocks for cut, blocks in known.items())
        for cut, blocks in cuts.items():
            bases = {(item, block) for block in blocks}
            if bases & near or not (as_well or known.get(cut) == blocks):
                yield from bases


def _blocks(people: People) -> dict[tuple[str, str], dict[str, set[str]]]:
    """Return (item, audience) → cut → the blocks released of it."""
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for item, group in people.bases:
        of = dict(json.loads(group))
        for cut in (one for one in of if one.startswith(CUT)):
            found.setdefault((item, of["audience"]), {}).setdefault(cut, set()).add(group)
    return found


def _parts(study: Study, frame: pd.DataFrame) -> Iterator[tuple[str, tuple[str, str], list[str], pd.Series]]:
    """Yield how audiences are divided in two: column, parts, items shown of them, part of each respondent."""
    for by, outcomes in CROSSED.items():
        if by in study.instrument:
            items = [v.name for v in study.instrument.variables if v.item.id in outcomes]
            yield by, ("top", "rest"), items, _top_or_rest(study, frame, by)
    for by, pair in PARTS.items() if study.quality else ():
        yield by, pair, [v.name for v in headline(study)], frame[by]


def _few_changed(study: Study, now: pd.DataFrame, before: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Find (item, audience) answered in two waves by people of whom one to k − 1 may have come or gone.

    Where nothing identifies people over the waves, it may be so few unless the numbers differ by k or more.
    """
    if study.person == "new":
        return
    k_of = thresholds(study.policy, (), study.instrument).threshold_for
    items = [v.name for v in study.instrument.variables if v.kind in ("single", "option", "number")]
    for audience in study.instrument.audiences:
        given = []
        for frame in (before, now):
            rows = plain(frame[frame["audience"] == audience])
            who = [study.person_of(*key) for key in zip(rows["wave"], rows["respondent"], strict=True)]
            given.append(rows[items].notna().set_axis(pd.Index(who, dtype=object), axis=0))
        if min(map(len, given)) < study.policy.threshold:
            continue
        if any("" in part.index for part in given):  # a person without a token may be anyone
            changed = (given[1].sum() - given[0].sum()).abs().clip(lower=1)
        else:
            everybody = given[0].index.union(given[1].index, sort=False)
            one, other = (part.reindex(everybody, fill_value=False) for part in given)
            changed = (one != other).sum()
        yield from ((item, audience) for item in items if 0 < changed[item] < k_of(item))


def _admitted(study: Study, frame: pd.DataFrame, organisation: str, wave: str) -> Admitted:
    from toolkit.disclosure import admit

    frame = frame[frame["wave"] == wave].reset_index(drop=True)
    population = study.population(organisation, wave)
    return admit(frame, study.policy, by="audience", population=population, level=study.level)


def _with_used_audiences(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop unused audiences from the audience column's categories."""
    return frame.assign(audience=frame["audience"].cat.remove_unused_categories())


def _single(instrument: Instrument) -> list[Variable]:
    return [variable for variable in instrument.variables if variable.kind == "single"]


def _with_top(instrument: Instrument) -> list[Variable]:
    return [v for v in instrument.variables if v.kind in ("single", "option") and v.codes_of("top")]


def _estimates(
    frame: pd.DataFrame,
    variables: Sequence[Variable],
    measure: str | None,
    population: Mapping[str, int],
    level: float,
    design: Design | None = None,
) -> pd.DataFrame:
    """Estimate shares per audience, with finite-population intervals where headcounts are known.

    How many people a routed question would reach is unknown, so only questions put to everyone of an
    audience are measured against its headcount. Under a design its own intervals are used.
    """
    from toolkit.analysis import proportions
    from toolkit.analysis.contract import ESTIMATE_COLUMNS

    if design is not None and variables:
        rows = proportions(frame, variables, by="audience", measure=measure, level=level, design=design)
        return with_kish(rows, frame, design)
    whole = [variable for variable in variables if variable.item.ask_if is None]
    routed = [variable for variable in variables if variable.item.ask_if is not None]
    counted = frame["audience"].isin(population)
    parts = []
    for chosen, rows, against in (
        (whole, counted, population),
        (whole, ~counted, None),
        (routed, counted | True, None),
    ):
        if chosen and rows.any():
            some = _with_used_audiences(frame[rows])
            parts.append(
                proportions(some, chosen, by="audience", measure=measure, level=level, population=against)
            )
    if not parts:  # a questionnaire without such questions
        columns = ["item", "response" if measure is None else "measure", "audience", *ESTIMATE_COLUMNS]
        numbers = dict.fromkeys(ESTIMATE_COLUMNS[:-1], "float64")
        return pd.DataFrame(columns=columns, dtype="str").astype(numbers)
    together = pd.concat(parts, ignore_index=True)
    order = {variable.name: place for place, variable in enumerate(variables)}
    return together.sort_values("item", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _comparisons(
    frame: pd.DataFrame, audiences: Sequence[str], study: Study, design: Design | None
) -> dict[str, pd.DataFrame]:
    """Compare what two audiences were asked alike, by gaps and by ranks for ordered answers.

    Questions about different things (executives on the organisation, employees on themselves) are left out.
    Ranks count respondents alike, so that there are none under a design.
    """
    from toolkit.analysis import check_alike, gaps, rank_gap

    pairs = list(combinations(audiences, 2))
    if not pairs:
        return {}
    present = set(audiences)
    shared = [one for one in study.instrument.shared() if len(present.intersection(one.audiences)) > 1]
    topped = [variable for variable in shared if variable.codes_of("top")]
    ordered = [variable for variable in shared if variable.ordered and variable.values() is not None]
    family = _family(study, topped)
    found = {}
    if topped:
        found["gaps"] = gaps(
            frame,
            topped,
            between="audience",
            pairs=pairs,
            measure="top",
            level=study.level,
            margin=study.margin,
            family=family,
            design=design,
        )
    if ordered and design is None:
        found["ranks"] = rank_gap(frame, ordered, between="audience", pairs=pairs, level=study.level)
    found = {name: rows[rows["comparable"] != "different"] for name, rows in found.items()}
    found = {name: rows.reset_index(drop=True) for name, rows in found.items() if len(rows)}
    leaders = next((name for name in LEADERS if name in present), "")
    believed = [one for one in topped if one.kind == "single" and _believed(one, leaders)]
    if believed and "employee" in present:
        found["beliefs"] = gaps(
            frame,
            believed,
            between="audience",
            pairs=[(leaders, "employee")],
            measure="top",
            level=study.level,
            margin=study.margin,
            design=design,
        )
    if study.policy.withhold_unlike:
        return {
            name: check_alike(rows, frame, study.instrument, level=study.level, design=design)
            for name, rows in found.items()
        }
    return found


LEADERS = ("executive", "manager")


def _believed(variable: Variable, leaders: str) -> bool:
    """Return whether leaders are asked about their employees what these are asked about themselves."""
    return (variable.referent(leaders), variable.referent("employee")) == ("employees", "self")


def _numbers(
    frame: pd.DataFrame, instrument: Instrument, level: float, design: Design | None = None
) -> dict[str, pd.DataFrame]:
    """Estimate means and bands of numbers, and net scores, per audience."""
    from toolkit.analysis import banded, means, proportions

    numbers = [variable for variable in instrument.variables if variable.kind == "number"]
    scores = [
        means(frame, chosen, by="audience", measure=measure, level=level, design=design)
        for measure, wanted in _SCORES.items()
        if (chosen := [variable for variable in instrument.variables if wanted(variable)])
    ]
    results = {}
    if scores:
        results["scores"] = with_kish(pd.concat(scores, ignore_index=True), frame, design)
    # beside bands a mean is shown only with all of them, and what leaders estimate is read as a mean
    in_bands = banded(frame, [variable for variable in numbers if variable.item.estimate_of is None])
    if not in_bands.empty and len(in_bands.columns):
        names = [str(name) for name in in_bands]
        in_bands = frame.assign(**{name: in_bands[name] for name in names})
        shares = proportions(in_bands, names, by="audience", level=level, design=design)
        shares = with_kish(shares, in_bands, design)
        pairs = zip(shares["item"], shares["audience"], strict=True)
        put_to = [who in instrument[item].audiences for item, who in pairs]
        results["bands"] = shares[put_to].reset_index(drop=True)
    return results


_SCORES: Mapping[str, Callable[[Variable], bool]] = {
    "mean": lambda variable: variable.kind == "number",
    "net": lambda variable: variable.net_measure == "net",
    "recommend": lambda variable: variable.net_measure == "recommend",
}


def _declared(
    frame: pd.DataFrame, instrument: Instrument, level: float, design: Design | None
) -> dict[str, pd.DataFrame]:
    """Estimate the mean of every declared score, per audience that is asked all of its items."""
    from toolkit.analysis import declared_scores, means

    if not instrument.scores:
        return {}
    made = declared_scores(frame, instrument)
    scores = frame.assign(**{str(name): made[name] for name in made})
    asked = {
        name: set.intersection(*(set(instrument[item].audiences) for item in score.items))
        for name, score in instrument.scores.items()
    }
    rows = means(scores, list(instrument.scores), by="audience", measure="mean", level=level, design=design)
    rows = with_kish(rows, scores, design)
    heard = [who in asked[item] for item, who in zip(rows["item"], rows["audience"], strict=True)]
    return {"declared": rows[heard].reset_index(drop=True)}


def _dont_know(frame: pd.DataFrame, study: Study, design: Design | None) -> dict[str, pd.DataFrame]:
    """Estimate the share of "don't know" where the questionnaire makes it an answer.

    A share near all or none has no row: its base, less the base of those who knew, would count what the bound
    masks.
    """
    from toolkit.analysis import proportions

    wanted = [v for v in study.instrument.variables if v.kind == "single" and v.item.show_dont_know]
    codes = {v.name: frame[v.name].astype("str") for v in wanted if v.name in frame}
    answered = {
        name + DONT_KNOW: (column == "-1").astype(float).where(~column.isin(_NO_ANSWER))
        for name, column in codes.items()
        if (column == "-1").any()
    }
    if not answered:
        return {}
    values = frame.assign(**answered)
    rows = proportions(values, list(answered), by="audience", measure="1", level=study.level, design=design)
    rows = with_kish(rows, values, design)
    plain = values.groupby("audience", observed=True)[list(answered)].mean()  # as the bases count, unweighted
    kept = []
    for item, who, n in zip(rows["item"], rows["audience"], rows["n"].fillna(0), strict=True):
        name = item.removesuffix(DONT_KNOW)
        low, high = study.policy.unanimity_bounds(n, name)
        kept.append(n >= study.policy.threshold_for(name) and low < plain.loc[who, item] < high)
    return {"dont_know": rows[kept].reset_index(drop=True)}


_NO_ANSWER = ("-2", "-3", "-4", "-5", "-6", "nan")

CROSSED: Mapping[str, tuple[str, ...]] = {
    "aidays": ("burnoften", "burnout", "leaveorg"),
    "aifreq": ("burnout", "leave"),
    "struggle": ("evalby",),
}
"""Question → questions shown for those in its top box and for everybody else of their audience."""


def _crossed(frame: pd.DataFrame, study: Study, design: Design | None) -> dict[str, pd.DataFrame]:
    """Divide each audience by its answer to a question; "rest" is everybody else, whatever they answered."""
    found: dict[str, pd.DataFrame] = {}
    for by, outcomes in CROSSED.items():
        named = [v for name in outcomes for v in study.instrument.variables if v.item.id == name]
        items = [v for v in named if v.codes_of("top") and not v.write_in]
        if by not in study.instrument or not study.instrument[by].codes_of("top"):
            continue
        audiences = set(study.instrument[by].audiences)
        items = [v for v in items if audiences & set(v.audiences)]
        rows = frame["audience"].isin(audiences & {a for v in items for a in v.audiences})
        found |= _parted(study, frame, items, by, _top_or_rest(study, frame, by).where(rows), design)
    return found


def _top_or_rest(study: Study, frame: pd.DataFrame, by: str) -> pd.Series:
    top = frame[by].astype("str").isin(study.instrument[by].codes_of("top"))
    return top.map({True: "top", False: "rest"})


def _judged(frame: pd.DataFrame, study: Study, design: Design | None) -> dict[str, pd.DataFrame]:
    """Divide each audience into those who read and those flagged, and into early and late answers."""
    found: dict[str, pd.DataFrame] = {}
    for by in PARTS if study.quality else ():
        for_all = [v for v in headline(study) if v.item.ask_if is None]
        found |= _parted(study, frame, for_all, by, frame[by], design)
    return found


def _people(
    study: Study, organisation: str, wave: str, audiences: Sequence[str]
) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many people the groups of cuts have, by margins in whole numbers that fit the headcount."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    margins, known = study.margins, study.population(organisation, wave)
    if margins is None:
        return found
    for cut, audience in product(study.cuts, audiences):
        held = {"organisation": organisation, "wave": wave, "audience": audience}
        own = margins[margins["column"] == cut]
        for name, value in held.items():
            own = own[own[name].isna() | (own[name] == value)]
        targets = own["target"]
        whole = len(own) and (targets % 1 == 0).all() and targets.sum() == known.get(audience, targets.sum())
        if whole and own["organisation"].notna().all():  # margins of a study are no headcount
            found[cut, audience] = dict(zip(own["category"], targets.astype(int), strict=True))
    return found


def headline(study: Study) -> list[Variable]:
    """Return the declared items; where none are declared, every question with one answer and a top box."""
    every = [v for v in study.instrument.variables if v.kind == "single" and v.codes_of("top")]
    return [v for v in every if v.name in study.primary] or every


def _parted(
    study: Study,
    frame: pd.DataFrame,
    items: Sequence[Variable],
    by: str,
    parts: pd.Series,
    design: Design | None,
) -> dict[str, pd.DataFrame]:
    """Estimate shares in the two parts of each audience, and compare the parts.

    Respondents without a part are in neither, and audiences without one have no rows.
    """
    from toolkit.analysis import gaps, proportions

    pair, rows = PARTS.get(by, ("top", "rest")), parts.notna()
    if not items or not rows.any():
        return {}
    divided = frame.assign(**{by: pd.Categorical(parts, list(pair))})
    divided = divided[rows] if design is None else divided.assign(audience=frame["audience"].where(rows))
    divided = _with_used_audiences(divided)
    shares = proportions(divided, items, by=["audience", by], measure="top", level=study.level, design=design)
    compared = gaps(
        divided, items, between=by, pairs=[pair], by="audience", measure="top", margin=study.margin,
        level=study.level, design=design,
    )  # fmt: skip
    shares = with_kish(shares, divided, design, ("audience", by))
    return {f"by_{by}": _with_both(shares, by, pair), f"gaps_by_{by}": compared}


def _beside_few(
    results: Mapping[str, pd.DataFrame], study: Study
) -> Iterator[tuple[str, tuple[tuple[str, str], tuple[str, str]]]]:
    """Yield (item, group) of both parts of an audience where one has too few answers, or none.

    The other part, shown, would be everyone where the first is no one, and so would reveal it.
    """
    k_of = thresholds(study.policy, (), study.instrument).threshold_for
    for name in results:
        by = name.removeprefix("by_")
        for (item, audience), rows in results[name].groupby(["item", "audience"]) if name != by else ():
            if rows["n"].min() < k_of(item):
                yield from ((item, (("audience", audience), (by, str(part)))) for part in rows[by])


def _with_both(shares: pd.DataFrame, by: str, pair: tuple[str, str]) -> pd.DataFrame:
    """Append a row without answers for each empty part, as its absence would reveal it."""
    empty = dict.fromkeys(shares.select_dtypes("number").columns, float("nan")) | {"n": 0}
    alone = shares[~shares.duplicated(["item", "audience"], keep=False)]
    other = alone[by].astype("str").map({pair[0]: pair[1], pair[1]: pair[0]})
    lacking = alone.assign(**empty, **{by: pd.Categorical(other, list(pair))})
    return pd.concat([shares, lacking]).sort_values(
        ["item", "audience", by], kind="stable", ignore_index=True
    )


def _family(study: Study, variables: Sequence[Variable]) -> list[str] | None:
    """Return the pre-declared names among these; None (all one family) if the study declares none of them."""
    return [variable.name for variable in variables if variable.name in study.primary] or None


def _trend(
    study: Study,
    answers: pd.DataFrame,
    waves: tuple[str, str],
    frame: pd.DataFrame,
    admitted: Admitted,
    now: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Compare this wave with the previous one, per audience, for questions asked in both.

    A question no one answered keeps its row: without it a reader would know that no one was asked, where
    the gate hides whether it was no one or one person.
    """
    from toolkit.analysis import gaps_from_summary

    earlier = _with_used_audiences(admitted.frame)
    if earlier.empty:
        return {}
    if study.design is not None:
        return _weighted_trend(study, answers, waves, frame, earlier, now)
    population = study.population(str(answers["organisation"].iloc[0]), waves[1])
    before = _estimates(earlier, _with_top(study.instrument), "top", population, study.level)
    both = pd.concat([now.assign(wave=waves[0]), before.assign(wave=waves[1])], ignore_index=True)
    both = both.astype({"audience": "str", "n": "Float64"})
    numbers = _numbers(earlier, study.instrument, study.level, None).get("scores")
    found = {}
    if numbers is not None:
        numbers.insert(numbers.columns.get_loc("n"), "wave", waves[1])
        found["scores_before"] = numbers
    put_to = _put_to(frame, now["item"]) & _put_to(earlier, before["item"])
    both = both[_among(both, put_to - _changed(study, waves))]
    if both.empty:
        return found
    nobody = both["n"].fillna(0) == 0
    summary = both.assign(n=both["n"].mask(nobody), estimate=both["estimate"].mask(nobody, 0.0))
    variables = [study.instrument[name] for name in summary["item"].unique()]
    trend = gaps_from_summary(
        summary[["item", "measure", "audience", "wave", "estimate", "n"]],
        between="wave",
        pairs=[waves],
        by=("audience",),
        level=study.level,
        margin=study.margin,
        family=_family(study, variables),
    )
    return {**found, "trend": _without_answers(trend, both[nobody], waves)}


def _weighted_trend(
    study: Study,
    answers: pd.DataFrame,
    waves: tuple[str, str],
    frame: pd.DataFrame,
    earlier: pd.DataFrame,
    now: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Compare two waves under the design, as samples of their own."""
    from toolkit.analysis import gaps

    both = answers[answers["wave"].isin(waves)].reset_index(drop=True)
    shown = {waves[0]: frame["audience"].cat.categories, waves[1]: earlier["audience"].cat.categories}
    both, design = _designed(study, both, shown)
    before, design_before = _designed(
        study, both[both["wave"] == waves[1]].reset_index(drop=True), {waves[1]: shown[waves[1]]}
    )
    found = {}
    numbers = _numbers(before, study.instrument, study.level, design_before).get("scores")
    if numbers is not None:
        numbers.insert(numbers.columns.get_loc("n"), "wave", waves[1])
        found["scores_before"] = numbers
    put_to = _put_to(frame, now["item"]) & _put_to(earlier, now["item"]) - _changed(study, waves)
    names = {item for item, _ in put_to}
    variables = [one for one in _with_top(study.instrument) if one.name in names]
    if not variables:
        return found
    for one in variables:
        asked = [who for item, who in put_to if item == one.name]
        both[one.name] = both[one.name].where(both["audience"].isin(asked))
    trend = gaps(
        both,
        variables,
        between="wave",
        pairs=[waves],
        by="audience",
        measure="top",
        level=study.level,
        margin=study.margin,
        family=_family(study, variables),
        design=design,
    )
    trend = with_kish(trend[_among(trend, put_to)].reset_index(drop=True), both, design, between="wave")
    return {**found, "trend": trend}


def _over_waves(
    study: Study, answers: pd.DataFrame, organisation: str, wave: str, frame: pd.DataFrame, now: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Estimate the top box of every question with one answer in all waves, where there are three or more."""
    earlier = study.earlier_waves(organisation, wave)
    if len(earlier) < 2:
        return {}
    variables = [one for one in _with_top(study.instrument) if one.kind == "single"]
    parts = [now[now["item"].isin([one.name for one in variables])].assign(wave=wave)]
    for one in earlier:
        before, design = _with_used_audiences(_admitted(study, answers, organisation, one).frame), None
        if before.empty:
            continue
        shown, put_to = before["audience"].cat.categories, _put_to(before, parts[0]["item"])
        if study.design is not None:
            rows = answers[answers["wave"] == one].reset_index(drop=True)
            before, design = _designed(study, rows, {one: shown})
        population = study.population(organisation, one)
        rows = _estimates(before, variables, "top", population, study.level, design)
        kept = (_put_to(frame, parts[0]["item"]) & put_to) - _changed(study, (wave, one))
        parts.append(rows[_among(rows, kept)].assign(wave=one))
    if len(parts) < 3:
        return {}
    table = pd.concat([part.astype({"audience": "str"}) for part in parts], ignore_index=True)
    table.insert(table.columns.get_loc("n"), "wave", table.pop("wave"))
    return {"waves": table}


def _changed(study: Study, waves: tuple[str, str]) -> set[tuple[str, str]]:
    """Return (item, audience) of the questions without a valid trend."""
    compared = study.compared(waves[1], waves[0])
    if compared is None:
        return set()
    rows = compared[compared["trend"] != "yes"]
    return set(zip(rows["item"], rows["audience"], strict=True))


def _put_to(frame: pd.DataFrame, items: pd.Series) -> set[tuple[str, str]]:
    """Return (item, audience) of all questions in an audience's questionnaire, routed or not."""
    who, codes = frame["audience"].cat.categories, frame["audience"].cat.codes.to_numpy()
    return {
        (item, str(who[place]))
        for item in dict.fromkeys(items)
        for place in np.unique(codes[np.asarray(frame[item].array != NOT_THEIRS)])
        if place >= 0
    }


def _among(rows: pd.DataFrame, pairs: Collection[tuple[str, str]]) -> list[bool]:
    """Return, for each row, whether its (item, audience) is among these."""
    return [pair in pairs for pair in zip(rows["item"], rows["audience"].astype("str"), strict=True)]


def _without_answers(trend: pd.DataFrame, nobody: pd.DataFrame, waves: tuple[str, str]) -> pd.DataFrame:
    """Clear the numbers of waves without answers, which have a share of 0 and an unknown base so far."""
    for end, wave in zip("ab", waves, strict=True):
        rows = nobody[nobody["wave"] == wave]
        empty = _among(trend, set(zip(rows["item"], rows["audience"], strict=True)))
        trend = trend.assign(
            **{
                f"n_{end}": trend[f"n_{end}"].mask(empty, 0),
                f"estimate_{end}": trend[f"estimate_{end}"].mask(empty),
                "gap": trend["gap"].mask(empty),
            }
        )
    return trend


def _benchmarks(study: Study, estimates: Sequence[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    from toolkit.findings import benchmark

    findings = study.findings
    if findings is None:
        return {}
    threshold = study.policy.threshold
    asked = {variable.name for variable in study.instrument.variables}
    findings = findings[findings["variable"].isin(asked)]  # what is not asked cannot be compared
    found = benchmark(estimates, findings, level=study.level, margin=study.margin, threshold=threshold)
    return {"benchmarks": found}


def changed_questions(
    study: Study, earlier: str, later: str, audiences: Sequence[str]
) -> tuple[Changed, ...]:
    """List questions asked in both waves whose words, answers or base changed, each once."""
    compared = study.compared(earlier, later) if earlier else None
    if compared is None:
        return ()
    rows = compared[(compared["trend"] != "yes") & ~compared["change"].isin(["new", "gone"])]
    rows = rows[rows["audience"].isin(list(audiences))]
    found = [
        (study.instrument[row.item].item.id, str(row.audience), str(row.change))
        for row in rows.itertuples(index=False)
    ]
    return tuple(dict.fromkeys(found))


def describe_changed(changed: Sequence[Changed], wave: str, instrument: Instrument) -> str:
    """List changed questions in a sentence, with the change and, if not all are affected, the audiences."""
    names = []
    known = {
        "wording changed": _("other words"),
        "scale changed": _("other answers"),
        "base changed": _("asked of others"),
        "help changed": _("other explanations"),
    }
    for item_id in dict.fromkeys(one[0] for one in changed):
        kinds: dict[str, list[str]] = {}
        for one, audience, change in changed:
            if one == item_id:
                kinds.setdefault(change, []).append(audience)
        item = instrument.item(item_id)
        label = item.short.get(current_language()) or instrument.of_item(item_id)[0].label(current_language())
        reasons = []
        for change, audiences in kinds.items():
            words = ", ".join(known[kind] for kind in change.split("; "))
            who = ", ".join(audience_name(instrument, name) for name in audiences)
            reasons.append(f"{who}: {words}")
        names.append(f"{label} ({'; '.join(reasons)})")
    return _(
        "The questionnaire changed since {wave}. No change is shown for: {names}.",
        wave=wave,
        names="; ".join(names),
    )
