"""Cuts: blocks that may be shown, what an attacker can subtract, heat maps, pages of groups, bad columns."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

import toolkit as tk
from tests.refusals import Refusal, problem
from toolkit.cli import main
from toolkit.disclosure import release
from toolkit.disclosure.auditor import audit_release
from toolkit.disclosure.ledger import Ledger, group_text
from toolkit.errors import InvalidInput
from toolkit.presentation.numbers import percent
from toolkit.reporting.batch import run_study
from toolkit.reporting.cuts import GROUPS, UNKNOWN, blocks_of, column_of, cut_tables, members_of
from toolkit.reporting.gathering import beside_releases, gather
from toolkit.reporting.manifest import sha256_of
from toolkit.reporting.options import RunOptions
from toolkit.reporting.sections.cuts import cells_of
from toolkit.study.weighting import cut_problems

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "weighted"
ITEMS = ("goals", "load", "tools", "growth", "speak", "fair", "stay", "advise")


@pytest.fixture(scope="module")
def study() -> tk.Study:
    return tk.load_study(SAMPLE)


@pytest.fixture(scope="module")
def report(study: tk.Study) -> tk.OrganisationReport:
    return tk.open_report(study, "ashgrove")


# Blocks


def few(sizes: dict[str, float], k: int = 5):
    return lambda block: sum(sizes[one] for one in block) < k


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"a": 9, "b": 8}, [{"a"}, {"b"}]),
        ({"a": 9, "b": 8, "c": 2}, [{"a"}, {"b", "c"}]),
        ({"a": 9, "b": 8, "c": 3, "d": 3}, [{"a"}, {"b"}, {"c", "d"}]),
        ({"a": 9, "b": 3}, [{"a", "b"}]),
        ({"a": 2, "b": 2, "c": 2, "d": 20}, [{"d"}, {"a", "b", "c"}]),
        ({"a": 1, "b": 1}, [{"a", "b"}]),
    ],
)
def test_small_groups_are_joined_with_the_next_smallest(sizes: dict, expected: list[set[str]]) -> None:
    assert sorted(map(sorted, blocks_of(sizes, few(sizes)))) == sorted(map(sorted, expected))


def random_frame(study: tk.Study, seed: int) -> pd.DataFrame:
    """Return staff with uneven groups, nested units, blanks, and answers that hang together with groups."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 60))
    weights = rng.dirichlet([0.5] * 4)
    dept = rng.choice(["ops", "sales", "tech", "admin"], n, p=weights)
    tenure = np.where(
        rng.random(n) < 0.5, rng.choice(["new", "mid", "long"], n), np.where(dept == "ops", "new", "long")
    )
    division = np.where(np.isin(dept, ["ops", "sales"]), "field", "office")
    unit = np.char.add(
        np.char.add(division.astype(str), " "), rng.choice(["a", "b", "c"], n, p=[0.7, 0.2, 0.1])
    )
    frame = pd.DataFrame({"audience": pd.Categorical(["staff"] * n, ["leader", "staff"], ordered=True)})
    frame = frame.assign(wave="2026", dept=dept, tenure=tenure, division=division, unit=unit)
    frame["dept"] = frame["dept"].where(rng.random(n) > 0.04)
    for name in ITEMS:
        variable = study.instrument[name]
        answers = rng.choice(["1", "3", "5", "-3"], n, p=[0.3, 0.2, 0.48, 0.02])
        frame[name] = pd.Categorical(answers, list(variable.categories), ordered=True)
    return frame


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("levels", [False, True])
def test_no_hidden_group_follows_from_the_tables_of_all_cuts(
    study: tk.Study, seed: int, levels: bool
) -> None:
    """Attack: an insider who knows everybody's groups bounds the hidden counts by all released ones."""
    chosen = replace(study, cuts=("tenure",), levels=("division", "unit")) if levels else study
    frame = random_frame(study, seed)
    tables, _ = cut_tables(chosen, frame, ["staff"], None)
    shares = tk.proportions(frame, [study.instrument[name] for name in ITEMS], by="audience", measure="top")
    released = release(
        {"shares": shares[shares["n"] > 0], **tables}, study.policy, instrument=study.instrument
    )
    cuts = {name: column_of(frame, columns) for name, (columns, _) in chosen.cut_columns.items()}
    for item in ITEMS[:3]:
        said = ~frame[item].isin(["-3"])
        top = frame[item].isin(["4", "5"])
        groups = pd.DataFrame(cuts)[said]
        atoms = groups.groupby(list(groups), sort=False).ngroup().to_numpy()
        sizes = np.bincount(atoms)
        truth = np.bincount(atoms, weights=top[said].astype(float))
        known, totals = [np.ones(len(sizes))], [truth.sum()]
        shown: set[tuple[str, str]] = set()
        first = groups.iloc[np.unique(atoms, return_index=True)[1]]
        for name in cuts:
            for row in released.rows(f"cut_{name}") if f"cut_{name}" in released else ():
                if row["item"] != item or not row["shown"]:
                    continue
                assert not row["bound"]
                inside = first[name].isin(members_of(row[f"cut_{name}"])).to_numpy(dtype=float)
                assert round(row["estimate"] * row["n"], 6) == pytest.approx(inside @ truth)
                assert row["n"] >= 5
                known.append(inside)
                totals.append(inside @ truth)
                shown |= (
                    {(name, one) for one in members_of(row[f"cut_{name}"])[:1]}
                    if "+" not in row[f"cut_{name}"]
                    else set()
                )
        fixed = LinearConstraint(np.array(known), totals, totals)
        for name in cuts:
            for group in first[name].unique():
                member = (first[name] == group).to_numpy(dtype=float)
                if (name, group) in shown or member @ sizes == sizes.sum():
                    continue
                ends = [
                    milp(
                        sign * member,
                        constraints=fixed,
                        bounds=Bounds(0, sizes),
                        integrality=np.ones(len(sizes)),
                    )
                    for sign in (1, -1)
                ]
                low, high = ends[0].fun, -ends[1].fun
                assert high - low > 0.5, (item, name, group)


