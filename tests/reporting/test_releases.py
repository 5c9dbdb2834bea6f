"""Releases and drafts of reports.

1. A report keeps to the people of the first release, over late answers, recodes and removals, and says so.
2. Two waves are compared item by item, only where k or more people may have come or gone.
3. A release is in the ledger before it is in its place; a draft binds nothing until it is promoted.
4. A lowered policy, a lost ledger, an organisation that was renamed: each is found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import toolkit as tk
from tests.reporting.test_one_audience import INSTRUMENT, ITEM, ITEMS, WRITTEN
from toolkit.cli import main
from toolkit.errors import DisclosureError, InvalidInput
from toolkit.reporting.batch import promote_draft, run_study
from toolkit.reporting.job import Job, Outcome
from toolkit.reporting.manifest import sha256_of
from toolkit.reporting.options import RunOptions
from toolkit.study import Study, load_study

pytestmark = pytest.mark.slow

Answers = Mapping[str, Mapping[int, Mapping[str, str]]]


def said(people: Iterable[int], **given: str) -> dict[int, dict[str, str]]:
    """Person → answers; without others half of them say yes."""
    return {one: {name: given.get(name, str(one % 2)) for name in ITEMS} for one in people}


def write_study(folder: Path, waves: Answers, *, organisation: str = "acme", more: str = "") -> Path:
    items = "".join(ITEM.format(name=name, way=way) for name, way in ITEMS.items())
    (folder / "canteen.yaml").write_text(INSTRUMENT + items, "utf-8")
    head = ";".join(["id", "submitdate", "token", "organisation", "audience", *ITEMS])
    for wave, people in waves.items():
        rows = [
            ";".join(
                [str(one), f"{wave}-09-03 10:12:00", f"t{one}", organisation, "staff", *answers.values()]
            )
            for one, answers in people.items()
        ]
        (folder / f"{wave}.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    answers = "".join(f"  - {{wave: '{wave}', platform: limesurvey, file: {wave}.csv}}\n" for wave in waves)
    methods = ", ".join(f"{name}: x." for name in (*WRITTEN, "limitations"))
    (folder / "study.yaml").write_text(
        f"id: canteen\ntitle: The canteen\nsynthetic: true\ninstrument: canteen.yaml\n{more}"
        f"answers:\n{answers}methods:\n  common: {{{methods}}}\n",
        "utf-8",
    )
    return folder / "study.yaml"


class Builder(Executor):
    """Puts a small report in its place instead of executing a notebook."""

    def __init__(self, status: str = "made", watch: Callable[[], Any] | None = None) -> None:
        self.status, self.watch, self.seen = status, watch, list[Any]()

    def submit(self, fn: Any, /, job: Job, *_: Any, **__: Any) -> Future[Outcome]:  # type: ignore[override]
        future: Future[Outcome] = Future()
        self.seen.append(self.watch() if self.watch else None)
        outputs: dict[str, str] = {}
        if self.status == "made":
            folder = Path(job.final)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "report.html").write_text(f"{job.key} {job.options.release}")
            outputs = {"report.html": sha256_of(folder / "report.html")}
            manifest = {"input": job.key, "outputs": outputs, "draft": not job.options.release}
            (folder / "manifest.json").write_text(json.dumps(manifest))
        future.set_result(Outcome(self.status, outputs=outputs))
        return future


def run(path: Path, out: Path, *, release: bool = True, builder: Builder | None = None) -> pd.DataFrame:
    options = RunOptions(out=out, release=release)
    return run_study(path, options, executor=builder or Builder())


def base(path: Path, wave: str | None = None, item: str = "good") -> str:
    rows = tk.open_report(path, "acme", wave).released["shares"]
    return str(rows.loc[rows["item"] == item, "n_shown"].iloc[0])


# 1. Within a wave


@pytest.mark.parametrize(("late", "counted"), [(1, "40"), (4, "40"), (5, "45")])
def test_a_report_made_again_waits_for_five_late_answers(tmp_path: Path, late: int, counted: str) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    write_study(tmp_path, {"2026": said(range(1, 41 + late))})
    report = tk.open_report(path, "acme")
    assert base(path) == counted
    assert report.participation["answered_shown"].tolist() == [counted]
    waits = "came or changed after an earlier report was released"
    assert (waits in report.computed["staff"]["processing_and_quality"]) == (late < 5)
    assert run(path, tmp_path / "out")["status"].tolist() == ["made"], "a batch does not stop for it"


def test_a_recoded_answer_leaves_its_question_with_others(tmp_path: Path) -> None:
    people = said(range(1, 41))
    path = write_study(tmp_path, {"2026": people})
    run(path, tmp_path / "out")
    write_study(tmp_path, {"2026": people | {7: {**people[7], "good": "0"}}})
    assert base(path) == "35"
    assert base(path, item="quick") == "40"


def test_an_earlier_wave_is_compared_with_its_own_release(tmp_path: Path) -> None:
    waves = {"2025": said(range(1, 41)), "2026": said(range(101, 141))}
    path = write_study(tmp_path, waves, more="person: respondent\n")
    run_study(path, RunOptions(out=tmp_path / "out", wave="2025", release=True), executor=Builder())
    write_study(tmp_path, waves | {"2025": said(range(1, 43))}, more="person: respondent\n")
    trend = tk.open_report(path, "acme").released["trend"]
    assert trend["n_b_shown"].unique().tolist() == ["40"]


# 2. Between waves


@pytest.mark.parametrize(
    ("person", "joined", "code"),
    [
        ("respondent", 0, "exact"),
        ("respondent", 1, "at_most"),
        ("respondent", 4, "at_most"),
        ("respondent", 5, "exact"),
        ("token", 4, "at_most"),
        ("new", 1, "exact"),
        (None, 4, "at_most"),
        (None, 5, "exact"),
    ],
)
def test_a_trend_is_exact_where_enough_came_or_went(
    tmp_path: Path, person: str | None, joined: int, code: str
) -> None:
    waves = {"2025": said(range(1, 41)), "2026": said(range(1, 41 + joined))}
    path = write_study(tmp_path, waves, more=f"person: {person}\n" if person else "")
    released = tk.open_report(path, "acme").released
    trend = released["trend"]
    assert trend["shown"].all()
    assert trend["estimate_b"].isna().all() == trend["gap_least"].notna().all() == (code == "at_most")
    assert (trend["verdict_code"] == "at_most").all() == (code == "at_most")
    assert released["shares"]["shown"].all(), "this wave's own numbers stay"


@pytest.mark.parametrize(("joined", "limits"), [(2, True), (6, False)])
def test_somebody_without_a_token_may_be_anybody(tmp_path: Path, joined: int, limits: bool) -> None:
    waves = {"2025": said(range(1, 41)), "2026": said(range(1, 41 + joined))}
    path = write_study(tmp_path, waves, more="person: token\n")
    for file in tmp_path.glob("*.csv"):
        file.write_text(file.read_text().replace(";t7;", ";;").replace(";t8;", ";;"))
    assert tk.open_report(path, "acme").released["trend"]["gap_least"].notna().unique().tolist() == [limits]


def test_it_is_decided_question_by_question(tmp_path: Path) -> None:
    later = said(range(1, 49)) | {one: said([one], good="")[one] for one in range(44, 49)}
    path = write_study(tmp_path, {"2025": said(range(1, 41)), "2026": later}, more="person: respondent\n")
    trend = tk.open_report(path, "acme").released["trend"].set_index("item")["gap_least"].isna()
    assert trend.to_dict() == {"good": False, "quick": True, "cold": True, "near": True}


# 3. Releases and drafts


def test_a_release_is_recorded_before_it_is_built(tmp_path: Path) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    ledger = load_study(path).ledger
    builder = Builder(watch=lambda: [entry.kind for entry in ledger.entries()])
    assert run(path, tmp_path / "out", builder=builder)["status"].tolist() == ["made"]
    assert builder.seen == [["opened", "release"]]
    entries = ledger.entries()
    assert [entry.kind for entry in entries] == ["opened", "release", "outputs"]
    (people,) = entries[1].people
    assert (people.organisation, people.wave, len(people.ids)) == ("acme", "2026", 40)
    assert {item for item, _ in people.bases} == {"", *ITEMS}
    file = tmp_path / "out" / "canteen" / "2026" / "acme" / "report.html"
    assert entries[2].data == {"entry": 2, "outputs": {"report.html": sha256_of(file)}}
    assert run(path, tmp_path / "out")["status"].tolist() == ["unchanged"]
    ledger.withdraw(2, "never left")
    assert run(path, tmp_path / "out")["status"].tolist() == ["made"], "what is in place is recorded again"
    assert len(ledger.binding()) == 1


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_report_that_was_not_built_binds_nothing(tmp_path: Path, status: str) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out", builder=Builder(status))
    ledger = load_study(path).ledger
    assert [entry.kind for entry in ledger.entries()] == ["opened", "release", "withdrawn"]
    assert not ledger.binding()


def test_a_run_that_dies_leaves_releases_that_bind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the record and the files, as a power cut would."""
    from toolkit.reporting import batch

    path = write_study(tmp_path, {"2026": said(range(1, 41))})

    class Dead(BaseException):
        pass

    class Cut:
        @staticmethod
        def add(*_: Any) -> int:
            raise Dead

    def die(*_: Any) -> Any:
        monkeypatch.setattr("toolkit.disclosure.ledger.OpenLedger.add", Cut.add)
        raise Dead

    monkeypatch.setattr(batch, "_build", die)
    with pytest.raises(Dead):
        run(path, tmp_path / "out")
    monkeypatch.undo()
    ledger = load_study(path).ledger
    assert [entry.kind for entry in ledger.binding()] == ["release"]
    write_study(tmp_path, {"2026": said(range(1, 43))})
    assert base(path) == "40"


