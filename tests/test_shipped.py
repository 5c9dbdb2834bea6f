"""The wheel is whole: what is shipped is in it, found by name, and enough to work with in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.shipped import instrument_files, named, shipped, study_path

FOLDERS = ("data_samples", "instruments", "notebooks")


RELEASED = os.environ.get("RELEASED_WHEEL")
"""A wheel that is to be released: it is tested instead of one built here, with libraries of its own."""


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if RELEASED:
        return Path(RELEASED).resolve()
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


def _clean(**more: str) -> dict[str, str]:
    """The environment of somebody who has installed the toolkit and nothing else of the project."""
    gone = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in gone} | more


def test_the_wheel_holds_every_shipped_file_and_no_other(root: Path, wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "toolkit", *FOLDERS],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    wanted = {f"toolkit/data/{name}" if name.split("/")[0] in FOLDERS else name for name in listed if name}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}
    assert held == wanted
    assert "toolkit/py.typed" in held


def test_the_wheel_holds_every_message_catalogue(root: Path, wheel: Path) -> None:
    catalogues = {path.relative_to(root).as_posix() for path in (root / "toolkit/locale").rglob("*.po")}
    with zipfile.ZipFile(wheel) as archive:
        assert catalogues == {name for name in archive.namelist() if name.endswith(".po")}
    assert "toolkit/locale/fr/LC_MESSAGES/toolkit.po" in catalogues


def test_a_bare_name_means_the_shipped_file_unless_something_of_that_name_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert study_path("ai_at_work") == shipped("data_samples", "ai_at_work", "study.yaml")
    assert named("published", "register").is_dir()
    assert [path.parent.name for path in instrument_files("core")] == ["core"] * 3
    assert instrument_files("core/employee") == [shipped("instruments", "core", "employee.yaml")]
    assert tk.load_study("ai_at_work").id == "ai_at_work"
    assert set(tk.load_instrument("core").audiences) == {"executive", "employee", "freelancer"}
    mine = tmp_path / "ai_at_work"
    mine.mkdir()
    (mine / "study.yaml").write_text("id: mine\n", "utf-8")
    assert study_path("ai_at_work").resolve() == mine / "study.yaml"
    (tmp_path / "core").mkdir()
    with pytest.raises(InvalidInput, check=problem("file-not-found", "folder")):
        instrument_files("core")


@pytest.mark.parametrize("name", ["../core", "core/nobody", "/core", "bank", "cor"])
def test_a_name_of_no_shipped_questionnaire_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        instrument_files(name)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("kind", ["study", "register", "findings", "recipe"])
def test_a_name_of_no_shipped_file_is_refused_and_a_path_is_left_alone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, check=problem("file-not-found", f"{kind} 'nothing_of_this_name'")):
        named("nothing_of_this_name", kind)
    assert named("folder/file.yaml", kind) == Path("folder/file.yaml")


def test_notebooks_are_copied_to_a_new_folder_and_over_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert main(["notebooks", str(folder)]) == 0
    copied = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    own = shipped("notebooks")
    assert copied == {path.relative_to(own): path.read_bytes() for path in own.rglob("*.ipynb")}
    (folder / "explore_gaps.ipynb").write_text("changed", "utf-8")
    assert main(["notebooks", str(folder)]) == 2
    assert "the folder must be new or empty" in capsys.readouterr().err
    assert (folder / "explore_gaps.ipynb").read_text("utf-8") == "changed"


def test_a_zipped_toolkit_is_refused_in_a_sentence(wheel: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toolkit.cli", "check"],
        cwd=tmp_path,
        env=_clean(PYTHONPATH=str(wheel)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot run from the zip archive" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def installed(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; the libraries are those of the tests' own, which come after it.

    Those of a wheel that is to be released are installed for it, as anybody's would be.
    """
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=os.name != "nt", with_pip=bool(RELEASED))
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = place / scripts / "python"
    if RELEASED:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(root / "constraints.txt")]
        subprocess.run([*pip, str(wheel)], check=True, env=_clean())
        return place / scripts
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True, env=_clean())
    (packages,) = (path.parent for path in place.rglob("toolkit") if (path / "py.typed").is_file())
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return place / scripts


@pytest.mark.slow
def test_every_command_works_from_an_installed_wheel_in_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    """As somebody who may not write to the installation, with a home of their own that is empty."""
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    (package,) = (path.parent for path in installed.parent.rglob("toolkit/py.typed"))
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*")}

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [str(installed / "survey-toolkit"), *arguments],
            cwd=here,
            env=_clean(HOME=str(home), PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "1 made" in run("report", "ai_at_work", "--organisation", "org-07", "--formats", "html,pdf")
    assert list(here.glob("reports/ai_at_work/2026/org-07/*.pdf"))
    run("reproduce", "upwork-2024", "--formats", "html")
    run("findings", "check")
    refused = ["--finding-id", "X-1", "--study", "upwork-2024", "--value", "10"]
    assert "belongs to the installation" in run("findings", "add", *refused, code=2)
    run("checklist", "ai_at_work")
    run("checklist", "--published", "upwork-2024")
    run("lint", "core", "employee")
    run("export", "core", "--to", "limesurvey", "--out", "exported")
    run("simulate", "pulse", "--out", "dry_run.csv")
    run("run", "explore_gaps", "--for-each", "organisation=org-07")
    run("completion", "bash")
    assert json.loads(run("check", "ai_at_work", "--answers-only", "--json", "--quiet"))["exit_code"] == 0
    run("notebooks")
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*")} == before
