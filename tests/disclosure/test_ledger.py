"""The ledger of releases.

What it must do:
1. Two released bases of an organisation and wave differ by nobody or by at least k people on either side,
   over late answers, recodes, removals, cuts, sums of groups, separate calls and earlier names.
2. What was recorded is there after a crash at any moment; what was cut off, changed, belongs to another study
   or was made with another key is refused by a code.
3. Nothing in it says who answered what without the key.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.disclosure.test_attack import WORDS, instrument_of
from tests.examples import examples
from toolkit.disclosure import Policy
from toolkit.disclosure import ledger as module
from toolkit.disclosure.ledger import Ledger, OpenLedger, conflicts, group_text, ledger_key, stricter
from toolkit.errors import InvalidInput

KEY = b"a key for the tests only"
POLICY = Policy()
EMPLOYEES = group_text({"audience": "employee"}.items())


def k_of(item: str) -> int:
    return POLICY.threshold_for(item)


def staff(count: int, *, first: int = 1, audience: str = "employee", **answers: list[str]) -> pd.DataFrame:
    """People of one organisation and wave; `burnout` alternates unless given."""
    given = {"burnout": [str(1 + at % 2) for at in range(count)], **answers}
    return pd.DataFrame(
        {
            "respondent": [str(first + at) for at in range(count)],
            "organisation": "acme",
            "wave": "2026",
            "audience": audience,
            **given,
        }
    )


def ledger_in(folder: Path, study: str = "study", key: bytes = KEY, **options: object) -> Ledger:
    return Ledger(folder / "releases.jsonl", study, key=key, **options)  # type: ignore[arg-type]


def recorded(ledger: Ledger, frame: pd.DataFrame, policy: Policy = POLICY) -> int:
    with ledger.open() as opened:
        return opened.release([ledger.people(frame, "acme", "2026").large(k_of)], policy)


def codes(raised: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


# 1. The rule


def near(ledger: Ledger, frame: pd.DataFrame) -> set[str]:
    """Return the items of a frame that cannot be released beside what was."""
    people = ledger.people(frame, "acme", "2026").large(k_of)
    with ledger.open() as opened:
        return {item for item, _ in opened.conflicts(people, k_of)}


@pytest.mark.parametrize("late", [1, 2, 3, 4])
def test_one_to_four_late_answers_are_found_and_five_are_not(tmp_path: Path, late: int) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    assert near(ledger, staff(20 + late)) == {"", "burnout"}
    assert near(ledger, staff(20)) == set()
    assert near(ledger, staff(25)) == set()


def test_one_recoded_person_is_found_in_the_recoded_question_only(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    frame = staff(20, leave=["1"] * 20)
    recorded(ledger, frame)
    recoded = frame.assign(burnout=["2", *frame["burnout"][1:]])
    assert near(ledger, recoded) == {"burnout"}
    several = frame.assign(burnout=["3"] * 6 + list(frame["burnout"][6:]))
    assert near(ledger, several) == set()


def test_hidden_executives_are_not_given_back_by_a_second_call(tmp_path: Path) -> None:
    """54 people in one call and 50 employees in another leave the four executives."""
    ledger = ledger_in(tmp_path)
    frame = pd.concat([staff(50), staff(4, first=51, audience="executive")], ignore_index=True)
    with ledger.open() as opened:
        whole = ledger.people(frame, "acme", "2026", groups=[{}]).large(k_of)
        opened.release([whole], POLICY)
    assert near(ledger, frame) == {"", "burnout"}


def test_groups_of_a_division_count_together(tmp_path: Path) -> None:
    """8 and 9 of 20 are far from the total each, but together they leave three."""
    ledger = ledger_in(tmp_path)
    frame = staff(20).assign(sector=["a"] * 8 + ["b"] * 9 + ["c"] * 3)
    total = ledger.people(frame, "acme", "2026", groups=[{}]).large(k_of)
    with ledger.open() as opened:
        opened.release([total], POLICY)
    parts = ledger.people(
        frame, "acme", "2026", items=["burnout"], groups=[{"sector": name} for name in "abc"]
    ).large(k_of)
    assert {item for item, _ in conflicts(parts, [total], k_of)} >= {"burnout"}
    without = frame.assign(sector=["a"] * 8 + ["b"] * 12)
    parts = ledger.people(
        without, "acme", "2026", items=["burnout"], groups=[{"sector": name} for name in "ab"]
    ).large(k_of)
    assert not conflicts(parts, [total], k_of)


def test_the_same_release_again_is_near_to_nothing(tmp_path: Path) -> None:
    """Groups of two divisions cross: 10 women and the 12 of office a differ by four and six."""
    ledger = ledger_in(tmp_path)
    frame = staff(20).assign(
        sex=["f"] * 10 + ["m"] * 10, office=["a"] * 6 + ["b"] * 4 + ["a"] * 6 + ["b"] * 4
    )
    groups = [{"sex": "f"}, {"sex": "m"}, {"office": "a"}]
    people = ledger.people(frame, "acme", "2026", items=["burnout"], groups=groups).large(k_of)
    assert not conflicts(people, [people], k_of)
    women = people.publishing([base for base in people.bases if "office" not in base[1]])
    office = people.publishing([base for base in people.bases if "office" in base[1]])
    assert conflicts(office, [women], k_of), "released one after the other they are near"
    assert not conflicts(people, [women, office], k_of), "both have been released"
    recoded = frame.assign(burnout=["2", *frame["burnout"][1:]])
    again = ledger.people(recoded, "acme", "2026", items=["burnout"], groups=groups).large(k_of)
    assert conflicts(again, [people], k_of)


def test_sensitive_questions_need_seven(tmp_path: Path) -> None:
    policy = Policy(sensitive_items=("burnout",))
    ledger = ledger_in(tmp_path)
    people = ledger.people(staff(20, leave=["1"] * 20), "acme", "2026").large(policy.threshold_for)
    with ledger.open() as opened:
        opened.release([people], policy)
        later = ledger.people(staff(26, leave=["1"] * 26), "acme", "2026").large(policy.threshold_for)
        assert {item for item, _ in opened.conflicts(later, policy.threshold_for)} == {"burnout"}


def test_row_numbers_that_shifted_do_not_make_new_people(tmp_path: Path) -> None:
    """A late answer in the middle of a file without ids renumbers everybody behind it."""
    rng = np.random.default_rng(1)
    items = {
        name: rng.integers(1, 6, 21).astype(str).tolist() for name in ("burnout", "leave", "aiuse", "pay")
    }
    frame = staff(21, **items)
    before = frame.drop(index=3).reset_index(drop=True).assign(respondent=[str(at) for at in range(1, 21)])
    ledger = ledger_in(tmp_path)
    recorded(ledger, before)
    assert near(ledger, frame) == {"", "burnout", "leave", "aiuse", "pay"}
    renamed = frame.assign(respondent="export_2:" + frame["respondent"])
    assert near(ledger, renamed) == {"", "burnout", "leave", "aiuse", "pay"}


def test_an_organisation_renamed_merged_or_split_is_compared(tmp_path: Path) -> None:
    recorded(ledger_in(tmp_path), staff(20))
    late = staff(21)
    for renamed, found in (
        ({}, False),
        ({"acme": ("apex",)}, True),
        ({"acme": ("x",), "x": ("apex", "y")}, True),
    ):
        ledger = ledger_in(tmp_path, renamed=renamed)
        people = ledger.people(late, "apex", "2026").large(k_of)
        with ledger.open() as opened:
            assert bool(opened.conflicts(people, k_of)) == found


# Keeping to the people of the first release


def kept(ledger: Ledger, frame: pd.DataFrame) -> pd.DataFrame:
    found = ledger.keep(frame, POLICY)
    assert not found.held
    assert not near(ledger, found.frame)
    return found.frame


@pytest.mark.parametrize(("late", "counted"), [(0, 20), (1, 20), (4, 20), (5, 25), (9, 29)])
def test_the_first_people_are_kept_until_five_more_have_come(tmp_path: Path, late: int, counted: int) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    assert len(kept(ledger, staff(20 + late))) == counted
    assert ledger.keep(staff(20 + late), POLICY).late == ({"employee"} if 0 < late < 5 else set())


@pytest.mark.parametrize(("agree", "counted"), [(0, 20), (1, 20), (2, 28), (6, 28), (7, 20), (8, 20)])
def test_late_answers_wait_while_nearly_all_are_alike(tmp_path: Path, agree: int, counted: int) -> None:
    """Less the first report, the second would say that none or all of the eight agree."""
    ledger = ledger_in(tmp_path)
    first = staff(20).astype({"burnout": pd.CategoricalDtype(["1", "2"])})
    recorded(ledger, first)
    answers = ["1", "2"] * 10 + ["1"] * agree + ["2"] * (8 - agree)
    second = staff(28, burnout=answers).astype({"burnout": pd.CategoricalDtype(["1", "2"])})
    kept = ledger.keep(second, POLICY).frame
    assert (len(kept), kept["burnout"].notna().sum()) == (28, counted)


def test_late_answers_wait_question_by_question(tmp_path: Path) -> None:
    """Five came late, but only three of them answered the routed question."""
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20, leave=["1"] * 20))
    frame = staff(25, leave=["1"] * 20 + ["2"] * 3 + [None] * 2)
    found = kept(ledger, frame)
    assert found["burnout"].notna().sum() == 25
    assert found["leave"].notna().sum() == 20


def test_a_recoded_answer_leaves_with_others(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    frame = staff(20, leave=["1"] * 20)
    recorded(ledger, frame)
    found = kept(ledger, frame.assign(burnout=["2", *frame["burnout"][1:]]))
    assert len(found) == 20
    assert found["leave"].notna().all()
    assert found["burnout"].isna().sum() == 5
    assert pd.isna(found["burnout"][0])


def test_a_person_who_went_leaves_with_others(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    assert len(kept(ledger, staff(19, first=2, burnout=list(staff(20)["burnout"][1:])))) == 15


def test_ticks_of_one_question_stay_together(tmp_path: Path) -> None:
    from toolkit.instrument import load_instrument

    root = Path(__file__).resolve().parents[2]
    instrument = load_instrument(root / "instruments" / "employee.yaml")
    item = next(v.item.id for v in instrument.variables if v.kind == "option")
    columns = [v.name for v in instrument.variables if v.item.id == item]
    frame = staff(20).assign(**{name: ["1"] * 20 for name in columns})
    ledger = ledger_in(tmp_path)
    recorded(ledger, frame)
    changed = frame.assign(**{columns[0]: ["0", *["1"] * 19]})
    found = ledger.keep(changed, POLICY, instrument=instrument).frame
    bases = {tuple(found[name].notna()) for name in columns}
    assert len(bases) == 1
    assert sum(bases.pop()) == 15


class Releases(RuleBasedStateMachine):
    """Releases of one organisation while people come, go and change, against a checker that knows all."""

    items = ("burnout", "leave")

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.ledger = ledger_in(Path(self.folder.name))
        self.answers: dict[str, dict[str, str | None]] = {}
        self.released: list[dict[tuple[str, str], set[tuple[str, str]]]] = []
        self.count = 0

    @initialize(people=st.integers(5, 14))
    def begin(self, people: int) -> None:
        self.come(people, "employee", "12")

    @rule(
        people=st.integers(1, 7),
        audience=st.sampled_from(["employee", "executive"]),
        pair=st.sampled_from(["12", "1-", "-2", "34"]),
    )
    def come(self, people: int, audience: str, pair: str) -> None:
        for _ in range(people):
            self.count += 1
            said = {item: None if code == "-" else code for item, code in zip(self.items, pair, strict=True)}
            self.answers[str(self.count)] = {"audience": audience, **said}

    @rule(
        which=st.lists(st.integers(0, 40), min_size=1, max_size=6),
        item=st.sampled_from(items),
        code=st.sampled_from(["1", "5", None]),
    )
    def change(self, which: list[int], item: str, code: str | None) -> None:
        for at in which:
            if str(at) in self.answers:
                self.answers[str(at)][item] = code

    @rule(which=st.lists(st.integers(0, 40), min_size=1, max_size=6))
    def go(self, which: list[int]) -> None:
        for at in which:
            self.answers.pop(str(at), None)

    @rule(which=st.integers(0, 40))
    def move(self, which: int) -> None:
        if str(which) in self.answers:
            self.answers[str(which)]["audience"] = "executive"

    @rule()
    def release(self) -> None:
        rows = [
            {"respondent": name, "organisation": "acme", "wave": "2026", **said}
            for name, said in self.answers.items()
        ]
        frame = pd.DataFrame(rows, columns=["respondent", "organisation", "wave", "audience", *self.items])
        found = self.ledger.keep(frame, POLICY)
        people = self.ledger.people(found.frame, "acme", "2026").large(k_of)
        people = people.publishing(
            base for base in people.bases if (base[0], json.loads(base[1])[0][1]) not in found.held
        )
        with self.ledger.open() as opened:
            assert not opened.conflicts(people, k_of)
            opened.release([people], POLICY)
        bases = {}
        for audience, rows_ in found.frame.groupby("audience"):
            for item in ("", *self.items):
                who = {
                    (name, str(said))
                    for name, said in zip(
                        rows_["respondent"], rows_[item] if item else [""] * len(rows_), strict=True
                    )
                    if item == "" or pd.notna(said)
                }
                if len(who) >= 5 and (item, audience) not in found.held:
                    bases[(item, str(audience))] = who
        self.released.append(bases)

    @invariant()
    def no_two_bases_are_near(self) -> None:
        if not self.released:
            return
        new = self.released[-1]
        for old in self.released[:-1]:
            for (item, _), now in new.items():
                for (other, _), before in old.items():
                    if item == other and now & before:
                        assert not 0 < len(now - before) < 5
                        assert not 0 < len(before - now) < 5

    def teardown(self) -> None:
        self.folder.cleanup()


TestReleases = Releases.TestCase
TestReleases.settings = settings(max_examples=examples(25), stateful_step_count=10)


# Policies


def test_a_lowered_policy_is_refused_until_its_reason_is_recorded(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20), Policy(threshold=7))
    with ledger.open() as opened, pytest.raises(InvalidInput) as raised:
        opened.check_policy(Policy(threshold=4, unanimity=False))
    assert [p.where for p in raised.value.problems] == ["policy → threshold", "policy → unanimity"]
    assert codes(raised) == ["policy-changed"] * 2
    assert ledger.policy_for(Policy(), "2027").threshold == 7
    ledger.change_policy(Policy(), "the client's works council agreed")
    with ledger.open() as opened:
        opened.check_policy(Policy())
    assert ledger.policy_for(Policy(), "2027").threshold == 5
    assert ledger.policy_for(Policy(), "2026").threshold == 7, "the strictest of a wave stays"
    with pytest.raises(InvalidInput) as raised:
        ledger.change_policy(Policy(), " ")
    assert codes(raised) == ["missing-argument"]


def test_stricter_takes_the_stricter_setting_of_each() -> None:
    one = Policy(threshold=4, sensitive_threshold=12, sensitive_items=("a",), unanimity=False)
    other = Policy(threshold=6, sensitive_items=("b",))
    merged = stricter(one, other)
    assert (merged.threshold, merged.sensitive_threshold, merged.unanimity) == (6, 12, True)
    assert set(merged.sensitive_items) == {"a", "b"}


# 2. What is recorded stays


def spoil(path: Path, how: str) -> None:
    head = path.with_name(path.name + ".head")
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "a line cut out":
        path.write_bytes(b"".join(lines[:1] + lines[2:]))
    elif how == "the last line cut off":
        path.write_bytes(b"".join(lines[:-1]))
    elif how == "half of the last line cut off":
        path.write_bytes(path.read_bytes()[:-40])
    elif how == "a threshold lowered":
        path.write_bytes(path.read_bytes().replace(b'"threshold": 5', b'"threshold": 4'))
    elif how == "a time changed":
        path.write_bytes(lines[0] + lines[1].replace(b"+00:00", b"+01:00", 1) + lines[2])
    elif how == "two lines swapped":
        path.write_bytes(lines[0] + lines[2] + lines[1])
    elif how == "no JSON":
        path.write_bytes(lines[0] + b"[[[\n" + lines[2])
    elif how == "nested deeply":
        path.write_bytes(lines[0] + b"[" * 200_000 + b"\n" + lines[2])
    elif how == "no head":
        head.unlink()
    elif how == "another head":
        head.write_bytes(head.read_bytes().replace(b'"entries": 3', b'"entries": 2'))
    elif how == "no ledger":
        path.unlink()


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ("a line cut out", "entry 2"),
        ("the last line cut off", "entry 3"),
        ("half of the last line cut off", "entry 3"),
        ("a threshold lowered", "entry 2"),
        ("a time changed", "entry 2"),
        ("two lines swapped", "entry 2"),
        ("no JSON", "entry 2"),
        ("nested deeply", "entry 2"),
        ("no head", ".head"),
        ("another head", ".head"),
        ("no ledger", "entry 1"),
    ],
)
def test_a_spoilt_ledger_is_refused(tmp_path: Path, how: str, where: str) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    recorded(ledger, staff(30))
    spoil(tmp_path / "releases.jsonl", how)
    for read in (ledger.entries, ledger_in(tmp_path).entries, lambda: recorded(ledger, staff(40))):
        with pytest.raises(InvalidInput) as raised:
            read()
        assert codes(raised) == ["damaged-file"]
        assert raised.value.problems[0].where.endswith(where)


def test_another_study_or_key_is_refused(tmp_path: Path) -> None:
    recorded(ledger_in(tmp_path), staff(20))
    for other, code in (
        (ledger_in(tmp_path, study="other"), "wrong-file"),
        (ledger_in(tmp_path, key=b"another key of that length"), "wrong-key"),
    ):
        with pytest.raises(InvalidInput) as raised:
            other.entries()
        assert codes(raised) == [code]


def test_the_numbers_of_releases_are_kept_for_later_audits_or_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "config")
    ledger = Ledger(tmp_path / "releases.jsonl", "mine", key=KEY)
    frame = pd.DataFrame({"respondent": ["1", "2"], "audience": "employee", "q": ["1", "2"]})
    outputs = {"results.csv": hashlib.sha256(b"item,n").hexdigest(), "report.html": "0"}
    with ledger.open() as opened:
        number = opened.release([ledger.people(frame, "acme", "2026")], Policy(), organisation="acme")
        opened.add("outputs", {"entry": number, "outputs": outputs})
    assert ledger.earlier("acme") == ([], ["entry 2, acme, wave 2026"], [])
    assert ledger.earlier("other") == ([], [], [])
    (tmp_path / "reports" / "2026" / "acme").mkdir(parents=True)
    (tmp_path / "reports" / "2026" / "acme" / "results.csv").write_bytes(b"item,n")
    assert ledger.earlier("acme", tmp_path / "reports")[0] == [tmp_path / "reports" / "2026" / "acme"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.csv").write_bytes(b"item,n,m")
    assert ledger.holds([tmp_path / "reports"])
    assert not ledger.holds([tmp_path / "reports", tmp_path / "other"])
    assert not ledger.holds([tmp_path / "config"]), "nothing lies there"
    ledger.keep_tables(b"item,n", outputs, "acme", "2026")
    (kept,), lost, _ = ledger.earlier("acme")
    assert lost == []
    assert json.loads((kept / "manifest.json").read_text())["wave"] == "2026"
    assert (kept / "results.csv").stat().st_mode & 0o077 == 0
    (kept / "results.csv").write_bytes(b"edited")
    assert ledger.earlier("acme")[1], "what was edited is not what left"
    with ledger.open() as opened:
        opened.release([ledger.people(frame[:1], "acme", "2027")], Policy())
    assert "notebook" in ledger.earlier("acme")[2][0]


def test_a_ledger_moves_with_its_key(tmp_path: Path) -> None:
    """Between two consultants' machines: the two files and the key are all there is."""
    recorded(ledger_in(tmp_path), staff(20))
    there = tmp_path / "there"
    there.mkdir()
    for name in ("releases.jsonl", "releases.jsonl.head"):
        (there / name).write_bytes((tmp_path / name).read_bytes())
    assert near(ledger_in(there), staff(21)) == {"", "burnout"}