def test_a_draft_binds_nothing_until_it_is_promoted(tmp_path: Path) -> None:
    path, out = write_study(tmp_path, {"2026": said(range(1, 41))}), tmp_path / "out"
    run(path, out, release=False)
    ledger = load_study(path).ledger
    assert not ledger.exists
    sent = tmp_path / "sent.html"
    sent.write_bytes((out / "canteen" / "2026" / "acme" / "report.html").read_bytes())
    write_study(tmp_path, {"2026": said(range(1, 43))})
    assert base(path) == "42"
    run(path, out, release=False)
    with pytest.raises(InvalidInput) as raised:
        promote_draft(path, path, RunOptions(out=out))
    assert [problem.code for problem in raised.value.problems] == ["wrong-file"]
    promoted = promote_draft(path, sent, RunOptions(out=out))
    assert promoted.to_dict("records") == [
        {"organisation": "acme", "wave": "2026", "entry": 2, "near": False}
    ]
    assert base(path) == "40"
    again = promote_draft(path, out / "canteen" / "2026" / "acme", RunOptions(out=out))
    assert again["near"].tolist() == [True], "it has left, so it is recorded, and the leak is said"
    draft = (out / "canteen" / "2026" / "_batch" / "drafts.jsonl").read_text()
    assert "staff" in draft
    assert '"t1"' not in draft