def test_a_cut_whose_groups_give_another_cuts_hidden_group_back_is_not_shown(study: tk.Study) -> None:
    groups = [("lab", "new")] * 3 + [("sales", "new")] * 10 + [("admin", "long")] * 8 + [("ops", "long")] * 20
    frame = pd.DataFrame(groups, columns=["dept", "tenure"]).assign(wave="2026")
    frame["audience"] = pd.Categorical(["staff"] * len(frame), ["leader", "staff"], ordered=True)
    for name in ITEMS:
        categories = list(study.instrument[name].categories)
        frame[name] = pd.Categorical(["5", "1"] * 20 + ["5"], categories, ordered=True)
    tables, _ = cut_tables(study, frame, ["staff"], None)
    assert set(tables["cut_dept"]["cut_dept"]) == {"ops", "sales", "admin + lab"}
    assert "cut_tenure" not in tables  # new less sales would be the lab
    alone, _ = cut_tables(replace(study, cuts=("tenure",)), frame, ["staff"], None)
    assert set(alone["cut_tenure"]["cut_tenure"]) == {"new", "long"}


def test_units_are_joined_within_their_division_only(study: tk.Study) -> None:
    frame = pd.concat([random_frame(study, seed) for seed in range(4)], ignore_index=True)
    chosen = replace(study, cuts=(), levels=("division", "unit"))
    tables, _ = cut_tables(chosen, frame, ["staff"], None)
    assert set(tables) == {"cut_division", "cut_unit"}
    for block in tables["cut_unit"]["cut_unit"].unique():
        assert len({one.partition(" / ")[0] for one in members_of(block)}) == 1


