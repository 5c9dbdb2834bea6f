"""The explorer: what its controls choose is what it shows, released, with the code that computes it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import toolkit as tk
from toolkit.study.starting import start_study

pytest.importorskip("ipywidgets", reason="installed with the toolkit")


@pytest.fixture(scope="module")
def study() -> Any:
    return tk.load_study("ai_at_work")


@pytest.fixture
def explorer(study: Any) -> Any:
    return tk.explore(study)


def top(frame: pd.DataFrame, item: str) -> pd.Series:
    """Shares of the two highest answers per audience, by plain pandas."""
    answered = frame.dropna(subset=[item])
    return answered[item].isin(["4", "5"]).groupby(answered["audience"], observed=True).mean()


def test_a_gap_is_that_of_the_chosen_groups_and_wave(study: Any, explorer: Any) -> None:
    explorer.item.value, explorer.wave.value = "burnout", "2025"
    explorer.audiences.value = ("executive", "employee")
    shares = top(study.responses(wave="2025"), "burnout")
    (row,) = explorer.numbers.to_dict("records")
    assert (row["audience_a"], row["audience_b"]) == ("executive", "employee")
    assert row["gap"] == pytest.approx(shares["executive"] - shares["employee"])
    assert f'alt="{explorer.picture.alt}"' in explorer.output.value
    assert explorer.picture.alt


def test_a_trend_has_every_wave_and_a_distribution_every_answer(study: Any, explorer: Any) -> None:
    explorer.item.value, explorer.view.value = "burnout", "Trend"
    shares = explorer.numbers.set_index(["audience", "wave"])["estimate"]
    for wave in study.waves:
        expected = top(study.responses(wave=wave), "burnout")
        assert shares.xs(wave, level="wave").to_dict() == pytest.approx(expected.to_dict())
    explorer.view.value = "Distribution"
    staff = explorer.numbers[explorer.numbers["audience"] == "employee"]
    counts = study.responses().query("audience == 'employee'")["burnout"].value_counts(normalize=True)
    assert dict(zip(staff["response"], staff["estimate"], strict=True)) == pytest.approx(counts.to_dict())


def test_a_cut_compares_within_each_of_its_groups(study: Any, explorer: Any) -> None:
    explorer.item.value, explorer.cut.value = "burnout", "organisation"
    explorer.audiences.value = ("executive", "employee")
    shown = explorer.numbers[explorer.numbers["shown"]].set_index("organisation")["gap"]
    shares = top(study.responses("org-01"), "burnout")
    assert shown["org-01"] == pytest.approx(shares["executive"] - shares["employee"])
    explorer.cut.value = "size"
    labels = set(tk.labels(study.responses(), study.instrument, ["size"])["size"].cat.categories)
    assert set(explorer.numbers["size"]) <= labels


def test_answers_follow_the_question_and_one_answer_can_be_chosen(study: Any, explorer: Any) -> None:
    explorer.item.value = "country"
    codes = [code for _, code in explorer.answer.options]
    assert codes == list(study.instrument.of_item("country")[0].codes)
    explorer.answer.value, explorer.audiences.value = "UK", ("executive", "employee")
    frame = study.responses().dropna(subset=["country"])
    shares = (frame["country"] == "UK").groupby(frame["audience"], observed=True).mean()
    assert explorer.numbers["gap"].iloc[0] == pytest.approx(shares["executive"] - shares["employee"])


@pytest.mark.parametrize("view", ["Gap", "Distribution", "Trend"])
@pytest.mark.parametrize(
    ("item", "cut"), [("burnout", ""), ("evalby", ""), ("burnout", "tenure"), ("evalby", "size")]
)
def test_the_code_that_is_shown_computes_what_is_shown(
    item: str, cut: str, view: str, study: Any, explorer: Any
) -> None:
    explorer.item.value, explorer.cut.value, explorer.view.value = item, cut, view
    assert (explorer.picture is None) == bool(explorer.message)
    space: dict[str, Any] = {"tk": tk, "study": study}
    results, _, draw = explorer.code.rstrip().rpartition("\n")
    exec(explorer.code if explorer.picture is not None else results, space)
    assert draw.startswith("tk.")
    pd.testing.assert_frame_equal(next(iter(space["released"].tables.values())), explorer.numbers)


def test_what_the_policy_withholds_is_not_on_the_page(explorer: Any) -> None:
    explorer.item.value, explorer.cut.value = "leave", "organisation"
    hidden = explorer.numbers[~explorer.numbers["shown"]]
    assert len(hidden)
    assert hidden[["estimate_a", "estimate_b", "gap"]].isna().all(axis=None)
    explorer.cut.value, explorer.item.value = "", "aiways"  # nearly everybody was asked
    assert explorer.picture is None
    assert "<figure" not in explorer.output.value
    assert explorer.message


def test_a_choice_without_groups_says_why_there_is_no_figure(explorer: Any) -> None:
    explorer.audiences.value = ()
    assert explorer.picture is None
    assert explorer.message in explorer.output.value
    explorer.audiences.value = ("employee",)
    assert explorer.picture is None
    assert explorer.message in explorer.output.value


def test_the_page_says_that_data_are_synthetic(explorer: Any) -> None:
    assert "ynthetic" in explorer.output.value


# --- in JupyterLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """JupyterLab in an empty folder."""
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        "--ip=127.0.0.1",
    ]
    settings = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")}
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | settings)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                time.sleep(0.2)
        yield address, folder
    finally:
        server.terminate()
        server.wait()


@pytest.mark.browser
def test_the_explorer_works_in_jupyterlab_by_keyboard(lab: tuple[str, Path], browser: Any) -> None:
    address, folder = lab
    cell = {
        "cell_type": "code",
        "id": "one",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": 'import toolkit as tk\ntk.explore("ai_at_work")',
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook["metadata"] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    }
    (folder / "explorer.ipynb").write_text(json.dumps(notebook), "utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 1400})
    tab.set_default_timeout(120_000)
    tab.goto(f"{address}/lab/tree/explorer.ipynb")
    tab.locator(".jp-CodeCell .cm-content").first.click()
    tab.keyboard.press("Shift+Enter")
    question = tab.get_by_label("Question")
    question.wait_for()
    tab.locator(".widget-html figure img").wait_for()
    question.focus()
    for key in ("ArrowDown", "w", *["Tab"] * 7, "Enter"):  # by arrow and first letter; past answer, groups …
        tab.keyboard.press(key)
        tab.wait_for_timeout(200)
    chosen = question.evaluate("list => list.options[list.selectedIndex].text")
    assert chosen.split() == ["wellbeing:", "Burnout"]
    assert tab.evaluate("document.activeElement.textContent.trim()") == "Trend"
    code = tab.locator(".widget-html pre")
    code.filter(has_text="trend_lines").wait_for(state="attached")
    assert "burnout" in str(code.text_content())
    assert tab.locator(".jp-Cell").count() == 2  # no key was taken for a shortcut of JupyterLab
    tab.close()


def test_a_study_of_one_group_and_one_wave_begins_with_a_distribution(tmp_path: Path) -> None:
    start_study(tmp_path / "one", audiences=["employee"], waves=["2026"])
    one = tk.explore(tmp_path / "one")
    assert list(one.view.options) == ["Distribution"]
    assert one.message == ""
    assert one.picture is not None


def test_a_gap_of_fewer_than_two_chosen_groups_asks_for_more(explorer: Any) -> None:
    explorer.view.value, explorer.audiences.value = "Gap", ("executive",)
    assert explorer.message == "Choose two groups or more under Groups."
    explorer.view.value, explorer.audiences.value = "Trend", ()
    assert explorer.message == "Choose a group under Groups."
    assert explorer.numbers is None