def test_a_release_goes_to_a_ledger_in_a_store(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    address = f"memory://{tmp_path.name}/ledger"
    path = write_study(tmp_path, {"2026": said(range(1, 41))}, more=f"ledger: {address}\nrelease: true\n")
    run(path, tmp_path / "out", release=False)
    assert [entry.kind for entry in load_study(path).ledger.entries()] == ["opened", "release", "outputs"]


# 4. What is found


def codes(raised: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


def test_a_lowered_policy_is_refused_and_a_draft_keeps_the_stricter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = {"2026": said(range(1, 41))}
    path = write_study(tmp_path, people, more="policy: {threshold: 7}\n")
    run(path, tmp_path / "out")
    write_study(tmp_path, people, more="policy: {threshold: 4}\n")
    with pytest.raises(InvalidInput) as raised:
        run(path, tmp_path / "out")
    assert codes(raised) == ["policy-changed"]
    for more, code in (("", 0), ("release: true\n", 1)):
        write_study(tmp_path, people, more="policy: {threshold: 4}\n" + more)
        assert main(["check", str(path)]) == code, "drafts are not refused"
        assert "is 4, but releases were made under 7" in "".join(capsys.readouterr())
    write_study(tmp_path, people, more="policy: {threshold: 4}\n")
    run(path, tmp_path / "drafts", release=False)
    assert main(["release", str(path), "--policy", "--reason", "the works council agreed"]) == 0
    run(path, tmp_path / "out")
    assert load_study(path).ledger.binding()[-1].policy.threshold == 7, "the strictest of the wave stays"


def test_a_lost_ledger_is_found_by_what_was_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    run(path, tmp_path / "reports")
    monkeypatch.chdir(tmp_path)
    for file in tmp_path.glob("*.jsonl*"):
        file.unlink()
    with pytest.raises(InvalidInput) as raised:
        run(path, tmp_path / "out")
    assert codes(raised) == ["file-not-found"]
    assert main(["check", str(path)]) == 1
    assert "was released; restore it" in "".join(capsys.readouterr())


def test_a_key_is_not_made_where_a_ledger_needs_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import platformdirs

    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    monkeypatch.delenv("SURVEY_TOOLKIT_LEDGER_KEY", raising=False)
    monkeypatch.setattr("toolkit.disclosure.ledger._from_keyring", lambda: None)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "config")
    assert main(["release", str(path), "--list"]) == 2
    assert "If it is lost, what was released cannot be released again" in "".join(capsys.readouterr())
    assert not (tmp_path / "config").exists()


def test_a_lost_ledger_stops_drafts_too_which_would_replace_what_shows_it(tmp_path: Path) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    for file in tmp_path.glob("*.jsonl*"):
        file.unlink()
    for release in (False, True):
        with pytest.raises(InvalidInput) as raised:
            run(path, tmp_path / "out", release=release)
        assert codes(raised) == ["file-not-found"]
    run(path, tmp_path / "elsewhere", release=False)


def cut_off(folder: Path) -> None:
    path = folder / "study.releases.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def edited(folder: Path) -> None:
    path = folder / "study.releases.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"acme"', b'"acne"', 1))


def of_another_study(folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_text(path.read_text("utf-8").replace("id: canteen", "id: kitchen"), "utf-8")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut_off, "3 entries were recorded, but 2 are there"),
        (edited, "entry 2: was changed after it was recorded"),
        (of_another_study, "belongs to another study"),
        (None, "was made with another key"),
    ],
)
def test_every_command_says_what_is_wrong_with_the_ledger_and_leaves_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], None] | None,
    words: str,
) -> None:
    path, out = write_study(tmp_path, {"2026": said(range(1, 41))}), tmp_path / "out"
    run(path, out)
    folder = out / "canteen" / "2026" / "acme"
    rows = "item,audience,measure,n,n_shown,estimate,bound,shown\ngood,staff,top,40,40,0.5,,True\n"
    (folder / "results.csv").write_text(rows, "utf-8")
    if spoil is None:
        monkeypatch.setenv("SURVEY_TOOLKIT_LEDGER_KEY", "another key for the tests")
    else:
        spoil(tmp_path)
    kept = {one.name: one.read_bytes() for one in tmp_path.glob("study.releases.jsonl*")}
    for command, code in (("check", 1), ("report", 2), ("release", 2)):
        options = [] if command == "check" else ["--out", str(out)]
        assert main([command, str(path), *options]) == code, command
        assert words in "".join(capsys.readouterr()), command
    assert main(["audit", str(folder), "--study", str(path)]) == 0  # of one issue, nothing has to be compared
    assert words in capsys.readouterr().out
    assert {one.name: one.read_bytes() for one in tmp_path.glob("study.releases.jsonl*")} == kept