def test_groups_are_compared_with_the_rest_and_adjusted_together(study: tk.Study) -> None:
    frame, design = study.laid_out(study.responses("ashgrove", missing="codes"))
    tables, tests = cut_tables(study, frame, ["staff"], design)
    own = tests[(tests["cut"] == "dept") & (tests["item"] == "load") & (tests["group"] == "ops")].iloc[0]
    staff = frame["audience"] == "staff"
    side = frame["dept"].eq("ops").map({True: "a", False: "b"}).where(staff)
    expected = tk.gaps(
        frame.assign(side=side), [study.instrument["load"]], between="side", measure="top", design=design
    )
    assert own["p_value"] == pytest.approx(expected["p_value"].item(), rel=1e-9)
    dept = tests[tests["cut"] == "dept"]
    assert own["p_adjusted"] >= own["p_value"]
    assert dept["p_adjusted"].tolist() == pytest.approx(tk.adjust_p(dept["p_value"], "holm").tolist())
    rows = tables["cut_dept"]
    assert rows.loc[rows["item"] == "load", "n"].sum() == frame.loc[staff, "load"].isin(list("12345")).sum()


# The report


def test_only_clear_differences_are_coloured_and_listed(report: tk.OrganisationReport) -> None:
    cells = cells_of(report, "dept", "staff")
    clear = cells[cells["clear"].astype(bool)]
    assert set(zip(clear["code"], clear["group"], strict=True)) == {
        ("load", "ops"),
        ("load", "admin"),
        ("speak", "sales"),
        ("tools", "admin"),
    }
    block = report.cuts_maps()
    picture = next(one for one in block.parts if hasattr(one, "svg"))
    assert picture.svg.count("<path") > 0
    table = next(one for one in block.parts if hasattr(one, "rows"))
    assert [row[:2] for row in table.rows] == [
        ("Administration", "Manageable workload \u2020"),
        ("Administration", "Good tools \u2020"),
        ("Operations", "Manageable workload"),
        ("Sales", "Speaking up"),
    ]
    assert "\u2020" in str(picture.caption)


def test_differences_are_those_of_the_released_shares(report: tk.OrganisationReport) -> None:
    cells = cells_of(report, "tenure", "staff")
    whole = report.released["shares"].set_index(["item", "audience"])["estimate"]
    for row in cells.dropna(subset=["share"]).itertuples():
        assert row.difference == pytest.approx(row.share - whole[(row.code, "staff")])
    assert not cells[cells["group"].eq(UNKNOWN)].size


def test_a_study_without_cuts_has_no_such_chapter() -> None:
    plain = tk.open_report("ai_at_work", "org-07")
    assert plain.cuts_maps().parts == ()
    assert plain.cut_tests is None


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released report of an organisation with a brand, with the pages of all its groups."""
    home = tmp_path_factory.mktemp("paged")
    source = shutil.copytree(SAMPLE, home / "weighted")
    options = ["-o", "ashgrove", "--for", "dept=*", "--for", "tenure=new", "--workers", "1"]
    assert main(["release", str(source), *options, "--out", str(home / "out")]) == 0
    return home / "out" / "weighted" / "2026" / "ashgrove"


def test_pages_of_groups_hold_only_what_the_report_shows(report: tk.OrganisationReport, paged: Path) -> None:
    cells = cells_of(report, "dept", "staff").dropna(subset=["share"])
    names = [f"dept-{one}.html" for one in cells["group"].unique()]
    assert sorted(path.name for path in (paged / GROUPS).iterdir()) == sorted([*names, "tenure-new.html"])
    with (paged / "results.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["shown"] == "True"]
    allowed = {percent(float(row["estimate"])) for row in rows if row["estimate"]}
    for path in (paged / GROUPS).iterdir():
        found = set(re.findall(r">(\d+%)<", path.read_text("utf-8")))
        assert len(found) > 2
        assert found <= allowed, path.name


def test_pages_of_groups_leave_with_their_report(paged: Path) -> None:
    """They are audited, recorded by their hashes, without the mark of a draft, in the client's brand."""
    study = tk.load_study(paged.parents[3] / "weighted")
    (outputs,) = (one.data["outputs"] for one in study.ledger.entries() if one.kind == "outputs")
    for path in (paged / GROUPS).iterdir():
        assert outputs[f"{GROUPS}/{path.name}"] == sha256_of(path)
        page, whole = (one.read_text("utf-8").partition("<main")[0] for one in (path, paged / "report.html"))
        logos = [re.findall(r'src="(data:image[^"]+)"', one) for one in (page, whole)]
        assert logos[0] == logos[1] != []
        assert "draft" not in page
    text = (paged.parent / "_batch" / "certificates.jsonl").read_text("utf-8")
    assert json.loads(text)["certificate"]["files"] == len(outputs) + 1  # the manifest too
    planted = paged.parents[3] / "planted"
    shutil.copytree(paged / GROUPS, planted / GROUPS)
    shutil.copy(paged / "manifest.json", planted)
    rows = (paged / "results.csv").read_text("utf-8-sig").splitlines(keepends=True)
    (planted / "results.csv").write_text("".join(rows[:2]), "utf-8")
    page = planted / GROUPS / "dept-ops.html"
    words = page.read_text("utf-8").replace("</main>", "<p>Hazelton Housing</p></main>")
    page.write_text(words, "utf-8")
    found = audit_release(planted, study=study)
    assert {f"planted/{GROUPS}/dept-ops.html"} == {
        one.where.partition(" ")[0].partition(":")[0] for one in found.breaches if one.kind == "foreign"
    }


