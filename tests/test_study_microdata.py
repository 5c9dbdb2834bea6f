"""The study files of published microdata, tried on small made-up files of the published shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import Refusal, problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.study import Study, load_study

pytestmark = pytest.mark.usefixtures("read_here")

SAMPLES = Path(__file__).resolve().parents[1] / "data_samples"
Opened = Callable[[pd.DataFrame], Study]

SO2024 = {
    "ResponseId": "1",
    "Employment": "Employed, full-time",
    "DevType": "Developer, back-end",
    "Industry": "Insurance",
    "Age": "25-34 years old",
    "RemoteWork": "Hybrid (some remote, some in-person)",
    "OrgSize": "20 to 99 employees",
    "ICorPM": "People manager",
    "WorkExp": "7",
    "JobSat": "8",
    "AISelect": "Yes",
    "AISent": "Favorable",
    "AIAcc": "Somewhat trust",
    "AIComplex": "Good, but not great at handling complex tasks",
    "AIThreat": "I'm not sure",
    **{f"Knowledge_{number}": "Agree" for number in range(1, 10)},
    **{f"Frequency_{number}": "1-2 times a week" for number in range(1, 4)},
}
SO2025 = {
    **{name: SO2024[name] for name in ("ResponseId", "Industry", "Age", "ICorPM", "WorkExp", "JobSat")},
    **{name: SO2024[name] for name in ("DevType", "AISent", "AIAcc", "AIThreat")},
    "Employment": "Employed",
    "RemoteWork": "Your choice (very flexible, you can come in when you want or just as needed)",
    "OrgSize": "Less than 20 employees",
    "AISelect": "Yes, I use AI tools weekly",
    "AIComplex": "I don't use AI tools for complex tasks / I don't know",
    "AIAgents": "No, I use AI exclusively in copilot/autocomplete mode",
}


def people(base: dict[str, str], *changes: dict[str, str]) -> pd.DataFrame:
    rows = [{**base, "ResponseId": str(number), **change} for number, change in enumerate(changes, start=1)]
    return pd.DataFrame(rows)


def opened(name: str, folder: Path, frame: pd.DataFrame) -> Study:
    frame.to_csv(folder / "survey_results_public.csv", index=False)
    return load_study(SAMPLES / name / "study.yaml", data=folder)


def test_2024_is_read_by_its_published_names(tmp_path: Path) -> None:
    frame = opened(
        "stackoverflow_2024",
        tmp_path,
        people(
            SO2024,
            {},
            {"DevType": "Senior Executive (C-Suite, VP, etc.)", "AISelect": "No, but I plan to soon"},
            {"Employment": "Independent contractor, freelancer, or self-employed", "AIThreat": "Yes"},
            {"Employment": "Employed, full-time;Independent contractor, freelancer, or self-employed"},
            {"Employment": "Student, full-time", "AISelect": "No, and I don't plan to", "AIAcc": "NA"},
        ),
    ).responses(missing="codes")
    assert frame["audience"].tolist() == ["employee", "executive", "freelancer", "both", "other"]
    assert frame["aiuse"].tolist() == ["yes", "soon", "yes", "yes", "no"]
    assert frame["aiacc"].tolist() == ["4", "4", "4", "4", "-3"]
    assert frame["aithreat"].tolist() == ["nsure", "nsure", "yes", "nsure", "nsure"]
    first = frame[["aisent", "aicomplex", "age", "remote", "orgsize", "know_k9", "freq_f1"]].iloc[0]
    assert first.tolist() == ["fav", "good", "3", "hyb", "4", "4", "2"]
    assert frame["jobsat"].tolist() == [8.0] * 5


def test_2025_is_read_by_its_published_names(tmp_path: Path) -> None:
    frame = opened(
        "stackoverflow_2025",
        tmp_path,
        people(
            SO2025,
            {},
            {"DevType": "Senior executive (C-suite, VP, etc.)", "AISelect": "Yes, I use AI tools daily"},
            {"Employment": "Independent contractor, freelancer, or self-employed"},
            {"Employment": "Retired", "AIAgents": "No, but I plan to", "OrgSize": "I don’t know"},
            {"Employment": "NA", "AISelect": "Yes, I use AI tools monthly or infrequently"},
        ),
    ).responses(missing="codes")
    assert frame["audience"].tolist() == ["employee", "executive", "freelancer", "other", "other"]
    assert frame["aiuse"].tolist() == ["week", "daily", "week", "week", "month"]
    assert frame["aiagents"].tolist() == ["copil", "copil", "copil", "soon", "copil"]
    assert frame["orgsize"].tolist() == ["2", "2", "2", "-1", "2"]
    assert frame["remote"].tolist()[0] == "own"
    assert frame["aicomplex"].tolist()[0] == "dont"


PUBLISHED_2025 = {  # value → answers, of those who answered, as a public description of the file counts them
    "AISelect": {
        "Yes, I use AI tools daily": 15883,
        "Yes, I use AI tools weekly": 5958,
        "No, and I don't plan to": 5454,
        "Yes, I use AI tools monthly or infrequently": 4628,
        "No, but I plan to soon": 1797,
    },
    "AIAcc": {
        "Somewhat trust": 9869,
        "Somewhat distrust": 8685,
        "Neither trust nor distrust": 7162,
        "Highly distrust": 6533,
        "Highly trust": 1048,
    },
}


def test_a_file_with_the_counts_of_2025_gives_the_headlines(tmp_path: Path) -> None:
    """84 % use or plan to, 33 % trust, 46 % distrust, 3 % trust highly: as published."""
    columns = {
        name: pd.Series(np.repeat(list(counts), [n // 10 for n in counts.values()]))
        for name, counts in PUBLISHED_2025.items()
    }
    frame = pd.DataFrame(columns).fillna("NA")
    frame = frame.assign(**{name: SO2025[name] for name in SO2025 if name not in frame})
    answers = opened("stackoverflow_2025", tmp_path, frame).responses(missing="codes")
    used, trust = (
        answers[name][~answers[name].astype(str).str.startswith("-")] for name in ("aiuse", "aiacc")
    )
    assert round(100 * used.isin(["daily", "week", "month", "soon"]).mean()) == 84
    assert round(100 * trust.isin(["4", "5"]).mean()) == 33
    assert round(100 * trust.isin(["1", "2"]).mean()) == 46
    assert round(100 * (trust == "5").mean()) == 3


def test_another_year_and_renamed_columns_are_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        opened("stackoverflow_2025", tmp_path, people(SO2024, {})).check()
    said = str(refused.value)
    assert "holds none of the columns that distinguish it from other years'" in said
    renamed = people(SO2024, {}).rename(columns={"AISelect": "AISelct", "Employment": "Employed"})
    with pytest.raises(InvalidInput) as refused:
        opened("stackoverflow_2024", tmp_path, renamed).check()
    said = str(refused.value)
    assert "column 'AISelect' is not in the file; did you mean 'AISelct'" in said
    assert "column 'Employment' is not in the file" in said
    with pytest.raises(
        InvalidInput, check=problem("unknown-answer", "survey_results_public.csv, column AISelect, row 2")
    ):
        opened("stackoverflow_2024", tmp_path, people(SO2024, {"AISelect": SO2025["AISelect"]})).check()


def test_a_missing_file_is_told_with_where_it_is_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "survey_results_publik.csv").write_text("x\n1\n", "utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_study(SAMPLES / "stackoverflow_2024" / "study.yaml", data=tmp_path)
    said = str(refused.value)
    assert "survey_results_public.csv: does not exist; did you mean 'survey_results_publik.csv'?" in said
    assert "https://survey.stackoverflow.co/" in said


def test_a_selection_is_read_and_what_it_lacks_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = people(SO2024, {"Age": "25-34", "OrgSize": "20-99"}, {}).drop(columns=["AIComplex", "Knowledge_9"])
    path = tmp_path / "my_selection.csv.gz"
    kept.to_csv(path, index=False)
    study = SAMPLES / "stackoverflow_2024" / "study.yaml"
    frame = load_study(study, data=path).responses(missing="codes")
    assert frame["age"].tolist() == ["3", "3"]
    assert frame["orgsize"].tolist() == ["4", "4"]
    assert main(["check", str(study), "--data", str(path)]) == 0
    said = capsys.readouterr().out
    assert "optional item 'aicomplex' is absent: the file has no column AIComplex" in said
    assert "optional item 'know' is absent: the file has no column Knowledge_9" in said
    assert "the file has 2 rows, the published one 65,437" in said


OSMI = {  # question → its answers among the 1,146 who are employed, counted in public tables of the file
    "How many employees does your company or organization have?": {
        "26-100": 292,
        "6-25": 210,
        "More than 1000": 256,
        "100-500": 248,
        "500-1000": 80,
        "1-5": 60,
    },
    "Does your employer provide mental health benefits as part of healthcare coverage?": {
        "Not eligible for coverage / N/A": 83,
        "No": 213,
        "Yes": 531,
        "I don't know": 319,
    },
    "Has your employer ever formally discussed mental health (for example, as part of a wellness campaign or "
    "other official communication)?": {"No": 813, "Yes": 230, "I don't know": 103},
    "Does your employer offer resources to learn more about mental health concerns and options for seeking "
    "help?": {"No": 531, "Yes": 295, "I don't know": 320},
    "Is your anonymity protected if you choose to take advantage of mental health or substance abuse "
    "treatment resources provided by your employer?": {"I don't know": 742, "Yes": 320, "No": 84},
    "If a mental health issue prompted you to request a medical leave from work, asking for that leave would "
    "be:": {
        "Very easy": 220,
        "Somewhat easy": 281,
        "Neither easy nor difficult": 178,
        "Very difficult": 118,
        "Somewhat difficult": 199,
        "I don't know": 150,
    },
    "Do you think that discussing a mental health disorder with your employer would have negative "
    "consequences?": {"No": 438, "Maybe": 487, "Yes": 221},
    "Do you think that discussing a physical health issue with your employer would have negative "
    "consequences?": {"No": 837, "Maybe": 268, "Yes": 41},
    "Would you feel comfortable discussing a mental health disorder with your coworkers?": {
        "Maybe": 479,
        "Yes": 275,
        "No": 392,
    },
    "Would you feel comfortable discussing a mental health disorder with your direct supervisor(s)?": {
        "Yes": 428,
        "Maybe": 382,
        "No": 336,
    },
    "Do you feel that your employer takes mental health as seriously as physical health?": {
        "I don't know": 493,
        "Yes": 350,
        "No": 303,
    },
    "Have you heard of or observed negative consequences for co-workers who have been open about mental "
    "health issues in your workplace?": {"No": 1048, "Yes": 98},
}
OSMI_ALL = {  # question → answers of the employed and of the 287 self-employed
    "Do you currently have a mental health disorder?": (
        {"No": 441, "Yes": 451, "Maybe": 254},
        {"No": 90, "Yes": 124, "Maybe": 73},
    ),
    "Have you had a mental health disorder in the past?": (
        {"Yes": 583, "Maybe": 184, "No": 379},
        {"Yes": 153, "Maybe": 62, "No": 72},
    ),
    "Do you have a family history of mental illness?": (
        {"No": 391, "Yes": 541, "I don't know": 214},
        {"No": 97, "Yes": 129, "I don't know": 61},
    ),
}


def osmi(seed: int = 1) -> pd.DataFrame:
    """A made-up file with the published answers, each question shuffled by itself."""
    rng = np.random.default_rng(seed)

    def dealt(counts: dict[str, int]) -> list[str]:
        return list(rng.permutation(np.repeat(list(counts), list(counts.values()))))

    columns: dict[str, list[str]] = {"Are you self-employed?": ["0"] * 1146 + ["1"] * 287}
    columns |= {name: dealt(counts) + [""] * 287 for name, counts in OSMI.items()}
    columns |= {name: dealt(one) + dealt(two) for name, (one, two) in OSMI_ALL.items()}
    columns["Do you work remotely?"] = dealt({"Sometimes": 757, "Never": 333, "Always": 343})
    places = ["Executive Leadership|Back-end Developer", "Supervisor/Team Lead", "Back-end Developer"]
    columns["Which of the following best describes your work position?"] = [
        places[number % 3] for number in range(1433)
    ]
    frame = pd.DataFrame(columns)
    return frame.assign(**{f"other question {n}": "" for n in range(63 - frame.shape[1])})


def test_osmi_gives_the_published_counts(tmp_path: Path) -> None:
    osmi().to_csv(tmp_path / "mental-heath-in-tech-2016_20161114.csv", index=False)
    study = load_study(SAMPLES / "osmi_2016" / "study.yaml", data=tmp_path)
    frame = study.responses(missing="codes")
    assert len(frame) == 1433
    assert (frame["audience"] == "freelancer").sum() == 287
    assert (frame["audience"].isin(["executive", "lead", "employee"])).sum() == 1146
    negative = frame["negmental"].astype(str).value_counts()
    assert [negative[code] for code in ("yes", "maybe", "no", "-5")] == [221, 487, 438, 287]
    assert frame["benefits"].astype(str).value_counts()[["yes", "no", "dk", "na"]].tolist() == [
        531,
        213,
        319,
        83,
    ]
    assert (frame["leave"] == "veasy").sum() == 220
    assert (frame["current"] == "yes").sum() == 575
    assert (frame["family"] == "dk").sum() == 275
    assert (frame["orgsize"] == "6").sum() == 256
    notes = " ".join(study.disposition()["reason"])
    assert "the published one" not in notes
    assert "no row meets" not in notes


def test_company_sizes_a_spreadsheet_made_dates_of_are_read(tmp_path: Path) -> None:
    name = "How many employees does your company or organization have?"
    spoiled = osmi().replace({name: {"1-5": "5-Jan", "6-25": "25-Jun"}})
    spoiled.to_csv(tmp_path / "mental-heath-in-tech-2016_20161114.csv", index=False)
    frame = load_study(SAMPLES / "osmi_2016" / "study.yaml", data=tmp_path).responses(missing="codes")
    assert [(frame["orgsize"] == code).sum() for code in ("1", "2")] == [60, 210]


ARRANGEMENTS = {"1": 181, "2": 40, "3": 21, "4": 51, "5": 1115, "d": 8, "n": 32, "i": 900}
"""wrktype in 2018 by the published codebook: 2,348 respondents."""


@pytest.fixture(scope="module")
def gss(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up .dta file of the published size, two PSUs a stratum, some rows of another year below."""
    import pyreadstat

    rng = np.random.default_rng(2018)
    kinds = np.repeat(list(ARRANGEMENTS), list(ARRANGEMENTS.values()))
    n = len(kinds)
    order = rng.permutation(n)
    working = np.isin(kinds, list("12345"))

    def answers(codes: int) -> np.ndarray:
        drawn = rng.integers(1, codes + 1, n).astype(object)
        return np.where(working, drawn, "i")[order]

    wrktype = np.array([int(k) if k.isdigit() else k for k in kinds], dtype=object)[order]
    frame = pd.DataFrame(
        {
            "year": 2018.0,
            "id": np.arange(1, n + 1, dtype=float),
            "wrkstat": rng.integers(1, 9, n).astype(float),
            "wrktype": wrktype,
            "wrkslf": answers(2),
            "occ10": rng.choice([10.0, 120.0, 430.0, 2310.0, 4760.0], n),
            "satjob1": answers(4),
            "wrkhome": answers(6),
            "knowschd": answers(4),
            "slpprblm": answers(4),
            "usedup": answers(5),
            "wtssall": rng.choice([0.47, 0.94, 1.41, 2.83], n),
            "vstrat": 3201.0 + (np.arange(n) % 60),
            "vpsu": 1.0 + (np.arange(n) // 60) % 2,
        }
    )
    earlier = frame.head(7).assign(year=2016.0)
    folder = tmp_path_factory.mktemp("gss")
    letters = {name: ["d", "i", "n"] for name in frame if frame[name].dtype == object}
    whole = pd.concat([frame, earlier], ignore_index=True)
    pyreadstat.write_dta(whole, str(folder / "GSS2018.dta"), missing_user_values=letters)
    return folder


def test_gss_audiences_are_counted_as_in_the_codebook(gss: Path) -> None:
    study = load_study(SAMPLES / "gss_2018" / "study.yaml", data=gss)
    frame = study.responses(missing="codes")
    assert len(frame) == 2348
    counts = frame["audience"].value_counts()
    assert counts["contractor"] == 181
    assert counts["manager"] + counts["employee"] == 40 + 21 + 51 + 1115
    assert counts["other"] == 8 + 32 + 900
    aside = study.disposition().set_index("reason")["rows"]
    assert aside["another year of the cumulative file"] == 7
    assert set(frame.loc[frame["audience"] == "other", "satjob1"]) == {"-5"}


def test_gss_shares_and_errors_count_weights_strata_and_psus(gss: Path) -> None:
    """Against the ratio's linearised variance, written out: PSU totals within strata, n/(n−1)."""
    study = load_study(SAMPLES / "gss_2018" / "study.yaml", data=gss)
    frame = study.responses(missing="codes")
    assert study.design is not None
    found = tk.proportions(
        frame, [study.instrument["slpprblm"]], by="audience", measure="top", design=study.design
    ).set_index("audience")
    for audience in ("manager", "employee", "contractor"):
        w = frame["weight"].to_numpy() * (frame["audience"] == audience).to_numpy()
        y = (frame["slpprblm"] == "1").to_numpy().astype(float)
        share = float((w * y).sum() / w.sum())
        scored = frame.assign(z=w * (y - share) / w.sum())
        totals = scored.groupby(["design_stratum", "design_cluster"])["z"].sum()
        spread = totals.groupby("design_stratum").agg(
            lambda z: len(z) / (len(z) - 1) * ((z - z.mean()) ** 2).sum()
        )
        assert found.loc[audience, "estimate"] == pytest.approx(share, rel=1e-12)
        assert found.loc[audience, "std_error"] == pytest.approx(float(np.sqrt(spread.sum())), rel=1e-9)
        unweighted = float(y[(frame["audience"] == audience).to_numpy()].mean())
        assert found.loc[audience, "estimate"] != pytest.approx(unweighted, rel=1e-6)
    gaps = tk.gaps(
        frame,
        [study.instrument["slpprblm"]],
        between="audience",
        pairs=[("manager", "contractor")],
        measure="top",
        design=study.design,
    )
    shares = found["estimate"]
    assert gaps["gap"].item() == pytest.approx(shares["manager"] - shares["contractor"], rel=1e-12)


def test_a_report_of_a_weighted_study_is_made_under_its_design(gss: Path) -> None:
    from toolkit.reporting.gathering import gather

    study = load_study(SAMPLES / "gss_2018" / "study.yaml", data=gss)
    found = gather(study, "gss-2018", "2018").released["shares"].set_index(["item", "audience"])
    frame, design = study.laid_out(study.responses("gss-2018", missing="codes"))
    items = [study.instrument[name] for name in found.index.get_level_values("item").unique()]
    expected = tk.proportions(frame, items, by="audience", measure="top", design=design)
    expected = expected.set_index(["item", "audience"])
    exact = found.index[found["shown"] & found["bound"].eq("")]
    assert len(exact) > 3
    for name in ("n", "estimate", "std_error", "conf_low"):
        assert found.loc[exact, name].tolist() == pytest.approx(expected.loc[exact, name].tolist())


def test_weights_that_are_none_are_told_by_row(tmp_path: Path) -> None:
    text = (SAMPLES / "stackoverflow_2024" / "study.yaml").read_text("utf-8")
    text = text.replace("    mapping:\n", "    mapping:\n      design: {weights: w, clusters: town}\n")
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    (tmp_path / "instrument.yaml").write_bytes(
        (SAMPLES / "stackoverflow_2024" / "instrument.yaml").read_bytes()
    )
    rows = people(SO2024, {"w": "1", "town": "a"}, {"w": "-2", "town": ""}, {"w": "NA", "town": "b"})
    rows.to_csv(tmp_path / "survey_results_public.csv", index=False)
    with pytest.raises(InvalidInput) as refused:
        load_study(tmp_path / "study.yaml").check()
    said = str(refused.value)
    assert "column w" in said
    assert "is not a weight" in said
    assert "every respondent needs its clusters" in said


def spoilt(folder: Path, old: str, new: str) -> Path:
    """The study file of 2024 with something changed, its instrument beside it."""
    source = SAMPLES / "stackoverflow_2024"
    text = (source / "study.yaml").read_text("utf-8")
    assert old in text
    (folder / "study.yaml").write_text(text.replace(old, new, 1), "utf-8")
    (folder / "instrument.yaml").write_bytes((source / "instrument.yaml").read_bytes())
    people(SO2024, {}).to_csv(folder / "survey_results_public.csv", index=False)
    return folder / "study.yaml"


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (
            "    mapping:\n",
            "    mapping:\n      design: {weights: wt}\n",
            problem("unknown-column", "survey_results_public.csv, mapping → design → weights"),
        ),
        (
            "    mapping:\n",
            "    mapping:\n      design: {}\n",
            problem("malformed", "study.yaml, line 18: answers → entry 1 → mapping → design"),
        ),
        (
            "    mapping:\n",
            "    mapping:\n      design: {wieghts: wt}\n",
            problem("unknown-key", "study.yaml, line 18: answers → entry 1 → mapping → design → wieghts"),
        ),
        (
            "rows: 65437",
            "rows: 0",
            problem("out-of-range", "study.yaml, line 14: answers → entry 1 → expect → rows"),
        ),
        (
            "optional: true}",
            "optional: perhaps}",
            problem(
                "malformed", "study.yaml, line 35: answers → entry 1 → mapping → items → aisent → optional"
            ),
        ),
    ],
)
def test_what_a_study_file_says_wrongly_of_a_published_file_is_told(
    tmp_path: Path, old: str, new: str, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        load_study(spoilt(tmp_path, old, new)).check()


def test_a_design_must_be_that_of_every_file(tmp_path: Path) -> None:
    path = spoilt(tmp_path, "    mapping:\n", "    mapping:\n      design: {weights: JobSat}\n")
    text = path.read_text("utf-8")
    start, end = text.index("  - wave:"), text.index("\npolicy:")
    again = text[start:end].replace("      design: {weights: JobSat}\n", "").replace("2024", "2023", 1)
    other = again.replace("survey_results_public.csv", "other.csv")
    path.write_text(f"{text[:end]}{other}{text[end:]}", "utf-8")
    (tmp_path / "other.csv").write_bytes((tmp_path / "survey_results_public.csv").read_bytes())
    with pytest.raises(InvalidInput, check=problem("inconsistent", "answers → mapping → design")):
        load_study(path)


def test_a_study_without_a_design_has_none(tmp_path: Path) -> None:
    study = opened("stackoverflow_2024", tmp_path, people(SO2024, {}))
    assert study.design is None
    assert "weight" not in study.responses(missing="codes")


@pytest.mark.parametrize(
    "name", ["stackoverflow_2023", "stackoverflow_2024", "stackoverflow_2025", "gss_2018", "osmi_2016"]
)
def test_each_folder_says_where_to_get_it_and_what_must_come_out(name: str) -> None:
    text = (SAMPLES / name / "README.md").read_text("utf-8")
    for heading in ("## The data is not in this folder", "## What should come out", "## Licence"):
        assert heading in text, heading