def test_what_a_crash_leaves_is_harmless(tmp_path: Path) -> None:
    """A head that is behind, and a line that was cut off before the head named it."""
    ledger, path = ledger_in(tmp_path), tmp_path / "releases.jsonl"
    recorded(ledger, staff(20))
    head = (tmp_path / "releases.jsonl.head").read_bytes()
    recorded(ledger, staff(30))
    whole = path.read_bytes()
    (tmp_path / "releases.jsonl.head").write_bytes(head)
    assert len(ledger_in(tmp_path).entries()) == 3
    for cut in range(1, len(whole.splitlines()[-1]), 997):
        path.write_bytes(whole[:-cut])
        (tmp_path / "releases.jsonl.head").write_bytes(head)
        again = ledger_in(tmp_path)
        assert len(again.entries()) == 2
        assert recorded(again, staff(30)) == 3
        assert [entry.kind for entry in ledger_in(tmp_path).entries()] == ["opened", "release", "release"]


KILLED = """
import os, random, signal, sys
import pandas as pd
from toolkit.disclosure import Policy
from toolkit.disclosure.ledger import Ledger

folder, program = sys.argv[1], "toolkit/disclosure/ledger.py"

def frame(count):
    return pd.DataFrame({"respondent": range(count), "audience": "employee", "burnout": ["1"] * count})

def work(path, told):
    ledger = Ledger(path, "study", key=b"a key for the tests only")
    for count in (10, 20, 30, 40):
        with ledger.open() as opened:
            number = opened.release([ledger.people(frame(count), "acme", "2026")], Policy())
        os.write(told, f"{number} ".encode())

def lines_run(path, told):
    seen = [0]
    def trace(stack, event, _):
        if stack.f_code.co_filename.replace(os.sep, "/").endswith(program):
            seen[0] += event == "line"
            if seen[0] == end[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
    sys.settrace(trace)
    work(path, told)
    sys.settrace(None)
    return seen[0]

end = [-1]
null = os.open(os.devnull, os.O_WRONLY)
total = lines_run(f"{folder}/whole.jsonl", null)
for seed in range(30):
    end[0] = random.Random(seed).randrange(1, total)
    told = os.open(f"{folder}/{seed}.told", os.O_WRONLY | os.O_CREAT)
    child = os.fork()
    if not child:
        lines_run(f"{folder}/{seed}.jsonl", told)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), seed
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by fork")
def test_nothing_is_lost_by_thirty_kills(tmp_path: Path) -> None:
    """Each at another line of the program; what was reported as recorded is there, and work can go on."""
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED), encoding="utf-8")
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=600, env=environment)
    cut = 0
    for seed in range(30):
        told = [int(number) for number in (tmp_path / f"{seed}.told").read_text().split()]
        ledger = Ledger(tmp_path / f"{seed}.jsonl", "study", key=KEY)
        there = [entry.number for entry in ledger.entries() if entry.kind == "release"]
        assert there[: len(told)] == told
        assert len(there) <= len(told) + 1
        cut += len(there) < 4
        assert recorded(ledger, staff(60)) == len(ledger_in(tmp_path).study and ledger.entries())
    assert cut > 20


def test_two_releases_at_once_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", 0.0)
    ledger, other = ledger_in(tmp_path), ledger_in(tmp_path)
    with ledger.open() as opened:
        with pytest.raises(InvalidInput) as raised:
            recorded(other, staff(20))
        opened.release([ledger.people(staff(20), "acme", "2026")], POLICY)
    assert codes(raised) == ["locked"]
    assert recorded(other, staff(30)) == 3


def test_a_store_takes_a_number_once(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    address = f"memory://ledgers/{tmp_path.name}"
    ledger, other = Ledger(address, "study", key=KEY), Ledger(address, "study", key=KEY)
    assert not ledger.exists
    assert recorded(ledger, staff(20)) == 2
    late = OpenLedger(other)
    assert recorded(ledger, staff(30)) == 3
    with pytest.raises(InvalidInput) as raised:
        late.release([other.people(staff(21), "acme", "2026")], POLICY)
    assert codes(raised) == ["locked"]
    assert len(other.entries()) == 3
    with pytest.raises(InvalidInput) as raised:
        ledger.erase("1", "asked for it", waves=["2026"])
    assert codes(raised) == ["unsupported"]
    import fsspec

    system = fsspec.filesystem("memory")
    system.rm_file(f"/ledgers/{tmp_path.name}/00000003.json")
    with pytest.raises(InvalidInput) as raised:
        other.entries()
    assert codes(raised) == ["damaged-file"]


# Withdrawing and erasing


def test_a_release_is_withdrawn_only_with_a_reason(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    number = recorded(ledger, staff(20))
    for entry, reason, expected in (
        (number, "", ["missing-argument"]),
        (9, "never left", ["unknown-name"]),
        (1, "", ["missing-argument", "unknown-name"]),
    ):
        with pytest.raises(InvalidInput) as raised:
            ledger.withdraw(entry, reason)
        assert codes(raised) == expected
    ledger.withdraw(number, "never left")
    assert near(ledger, staff(21)) == set()
    assert ledger.describe()["binding"].tolist() == [False, False, False]
    with pytest.raises(InvalidInput):
        ledger.withdraw(number, "again")


def test_an_erased_person_is_in_no_entry_and_counts_as_gone(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    recorded(ledger, staff(30))
    before = ledger.entries()[1].people[0]
    assert ledger.erase("3", "asked by letter", waves=["2026"]) == 2
    entries = ledger_in(tmp_path).entries()
    assert [entry.kind for entry in entries] == ["opened", "release", "release", "erased"]
    after = entries[1].people[0]
    changed = before.ids != after.ids
    assert changed.sum() == 1
    assert (before.rows != after.rows).tolist() == changed.tolist()
    assert (before.answers["burnout"] != after.answers["burnout"]).tolist() == changed.tolist()
    rest = staff(30).drop(index=2).reset_index(drop=True)
    assert near(ledger, rest) == {"", "burnout"}
    with pytest.raises(InvalidInput) as raised:
        ledger.erase("3", "again", waves=["2026"])
    assert codes(raised) == ["unknown-name"]


def test_a_crash_while_erasing_leaves_a_ledger_that_can_be_read(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    recorded(ledger, staff(20))
    head = (tmp_path / "releases.jsonl.head").read_bytes()
    ledger.erase("3", "asked by letter", waves=["2026"])
    (tmp_path / "releases.jsonl.head").write_bytes(head)
    assert len(ledger_in(tmp_path).entries()) == 3


# 3. The key


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv(module.KEY, raising=False)
    monkeypatch.setattr(module, "_from_keyring", lambda: None)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "config")
    messages: list[str] = []
    key = ledger_key(message=messages.append)
    assert ledger_key(message=messages.append) == key
    path = tmp_path / "config" / module.KEY_FILE
    assert len(messages) == 1
    assert str(path) in messages[0]
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    with pytest.raises(InvalidInput) as raised:
        ledger_key()
    assert codes(raised) == ["wrong-key"]
    monkeypatch.setattr(module, "_from_keyring", lambda: "a key from the keyring")
    assert ledger_key() == b"a key from the keyring"
    monkeypatch.setenv(module.KEY, "a key from the environment")
    assert ledger_key() == b"a key from the environment"


def test_a_ledger_holds_no_id_and_no_answer(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    frame = staff(20, burnout=["EXHAUSTED"] * 20).assign(respondent=[f"PERSON-{at}" for at in range(20)])
    recorded(ledger, frame)
    written = (tmp_path / "releases.jsonl").read_text()
    assert "EXHAUSTED" not in written
    assert "PERSON" not in written
    people = ledger.entries()[1].people[0]
    assert len(set(people.answers["burnout"].tolist())) == 20, "equal answers have unequal hashes"


def test_forms_of_a_frame_give_the_same_hashes(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    coded = staff(3).assign(
        burnout=pd.Categorical(["1", "-3", "2"], categories=["-3", "1", "2"]), age=[30.0, np.nan, 41.0]
    )
    plain = staff(3).assign(burnout=["1", None, "2"], age=pd.array([30, None, 41], dtype="Int64"))
    one, other = (ledger.people(frame, "acme", "2026") for frame in (coded, plain))
    for item in ("burnout", "age"):
        assert one.answers[item].tolist() == other.answers[item].tolist()
    assert one.rows.tolist() == other.rows.tolist()


# Separate calls of release


def shares(frame: pd.DataFrame, by: str = "audience") -> dict[str, pd.DataFrame]:
    from toolkit.analysis import proportions

    coded = frame.assign(burnout=pd.Categorical(frame["burnout"], categories=["1", "2"]))
    options = {"by": by} if by else {}
    return {"shares": proportions(coded, "burnout", measure="1", **options)}  # type: ignore[arg-type]


def shown(
    ledger: Ledger | None, frame: pd.DataFrame, by: str = "audience", policy: Policy = POLICY
) -> list[bool]:
    from toolkit.disclosure import release

    options: dict[str, object] = (
        {"ledger": False} if ledger is None else {"ledger": ledger, "respondents": frame}
    )
    released = release(shares(frame, by), policy, **options)  # type: ignore[arg-type]
    return released["shares"]["shown"].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("late", [1, 2, 3, 4])
def test_late_answers_are_had_from_two_calls_without_a_ledger_only(tmp_path: Path, late: int) -> None:
    """The counts of both calls are printed; without a ledger their difference is the late answers."""
    from toolkit.disclosure import release

    first, second = staff(20), staff(20 + late, burnout=[str(1 + at % 2) for at in range(20)] + ["1"] * late)
    counts = []
    for frame in (first, second):
        row = release(shares(frame), POLICY, ledger=False)["shares"].iloc[0]
        counts.append(row["estimate"] * row["n"])
    assert round(counts[1] - counts[0]) == late
    ledger = ledger_in(tmp_path)
    assert shown(ledger, first) == [True]
    assert shown(ledger, second) == [False]
    assert shown(ledger, first) == [True]
    assert len(ledger.entries()) == 2, "nothing is recorded where nothing is shown, and the same twice once"
    assert shown(ledger, ledger.keep(second, POLICY).frame) == [True]


def test_two_calls_give_hidden_executives_back_without_a_ledger_only(tmp_path: Path) -> None:
    everybody = pd.concat([staff(50), staff(4, first=51, audience="executive")], ignore_index=True)
    assert shown(None, everybody, by="") == [True]
    assert sorted(shown(None, everybody)) == [False, True]
    ledger = ledger_in(tmp_path)
    assert shown(ledger, everybody, by="") == [True]
    assert shown(ledger, everybody) == [False, False]


def of_teams(**teams: tuple[int, int]) -> pd.DataFrame:
    """Team → how many agree, of how many."""
    parts = [
        staff(n, first=100 * at, burnout=["1"] * yes + ["2"] * (n - yes), team=[name] * n)
        for at, (name, (yes, n)) in enumerate(teams.items())
    ]
    return pd.concat(parts, ignore_index=True)


def merged(frame: pd.DataFrame, *teams: str) -> pd.DataFrame:
    return frame.assign(merged=frame["team"].where(~frame["team"].isin(teams), " and ".join(teams)))


def test_a_group_shown_as_a_bound_does_not_follow_from_another_call(tmp_path: Path) -> None:
    """All 12 executives agree: 32 of all 52 less 20 of the 40 others, whichever call is first."""
    frame = of_teams(lead=(12, 12), others=(20, 40))
    assert shown(None, frame, by="") + shown(None, frame, by="team") == [True, True, True]
    ledger = ledger_in(tmp_path / "total")
    assert shown(ledger, frame, by="") + shown(ledger, frame, by="team") == [True, False, False]
    ledger = ledger_in(tmp_path / "teams")
    assert shown(ledger, frame, by="team") + shown(ledger, frame, by="") == [True, True, False]


@pytest.mark.parametrize("again", [False, True])
def test_other_divisions_give_no_group_back(tmp_path: Path, again: bool) -> None:
    """All six of ops agree, so they are shown with admin; less admin alone they would follow.

    In the second issue eight more of ops have answered, so that ops may be shown alone.
    """
    ledger = ledger_in(tmp_path)
    first = of_teams(ops=(6, 6), admin=(3, 9), sales=(4, 12))
    second = pd.concat([first, staff(8, first=900, team=["ops"] * 8)], ignore_index=True) if again else first
    assert shown(ledger, merged(first, "ops", "admin"), by="merged") == [True, True]
    assert shown(ledger, second, by="team") == [False, False, True]
    assert shown(ledger, merged(first, "ops", "admin"), by="merged") == [True, True]


def test_sums_of_several_groups_are_looked_at(tmp_path: Path) -> None:
    """No two groups differ by fewer than ten, but (ab + ac + ad − everybody) / 2 are three people."""
    ledger = ledger_in(tmp_path)
    frame = of_teams(a=(1, 3), b=(5, 10), c=(5, 10), d=(5, 10))
    for pair in ("ab", "ac", "ad"):
        flag = frame["team"].map(lambda team, pair=pair: pair if team in pair else None)
        assert shown(ledger, frame.assign(flag=flag), by="flag") == [True]
    assert shown(ledger, frame, by="") == [False]


def test_bounds_leave_room_beside_a_sum_of_another_call(tmp_path: Path) -> None:
    """Two of 20 agree, and at most one of each ten: then it is one of each."""
    frame = of_teams(a=(1, 10), b=(1, 10))
    assert shown(None, frame, by="") + shown(None, frame, by="team") == [True, True, True]
    ledger = ledger_in(tmp_path)
    assert shown(ledger, frame, by="") == [True]
    assert shown(ledger, frame, by="team") == [False, False]


def test_what_gives_nothing_back_is_shown_in_further_calls(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    frame = of_teams(ops=(8, 14), admin=(3, 12), sales=(4, 12))
    frame = frame.assign(sex=["f", "m"] * 19)
    for by, count in (("team", 3), ("", 1), ("sex", 2), ("merged", 2)):
        assert shown(ledger, merged(frame, "ops", "admin"), by=by) == [True] * count, by
    other = of_teams(lead=(12, 12)).assign(respondent=[f"other {at}" for at in range(12)])
    assert shown(ledger, other, by="team") == [True], "people who are in no other release"


def test_answers_left_out_of_one_call_do_not_follow_from_another(tmp_path: Path) -> None:
    """Shares of single answers are shown of everybody; by team, one of them is nearly nobody's."""
    from toolkit.analysis import proportions
    from toolkit.disclosure import release

    frame = of_teams(ops=(4, 12), sales=(8, 20))
    answers = ["1"] * 4 + ["2"] * 8 + ["1"] * 8 + ["2"] * 6 + ["3"] * 6
    frame = frame.assign(mood=pd.Categorical(answers, ["1", "2", "3"]))
    ledger, rows = ledger_in(tmp_path), []
    for by in (None, "team"):
        shares = proportions(frame, "mood", by=by)
        rows.append(release(shares, POLICY, ledger=ledger, respondents=frame)["results"]["shown"].tolist())
    assert rows == [[True] * 3, [False] * 6]


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_boxes_in_separate_calls_do_not_give_the_middle(tmp_path: Path, first: str) -> None:
    """Six of ten agree in one call, four disagree in the other: nobody is left between."""
    from toolkit.analysis import proportions
    from toolkit.disclosure import release

    instrument = instrument_of([{"id": "mood", "scale": "agree"}], names=["employee"])
    frame = staff(10, mood=["5"] * 4 + ["4"] * 2 + ["1"] * 4)
    frame["mood"] = pd.Categorical(frame["mood"], list("12345"), ordered=True)
    ledger, found = ledger_in(tmp_path), {}
    for measure in (first, *{"top", "bottom"} - {first}):
        rows = proportions(frame, [instrument["mood"]], by="audience", measure=measure)
        released = release(rows, POLICY, instrument=instrument, ledger=ledger, respondents=frame)
        found[measure] = released["results"]["withheld_code"].tolist()
    assert found == {"top": [""], "bottom": ["rest"]}