def test_unknown_groups_are_refused_before_anything_is_built(tmp_path: Path, capsys) -> None:
    wanted = problem("unknown-name", "--for team=a") + problem("unknown-value", "--for dept=lab")
    options = RunOptions(["hazelton"], out=tmp_path, groups=["team=a", "dept=lab"])
    with pytest.raises(InvalidInput, check=wanted):
        run_study(SAMPLE, options)
    assert not (tmp_path / "weighted" / "2026" / "hazelton").exists()
    with pytest.raises(SystemExit):
        main(["report", str(SAMPLE), "--for", "hazelton"])
    assert "-o" in capsys.readouterr().err


# Bad columns


def named(**columns: list[str | None]) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    own = {name: pd.Series(cells, dtype="str") for name, cells in columns.items()}
    return pd.DataFrame({"organisation": ["acme"] * size, "wave": ["2026"] * size, **own})


@pytest.mark.parametrize(
    ("frame", "levels", "code", "where"),
    [
        (named(dept=["a"] * 9), False, "no-variation", "cuts → dept"),
        (named(dept=[str(at) for at in range(300)]), False, "too-many", "cuts → dept"),
        (named(dept=["Sales", "sales", "Ops"]), False, "ambiguous", "cuts → dept"),
        (named(a=["x", None, "y"], b=["u", "v", "w"]), True, "missing-value", "levels → b"),
        (named(a=["x", "y", "y"], b=["u", "u", "w"]), True, "inconsistent", "levels → b"),
        (named(a=["x", "u"], b=["u", "x"]), True, "circular", "levels → a … b"),
    ],
)
def test_groups_that_cannot_be_shown_are_refused(
    frame: pd.DataFrame, levels: bool, code: str, where: str
) -> None:
    names = [name for name in frame if name not in ("organisation", "wave")]
    found = list(cut_problems(frame, () if levels else names, names if levels else ()))
    assert (code, where) in [(one.code, one.where) for one in found]