def test_an_organisation_that_was_renamed_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    write_study(tmp_path, {"2026": said(range(1, 43))}, organisation="apex")
    with pytest.raises(InvalidInput) as raised:
        run(path, tmp_path / "out")
    assert codes(raised) == ["unknown-organisation"]
    assert main(["check", str(path)]) == 0, "a draft may be built"
    assert "its people are now in apex; write renamed: {acme: apex}" in capsys.readouterr().out
    write_study(tmp_path, {"2026": said(range(1, 43))}, organisation="apex", more="renamed: {acme: apex}\n")
    run(path, tmp_path / "out")
    assert tk.open_report(path, "apex").participation["answered_shown"].tolist() == ["40"]


def test_no_worker_gets_the_key(tmp_path: Path) -> None:
    import pickle

    study = load_study(write_study(tmp_path, {"2026": said(range(1, 41))}))
    assert study.ledger.key
    sent: Study = pickle.loads(pickle.dumps(replace(study)))
    assert "ledger" not in sent.__dict__
    assert study.ledger.key not in pickle.dumps(study)


def test_the_command_withdraws_erases_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_study(tmp_path, {"2026": said(range(1, 41))})
    run(path, tmp_path / "out")
    for arguments, code in (
        (["--erase", "3", "--reason", "asked by letter"], 0),
        (["--erase", "3", "--reason", "again"], 2),
        (["--withdraw", "2"], 2),
        (["--withdraw", "2", "--reason", "never left"], 0),
        (["--list"], 0),
    ):
        assert main(["release", str(path), *arguments]) == code, arguments
    assert "never left" in capsys.readouterr().out
    kinds = [entry.kind for entry in load_study(path).ledger.entries()]
    assert kinds == ["opened", "release", "outputs", "erased", "withdrawn"]


def test_a_report_says_that_it_is_a_draft(tmp_path: Path) -> None:
    path, out = write_study(tmp_path, {"2026": said(range(1, 41))}), tmp_path / "out"
    folder = out / "canteen" / "2026" / "acme"
    for command, draft in (("report", True), ("release", False)):
        assert main([command, str(path), "--out", str(out), "--workers", "1"]) == 0
        assert json.loads((folder / "manifest.json").read_text())["draft"] is draft
        assert ("2026 · draft" in (folder / "report.html").read_text("utf-8")) is draft
    (line,) = (folder.parent / "_batch" / "certificates.jsonl").read_text().splitlines()
    assert json.loads(line)["certificate"]["passed"] is True
    assert not list(folder.glob("certificate*")), "it is not for the client"


def test_a_report_that_the_audit_refuses_is_not_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolkit.disclosure.auditor import Breach, Certificate
    from toolkit.reporting import job

    breach = Breach(kind="pinned", where="results.csv, row 3", what="two executives")
    refused = Certificate(False, (breach,), pd.DataFrame({"low": [], "high": []}))
    monkeypatch.setattr("toolkit.disclosure.auditor.audit_release", lambda *_, **__: refused)
    monkeypatch.setattr(job, "part_of", lambda *_: None)
    with pytest.raises(DisclosureError, match="two executives"):
        job._audited(Job("acme", "report.ipynb"), tmp_path)
