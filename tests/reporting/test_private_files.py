"""Files with answers, keys and logs are their owner's alone; reports that are handed out follow the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refusals import needs_parquet
from tests.reporting.test_one_audience import study  # noqa: F401
from toolkit.cli import main
from toolkit.reporting import run_reports
from toolkit.system import write_files

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
@pytest.mark.parametrize("study", ["en"], indirect=True)
def test_a_run_keeps_its_own_files_private_and_hands_out_the_rest(study: Path, open_umask: None) -> None:  # noqa: F811
    out = study.parent / "out"
    assert run_reports(study, out=out, workers=1)["status"].tolist() == ["made"]
    wave = out / "canteen" / "2026"
    assert mode(wave / "_batch") == 0o700
    assert {path.name: mode(path) for path in (wave / "_batch").iterdir()} == dict.fromkeys(
        [path.name for path in (wave / "_batch").iterdir()], 0o600
    )
    assert mode(wave / "acme") == 0o755
    assert {mode(path) for path in (wave / "acme").iterdir()} == {0o644}
    assert mode(wave / "index.html") == 0o644


@pytest.mark.parametrize("study", ["en"], indirect=True)
@pytest.mark.parametrize("name", ["answers.csv", pytest.param("answers.parquet", marks=needs_parquet)])
def test_answers_that_are_written_are_their_owners_alone(study: Path, name: str, open_umask: None) -> None:  # noqa: F811
    read = [str(study.with_name("2026.csv")), "--instrument", str(study.with_name("canteen.yaml"))]
    (study.parent / name).write_text("readable by all")
    assert main(["read", *read, "--platform", "limesurvey", "--out", str(study.parent / name)]) == 0
    assert mode(study.parent / name) == 0o600


def test_other_files_follow_the_umask(tmp_path: Path, open_umask: None) -> None:
    shared, own = (write_files(tmp_path, {name: "x"}, private=name == "b")[0] for name in "ab")
    assert (mode(shared), mode(own)) == (0o644, 0o600)
