"""Results for a paper: what is printed is what was computed, in every format; nothing is run by a reader."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pingouin as pg
import pypdf
import pytest
from scipy import stats

import toolkit as tk
from toolkit.analysis import design_rank_test, design_t_test
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.presentation import computed_methods


def _frame() -> pd.DataFrame:
    answers = [1] * 56 + [0] * 14 + [1] * 48 + [0] * 32
    return pd.DataFrame(
        {"audience": ["a"] * 70 + ["b"] * 80, "agrees": answers, "hours": np.arange(150) % 11 * 1.0}
    )


@pytest.fixture(scope="module")
def study() -> Any:
    return tk.load_study("ai_at_work")


def _text_of(path: Path) -> str:
    with zipfile.ZipFile(path) as parts:
        text = re.sub(r"<[^>]+>", " ", parts.read("word/document.xml").decode("utf-8"))
    return text.replace("\u00a0", " ")


def test_gaps_of_one_pair_print_both_sides_the_interval_and_p() -> None:
    table = tk.format_table(tk.gaps(_frame(), "agrees", measure="mean"))
    assert table.frame.iloc[0].to_dict() == {
        "Item": "agrees",
        "a": "80.0% (n = 70)",
        "b": "60.0% (n = 80)",
        "Difference, 95% CI": "20.0 [5.2, 33.4]",
        "p": ".008",
        "Adjusted p": ".008",
        "Effect size": "h = 0.44",
    }


def test_estimates_models_tests_cross_tables_and_splits_have_tables() -> None:
    frame = _frame()
    means = tk.format_table(tk.means(frame, "hours", by="audience"), digits=1).frame
    expected = frame.groupby("audience")["hours"].mean()
    assert [cell.split()[0] for cell in means.iloc[:, -1]] == [f"{one:.1f}" for one in expected]
    model = tk.fit(frame, "hours ~ audience")
    printed = tk.format_table(model, level=0.9).frame
    low, high = model.conf_int(alpha=0.1).loc["audience[T.b]"]
    assert printed.loc[1, "b, 90% CI"] == f"{model.params.iloc[1]:.2f} [{low:.2f}, {high:.2f}]".replace(
        "-", "\u2212"
    )
    crossed = tk.format_table(tk.crosstab(frame, "agrees", "audience")).frame
    assert crossed.iloc[0].tolist() == ["0", "14.00", "32.00"]
    tested = design_t_test(frame, "hours", between="audience")
    assert tk.format_table(tested).frame["symbol"].tolist() == ["t"]
    split = tk.decompose_gap(frame.assign(half=["u", "v"] * 75), "agrees", "half", measure="mean")
    assert tk.format_table(split).frame["Points, 95% CI"].iloc[0].startswith("20.0 [")


def test_numbers_that_the_gate_withheld_or_bounded_stay_so() -> None:
    rows = tk.gaps(_frame(), "agrees", measure="mean").assign(
        bound_a=">=", n_b=pd.NA, estimate_b=np.nan, gap=np.nan, conf_low=np.nan, conf_high=np.nan,
        n_b_shown="<5", p_value=np.nan, p_adjusted=np.nan, effect_size=np.nan,
    )  # fmt: skip
    row = tk.format_table(rows).frame.iloc[0]
    assert row["a"] == "≥80.0% (n = 70)"
    assert row["b"] == "– (n <5)"
    assert row["Difference, 95% CI"] == "–"
    assert "≥80.0% (n = 70), b – (n < 5); no difference is reported" in tk.apa(rows)


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "tex", "html", "csv"])
def test_every_format_holds_the_same_cells(tmp_path: Path, suffix: str) -> None:
    rows = tk.gaps(_frame(), ["agrees", "hours"], measure="mean")
    path = tk.save_table(rows, tmp_path / f"gaps.{suffix}", title="Gaps & gains", note="Own data.")
    if suffix == "xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
        for expected in (0.8, 0.6, 20, 5.2, 33.4):
            assert any(isinstance(one, int | float) and abs(one - expected) < 0.05 for one in cells)
        return
    text = _text_of(path) if suffix == "docx" else path.read_text("utf-8")
    for one in ("20.0 [5.2, 33.4]", "agrees", ".008"):
        assert one in text
    if suffix == "docx":
        assert "Gaps &amp; gains" in text
        assert "Own data." in text


def test_signs_of_latex_are_escaped(tmp_path: Path) -> None:
    odd = pd.DataFrame({"50%_of #1 & {more}": ["~a^b\\c $x$ <y>", "[opt]"]})
    path = tk.save_table(odd, tmp_path / "odd.tex", title="100% & more_or_less")
    text = path.read_text("utf-8")
    assert r"50\%\_of \#1 \& \{more\}" in text
    assert r"\textasciitilde{}a\textasciicircum{}b\textbackslash{}c \$x\$ \textless{}y\textgreater{}" in text
    assert r"\caption{100\% \& more\_or\_less}" in text
    assert "\n{}[opt]" in text


@pytest.mark.slow
def test_latex_compiles_and_prints_what_the_table_holds(tmp_path: Path, study: Any) -> None:
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not on this machine")
    signs = "a \\ ~ ^ $ # & _ % { } < > | \" ' ` [x] ≥ ≤ − – — …"
    signs += " ’ “ ” « » œ é ï ñ ² δ χ α ω η × ± · → \u202f\u00a0 €"
    odd = pd.DataFrame({signs: [signs, "[opt]", "*", "--"], "n": [1, 2, 3, 4]})
    rows = tk.gaps(study.responses(), study.instrument, between="audience", measure="top").head(3)
    own = {"instrument": study.instrument, "title": "Table & 1"}
    written = [
        tk.save_table(odd, tmp_path / "odd.tex", title=signs, note=signs),
        tk.save_table(rows, tmp_path / "en.tex", **own),
        tk.save_table(rows, tmp_path / "fr.tex", language="fr", note="À lire.", **own),
    ]
    inputs = "\n".join(f"\\input{{{path.name}}}" for path in written)
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    whole = f"{head}\n{inputs}\n\\end{{document}}"
    (tmp_path / "paper.tex").write_text(whole, "utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, errors="replace"
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Missing character" not in (tmp_path / "paper.log").read_text("latin-1")
    printed = "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "paper.pdf").pages)
    assert "Table & 1" in printed
    assert "95% CI" in printed
    assert "88,3" in printed


def test_a_summary_of_missing_answers_prints_labels_not_codes(tmp_path: Path, study: Any) -> None:
    answers = study.responses(missing="reasons")
    found = tk.missing_summary(answers, study.instrument, by=["audience", "tenure"])
    row = found[(found["item"] == "burnout") & (found["reason"] == "-3")].head(1)
    for language, reason in (("en", "shown but left blank"), ("fr", "vu, laissé sans réponse")):
        table = tk.format_table(row, instrument=study.instrument, language=language)
        said = [str(cell) for cell in table.rows[0]]
        labels = study.instrument["tenure"].code_labels(language)
        assert said[2] == labels[row["tenure"].iloc[0]]
        assert said[1] not in study.instrument.audiences
        assert said[3] == reason
        share = f"{100 * row['share'].iloc[0]:.1f}"
        assert (
            said[-2].replace("\u00a0", "") == (share if language == "en" else share.replace(".", ",")) + "%"
        )
    assert "shown but left blank" in _text_of(
        tk.save_table(row, tmp_path / "m.docx", instrument=study.instrument)
    )


def test_sentences_and_tables_are_in_the_language_asked_for(tmp_path: Path, study: Any) -> None:
    rows = tk.gaps(study.responses(), study.instrument, between="audience", measure="top").head(1)
    own = {"instrument": study.instrument, "language": "fr"}
    assert tk.apa(rows, **own).replace("\u00a0", " ") == (
        "Utilisation de l’IA : dirigeant(e)s 88,3 % (n = 94), salarié(e)s 68,3 % (n = 1505), différence "
        "20,0 points, IC à 95 % [11,6 ; 25,6], z = 4,08, p < 0,001, p ajusté < 0,001, h = 0,50."
    )
    table = tk.format_table(rows, note="À lire", **own)
    assert table.frame.columns.tolist()[0] == "Question"
    assert table.frame.iloc[0, -4].replace("\u00a0", " ") == "20,0 [11,6 ; 25,6]"
    text = _text_of(tk.save_table(table, tmp_path / "t.docx"))
    assert "Différence, IC à 95 %" in text
    test = tk.apa(stats.ttest_ind([1.0, 2, 3, 4], [2.0, 3, 4, 9]), language="fr")
    assert test.startswith("Test t, t(6) = −1,19, p = 0,28")


@pytest.mark.parametrize("sign", ["=1+1", "+1+1", "@SUM(A1)", "-1+1", "\t=1", '=cmd|"/C calc"!A0'])
def test_no_spreadsheet_runs_a_text(tmp_path: Path, sign: str) -> None:
    odd = pd.DataFrame({sign: [sign, "plain"]})
    book = openpyxl.load_workbook(tk.save_table(odd, tmp_path / "odd.xlsx", title=sign, note=sign))
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            assert cell.data_type in ("s", "n")
    text = tk.save_table(odd, tmp_path / "odd.csv").read_text("utf-8-sig")
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in text.replace('"', "").splitlines())


def test_control_characters_are_written_as_escapes(tmp_path: Path) -> None:
    path = tk.save_table(pd.DataFrame({"a": ["x\x00\x1by"]}), tmp_path / "odd.docx", title="t\x07")
    assert r"x\x00\x1by" in _text_of(path)


@pytest.mark.parametrize(
    ("result", "path", "places"),
    [
        (pd.DataFrame({"a": [1]}), "x.pfd", ["path x.pfd"]),
        (pd.DataFrame({"a": [1]}), "nowhere/x.docx", ["folder"]),
        ("text", "x.docx", ["result"]),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "x.docx", ["column a"]),
    ],
)
def test_what_cannot_be_saved_is_refused(tmp_path: Path, result: Any, path: str, places: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        tk.save_table(result, tmp_path / path)
    assert [problem.where.split(f" {tmp_path}")[0] for problem in caught.value.problems] == places
    assert not (tmp_path / path).exists()


def test_sentences_of_gaps_models_tests_and_estimates() -> None:
    frame = _frame()
    model = tk.fit(frame, "hours ~ audience")
    assert tk.apa(model).splitlines()[1] == (
        f"audience[T.b]: b = {model.params.iloc[1]:.2f}, 95% CI [{model.conf_int().iloc[1, 0]:.2f}, "
        f"{model.conf_int().iloc[1, 1]:.2f}], t(148) = {model.tvalues.iloc[1]:.2f}, "
        f"p = {model.pvalues.iloc[1]:.3f}."
    ).replace("-", "\u2212").replace("p = 0.", "p = .")
    tested = design_t_test(frame, "hours", between="audience")
    assert tk.apa(tested) == (
        f"design-based t test, t({tested.df:.0f}) = {tested.statistic:.2f}, p = {tested.p_value:.3f}, "
        f"estimate = {tested.estimate:.2f}, 95% CI [{tested.conf_low:.2f}, {tested.conf_high:.2f}]."
    ).replace("-", "\u2212").replace("design\u2212", "design-").replace("p = 0", "p = ")
    crossed = tk.independence(frame, "agrees", "audience", statistic="saddlepoint")
    assert f", χ² = {crossed.statistic:.2f}, p = " in tk.apa(crossed)
    assert ", F(" in tk.apa(tk.independence(frame, "agrees", "audience"))
    ranked = design_rank_test(frame, "hours", between="audience", design=tk.Design())
    assert ", t(" in tk.apa(ranked)
    assert tk.apa(tk.proportions(frame, "agrees", by="audience", measure="1")).splitlines()[0] == (
        "agrees, a: 80.0%, 95% CI [69.2, 87.7], n = 70."
    )
    lines = tk.apa(tk.gaps(frame, "hours", measure="mean"))
    assert re.search(r"difference .*, t\([\d.]+\) = .*, p = \.\d{3}, g = ", lines)
    few = tk.gaps(frame.groupby("audience").head(6), "agrees", measure="mean")
    assert " z = " not in tk.apa(few)
    with pytest.raises(InvalidInput):
        tk.apa(pd.DataFrame({"a": [1]}))


def test_tests_of_scipy_and_pingouin_have_sentences() -> None:
    frame = _frame()
    tested = stats.ttest_ind([1, 2, 3, 4], [2, 3, 4, 9])
    assert tk.apa(tested) == f"t test, t(6) = \u22121.19, p = {tested.pvalue:.3f}.".replace("p = 0", "p = ")
    table = stats.chi2_contingency([[10, 20], [20, 10]], correction=False)
    assert tk.apa(table) == "Pearson's chi-square test, χ²(1) = 6.67, p = .010."
    own, other = (frame.loc[frame["audience"] == name, "hours"] for name in "ab")
    row = pg.ttest(own, other).iloc[0]
    line = tk.apa(pg.ttest(own, other))
    assert line.startswith(f"t test, t({row['dof']:.2f}".removesuffix(".00"))
    assert f"d = {row['cohen_d']:.2f}".replace("-", "\u2212") in line
    assert ", F(1, 148) = " in tk.apa(pg.anova(frame, dv="hours", between="audience"))
    assert ", F(1, 148) = " in tk.apa(pg.anova(frame, dv="hours", between="audience", detailed=False))


def test_fishers_odds_ratio_is_not_printed_as_a_correlation() -> None:
    found = stats.fisher_exact([[3, 4], [5, 6]])
    assert " r = " not in tk.apa(found)
    assert f"{found.statistic:.2f}" in tk.apa(found)
    assert " r = 1.00" in tk.apa(stats.spearmanr([1, 2, 3, 4], [1, 3, 5, 9]))


def test_results_of_scipy_name_their_test_and_what_is_no_test_is_refused() -> None:
    a, b = [1.0, 2, 3, 5, 8], [2.0, 2, 4, 7, 9]
    for result, symbol in [
        (stats.alexandergovern(a, b), "A"),
        (stats.chisquare(a), "χ²"),
        (stats.levene(a, b), "W"),
        (stats.friedmanchisquare(a, b, a), "χ²"),
    ]:
        assert f", {symbol} = {result.statistic:.2f}".replace("-", "−") in tk.apa(result)
    with pytest.raises(tk.InvalidInput) as caught:
        tk.apa(stats.linregress(a, b))
    assert caught.value.problems[0].code == "wrong-type"


def test_ratios_and_marginal_effects_are_not_printed_as_coefficients() -> None:
    frame = pd.DataFrame({"y": [0, 1, 1, 0, 1, 0, 0, 1, 1], "x": [1, 2, 3, 1, 5, 2, 4, 1, 2]})
    model = tk.fit(frame, "y ~ x", family="binomial")
    rows = tk.coefficients(model, exponentiate=True)
    assert rows["kind"].tolist() == ["OR", "OR"]
    assert tk.apa(rows).splitlines()[1].startswith(f"x: OR = {np.exp(model.params['x']):.2f}")
    assert {"OR, 95% CI", "SE (log)"} <= set(tk.format_table(rows).columns)
    assert "b, 95% CI" in tk.format_table(model).columns
    effect = tk.marginal_effects(model)
    assert tk.apa(effect).startswith(f"x: AME = {effect['estimate'].iloc[0]:.2f}".replace("-", "−"))
    ordered = frame.assign(q=[1, 2, 3, 1, 3, 2, 2, 1, 3])
    table = tk.format_table(tk.marginal_effects(tk.ordinal_regression(ordered, "q ~ x")))
    assert table.frame["Answer"].tolist() == ["1", "2", "3"]


def test_a_scale_has_a_sentence_and_a_table_of_numbers() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 3, 5, 4], "c": [1, 3, 2, 5, 5]})
    found = tk.alpha(frame, ["a", "b", "c"])
    assert tk.apa(found).startswith("α = .92, 95% CI [")
    assert tk.apa(found).endswith(", 3 items, n = 5.")
    assert "items" not in tk.format_table(found).columns


def test_a_paired_gap_prints_t_with_its_df_and_dz() -> None:
    frame = pd.DataFrame(
        {
            "code": [*range(6)] * 2,
            "wave": ["1"] * 6 + ["2"] * 6,
            "audience": "a",
            "q": [1, 2, 3, 4, 5, 2, 2, 2, 5, 4, 4, 3],
        }
    )
    found = stats.ttest_rel(frame["q"][6:].to_numpy(), frame["q"][:6].to_numpy())
    line = tk.apa(tk.panel_change(frame, "q", person="code", measure="mean"))
    assert f"t(5) = {found.statistic:.2f}" in line
    assert ", dz = " in line


def test_the_statement_counts_what_was_read_and_names_what_was_used(study: Any) -> None:
    frame = study.responses()
    rows = tk.gaps(frame, study.instrument["burnout"])
    text = tk.methods_statement(study, rows)
    kept = len(frame)
    assert text.startswith("The answers are synthetic")
    assert text.count("\n## ") == len(study.instrument.audiences)
    assert text.count("\n### ") == 11 * len(study.instrument.audiences)
    assert f"{kept:,} were kept" in text
    assert f"Methods used: {rows['method'].iloc[0]} ({len(rows)} results)" in text
    assert f"holm over the {len(rows)} of family 'all'" in text
    for audience, count in frame["audience"].value_counts().items():
        assert f"{count:,} {study.instrument.audiences[audience].label.get('en', '')}".split()[0] in text
    # what has not passed the gate is not said to have
    assert "are not shown" not in text
    assert "are not shown" in tk.methods_statement(study, rows.assign(shown=True))


def test_the_statement_is_in_the_language_asked_for(study: Any) -> None:
    rows = tk.gaps(study.responses(), study.instrument["burnout"])
    design = tk.Design(strata="audience")
    text = tk.methods_statement(study, rows, design=design, language="fr")
    assert text.startswith("Les réponses sont synthétiques")
    assert text.count("\n### ") == 11 * len(study.instrument.audiences)
    assert "linéarisation de Taylor" in text
    kept = f"{len(study.responses()):,}".replace(",", "\u202f")
    assert f"{kept} ont été conservées" in text
    english = tk.methods_statement(study, rows, design=design)
    assert not set(re.findall("### .*", text)) & set(re.findall("### .*", english))
    with pytest.raises(ToolkitError):
        tk.methods_statement(study, language="xx")


def test_the_statement_says_what_weights_cost(study: Any) -> None:
    rows = len(study.responses())
    design = tk.Design(strata="audience")
    assert "Taylor linearisation" in tk.methods_statement(study, design=design)
    assert "margin of error" not in tk.methods_statement(study, design=design)
    weights = tk.rake(study.responses(), {"audience": {"executive": 10, "employee": 60, "freelancer": 30}})
    text = tk.methods_statement(study, design=tk.Design(weights=weights))
    effect = rows * float((weights.values**2).sum()) / float(weights.values.sum()) ** 2
    assert f"design effect of {effect:.2f} (Kish)" in text
    assert "The figures are not weighted" not in text


def test_the_statement_takes_weights_of_a_researchers_own_frame(study: Any) -> None:
    frame = study.responses()
    frame["w"] = np.arange(len(frame)) % 3 + 1.0
    text = tk.methods_statement(study, design=tk.Design(weights="w"), frame=frame)
    effect = len(frame) * (frame["w"] ** 2).sum() / frame["w"].sum() ** 2
    assert f"a design effect of {effect:.2f} (Kish)" in text


def test_a_split_that_could_not_be_computed_says_so_once() -> None:
    frame = pd.DataFrame(
        {"audience": ["a"] * 20 + ["b"] * 20, "q": [1, 0] * 20, "t": ["x", "y", "y", "x"] * 10}
    )
    frame["w"] = (frame["audience"] == "b") * 1.0
    rows = tk.decompose_gap(
        frame, "q", "t", measure="mean", pairs=[("a", "b")], design=tk.Design(weights="w")
    )
    assert tk.apa(rows) == "q: a − b; no difference is reported."


def test_a_result_without_methods_is_refused(study: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        tk.methods_statement(study, pd.DataFrame({"item": ["a"]}))
    assert [problem.where for problem in caught.value.problems] == ["result 1"]


def test_computed_methods_leave_the_policy_out_where_there_was_none(study: Any) -> None:
    rows = pd.DataFrame(
        {"audience": ["employee"], "answered": [50], "invited": [100], "response_rate": [0.5],
         "margin": [np.nan], "threshold": [5]}
    )  # fmt: skip
    found = computed_methods(rows, study.instrument, audience="employee", policy=None)
    assert found["processing_and_quality"].endswith("not part of any base.")
    assert found["sample_sizes_and_precision"].endswith("interval.")


def test_a_table_is_a_value_that_displays_itself() -> None:
    table = tk.format_table(tk.gaps(_frame(), "agrees", measure="mean"), title="Gaps")
    assert "<table" in table._repr_html_()
    assert io.StringIO(table.frame.to_csv()).readline().startswith(",Item,a,b,")


def test_a_cross_table_goes_to_word_with_letters_counts_and_its_test(tmp_path: Path, study: Any) -> None:
    frame = study.responses()
    crossed = tk.cross_table(frame, study.instrument["burnout"], "audience")
    table = tk.format_table(crossed, instrument=study.instrument)
    assert table.frame.iloc[:5, 0].tolist() == list(study.instrument["burnout"].code_labels("en").values())
    shares = crossed.wide()
    counts = crossed.wide("count")
    expected = f"{100 * shares.loc['5', 'executive']:.1f}% ({counts.loc['5', 'executive']:.0f})"
    assert table.frame.iloc[4, 2] == expected
    assert "F(" in table.notes[0]
    text = _text_of(tk.save_table(crossed, tmp_path / "crossed.docx", instrument=study.instrument))
    assert expected in text
    assert "Strongly agree" in text


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [[1, 2], {"x": 1}]}),
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}),
        pd.DataFrame({"a": [np.inf, np.nan], "t": pd.date_range("2026", periods=2)}),
        _frame().pivot_table(index="audience", columns="agrees", values="hours", aggfunc=["count", "mean"]),
        _frame()["agrees"].value_counts(),
    ],
    ids=["empty", "lists", "nullable", "infinite", "two levels of columns", "series"],
)
@pytest.mark.parametrize("suffix", ["docx", "xlsx", "tex", "html", "csv"])
def test_any_frame_can_be_saved(tmp_path: Path, frame: Any, suffix: str) -> None:
    assert tk.save_table(frame, tmp_path / f"any.{suffix}").stat().st_size > 0