def test_options_in_separate_calls_do_not_give_none_of_these(tmp_path: Path) -> None:
    """Six and five of twelve ticked something, which leaves one for "none of these"."""
    from toolkit.analysis import proportions
    from toolkit.disclosure import release

    options = [{"code": code, "label": WORDS, "exclusive": code == "none"} for code in ("a", "b", "none")]
    instrument = instrument_of([{"id": "ways", "type": "multi", "options": options}], names=["employee"])
    ticks = {"ways_a": "111111000000", "ways_b": "000000111110", "ways_none": "000000000001"}
    frame = staff(12, **{name: list(ticked) for name, ticked in ticks.items()})
    frame = frame.astype({name: pd.CategoricalDtype(["0", "1"]) for name in ticks})
    ledger, shown = ledger_in(tmp_path), []
    for names in (("ways_a", "ways_b"), ("ways_none",)):
        rows = proportions(frame, [instrument[name] for name in names], by="audience", measure="top")
        released = release(rows, POLICY, instrument=instrument, ledger=ledger, respondents=frame)
        shown += released["results"]["shown"].tolist()
    assert shown == [True, True, False]


def test_a_policy_lowered_afterwards_prints_nothing(tmp_path: Path) -> None:
    few = pd.concat([staff(20), staff(4, first=51, audience="executive")], ignore_index=True)
    assert sorted(shown(None, few)) == [False, True]
    assert shown(None, few, policy=Policy(threshold=4)) == [True, True]
    ledger = ledger_in(tmp_path)
    shown(ledger, few)
    with pytest.raises(InvalidInput) as raised:
        shown(ledger, few, policy=Policy(threshold=4))
    assert codes(raised) == ["policy-changed"]
    ledger.change_policy(Policy(threshold=4), "another client")
    assert sorted(shown(ledger, few, policy=Policy(threshold=4))) == [False, True]