@pytest.mark.parametrize(
    ("cuts", "refusal"),
    [
        ("cuts: [dpt]", problem("unknown-column", "cuts → dpt")),
        ("cuts: [stay]", problem("conflict", "cuts → stay")),
        ("cuts: [dept]\nlevels: [dept]", Refusal((("duplicate", "cuts → dept"),), others=True)),
    ],
)
def test_cuts_that_are_unknown_or_forbidden_are_refused(tmp_path: Path, cuts: str, refusal: Refusal) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    text = (folder / "study.yaml").read_text("utf-8")
    (folder / "study.yaml").write_text(text.replace("cuts: [dept, tenure] ", f"{cuts} "), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        tk.load_study(folder)
    assert refusal(caught.value), [str(one) for one in caught.value.problems]


def test_names_of_waves_are_made_one_by_a_mapping_table(tmp_path: Path) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    for path in (folder / "answers").glob("*.csv"):
        lines = path.read_text("utf-8-sig").rstrip("\n").split("\n")
        cells = [
            "team",
            *(f"T{at % 2}" if "2026" in path.name else f"Team {at % 2}" for at in range(len(lines) - 1)),
        ]
        path.write_text(
            "\n".join(f'{line};"{cell}"' for line, cell in zip(lines, cells, strict=True)), "utf-8"
        )
    text = (folder / "study.yaml").read_text("utf-8").replace("cuts: [dept, tenure] ", "cuts: [team] ")
    files = {wave: f"file: answers/{wave}_limesurvey.csv}}" for wave in ("2024", "2025", "2026")}
    text = text.replace(files["2026"], f"{files['2026'][:-1]}, carry: [team]}}")
    old = "carry: {team: {column: team, values: {Team 0: T0, Team 1: T1}}}"
    for wave in ("2024", "2025"):
        text = text.replace(files[wave], f"{files[wave][:-1]}, {old}}}")
    (folder / "study.yaml").write_text(text, "utf-8")
    study = tk.load_study(folder)
    assert set(study.responses(wave="all")["team"]) == {"T0", "T1"}
    assert {row["cut_team"] for row in tk.open_report(study, "ashgrove").released.rows("cut_team")} == {
        "T0",
        "T1",
    }


def test_the_ledger_holds_the_people_of_every_group_that_is_shown(
    study: tk.Study, report: tk.OrganisationReport
) -> None:
    found = beside_releases(study, "ashgrove", "2026", hashed=True)
    (people,) = (one for one in found.people if one.wave == "2026")
    for cut in ("dept", "tenure"):
        for row in report.released.rows(f"cut_{cut}"):
            group = group_text({"audience": row["audience"], f"cut_{cut}": row[f"cut_{cut}"]}.items())
            assert (row["item"], group) in people.bases
            assert people.answered(row["item"], group).sum() == row["n"]


@pytest.mark.parametrize("levels", [False, True])
def test_two_issues_with_other_blocks_give_no_hidden_group_back(
    study: tk.Study, tmp_path: Path, levels: bool
) -> None:
    """Attack: all six of ops agree, so they are shown together with admin; then eight more of ops answer."""
    staff = study.responses("kelso", missing="codes")
    staff = staff[staff["audience"] == "staff"].iloc[[0] * 35].reset_index(drop=True)
    groups = ["ops"] * 6 + ["admin"] * 9 + ["sales"] * 12 + ["ops"] * 8
    agree = [1] * 6 + [1, 0, 0] * 3 + [1, 0, 0] * 4 + [1, 0, 0, 0] * 2
    staff = staff.assign(respondent=list(map(str, range(35))), dept=groups, division="all", tenure="long")
    for name in ITEMS:
        codes = ["5" if one else "1" for one in agree]
        staff[name] = pd.Categorical(codes, list(study.instrument[name].categories), ordered=True)
    plain = {
        "weighting": None,
        "margins": None,
        "peers": None,
        "quality": False,
        "comments": None,
        "registration": None,
    }
    cut = {"cuts": (), "levels": ("division", "dept")} if levels else {"cuts": ("dept",)}
    shown = []
    for frame in (staff.iloc[:27], staff):
        own = replace(study, **plain, **cut)
        own.__dict__["_gathered"] = replace(study._gathered, frame=frame.reset_index(drop=True))
        own.__dict__["ledger"] = Ledger(tmp_path / "ledger.jsonl", study.id, key=b"a key for the tests only")
        with own.ledger.open() as opened:
            released = gather(own, "kelso", "2026").released
            rows = released.rows("cut_dept") if "cut_dept" in released else ()
            shown.append({row["cut_dept"] for row in rows if row["shown"] and row["item"] == "goals"})
            opened.release(beside_releases(own, "kelso", "2026", hashed=True).people, own.policy)
    path = "all / " if levels else ""
    assert shown == [{f"{path}admin + {path}ops", f"{path}sales"}, set()]