def test_a_release_needs_its_respondents(tmp_path: Path) -> None:
    from toolkit.disclosure import release

    ledger, frame = ledger_in(tmp_path), staff(20)
    for respondents, code in ((None, "missing-argument"), (frame.drop(columns="burnout"), "missing-column")):
        with pytest.raises(InvalidInput) as raised:
            release(shares(frame), POLICY, ledger=ledger, respondents=respondents)
        assert codes(raised) == [code]
    assert not ledger.entries()


def test_participation_is_a_base_too(tmp_path: Path) -> None:
    from toolkit.disclosure import admit, release

    ledger = ledger_in(tmp_path)
    for count, expected in ((20, "20"), (22, "not shown")):
        admitted = admit(staff(count), POLICY)
        released = release(
            {"participation": admitted.participation}, POLICY, ledger=ledger, respondents=admitted.frame
        )
        assert released["participation"]["answered_shown"].tolist() == [expected]


def test_a_call_without_a_ledger_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    from toolkit.disclosure import UnrecordedRelease, gate, release

    monkeypatch.setattr(gate, "_warned", False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        release(shares(staff(20)), POLICY, ledger=False)
        assert not caught
        release(shares(staff(20)), POLICY)
        release(shares(staff(20)), POLICY)
    assert [one.category for one in caught] == [UnrecordedRelease]
