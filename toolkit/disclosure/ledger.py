"""The ledger of releases: keyed hashes of the people in every released base, each entry chained to the last.

A report made again after one late answer gives that answer back by subtraction, and so do two calls of the
gate or a recoded person. The ledger remembers who was in what has left, so that any two released bases of an
organisation and wave differ by no one or by at least k people on either side. It holds no id and no answer,
only hashes made with a key that stays with the consultant.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from toolkit.disclosure.cells import Base, Decision, Table, three_parts, thresholds
from toolkit.disclosure.policy import Policy
from toolkit.errors import InvalidInput, Problem, ProblemCode, ToolkitError, near_names
from toolkit.instrument.model import MISSING, Instrument
from toolkit.system import owner_only, write_whole

KEY = "SURVEY_TOOLKIT_LEDGER_KEY"
"""Environment variable that holds the key."""
KEY_FILE = "ledger.key"
SERVICE = "survey-toolkit"
HEAD, LOCK = ".head", ".lock"
POOLED = "*"
"""The organisation of results about several organisations together."""
EVERYONE = ""
"""The item whose base is the group itself, as participation counts print it."""
TABLES = "results.csv"
"""The file of a report that holds all its numbers."""
LEAST_KEY = 16
WAIT = 60.0
"""Seconds to wait for another release of the study to finish recording."""

_ABOUT = frozenset(("respondent", "organisation", "wave", "audience", "source", "status"))
"""Columns of a frame that hold no answers."""
_MIX = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Masks = NDArray[np.bool_]
Threshold = Callable[[str], int]


class UnrecordedRelease(UserWarning):
    """Results were released without a ledger, so that later releases cannot be compared with them."""


# The key


def ledger_key(*, message: Callable[[str], None] | None = None, ledger: str = "") -> bytes:
    """Return the key of the ledgers: from the environment, the keyring, or the user's configuration folder.

    It is made on first use. Without it no ledger can be read or continued, and whoever has it can try ids and
    answers against a ledger: keep a copy where passwords are kept, and not beside the ledger.

    Parameters
    ----------
    message
        Called with where a new key was written.
    ledger
        An existing ledger that it is needed for: no key is made then, because none but its own would do.

    Raises
    ------
    InvalidInput
        The key is too short, or its file cannot be read or written.
    """
    given, where = os.environ.get(KEY), f"environment variable {KEY}"
    if given is None:
        given, where = _from_keyring(), f"keyring entry {SERVICE}, ledger"
    if given is None:
        import platformdirs
        from filelock import FileLock

        path = platformdirs.user_config_path(SERVICE, appauthor=False) / KEY_FILE
        where = str(path)
        try:
            if not path.is_file() and ledger:
                hint = (
                    f"copy it from where the ledger was made: {KEY}, the keyring, or {KEY_FILE}. If it is "
                    "lost, what was released cannot be released again; for later waves name a new file under "
                    "`ledger`"
                )
                raise InvalidInput(
                    "ledger", [Problem("wrong-key", where, f"not found, the key of {ledger}", hint)]
                )
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with FileLock(path.with_name(KEY_FILE + LOCK), timeout=WAIT):
                    if not path.is_file():
                        write_whole(path, secrets.token_hex(32), private=True)
                        if message is not None:
                            message(
                                f"A key for the ledger of releases was made: {path}. Keep a copy where "
                                "passwords are kept: without it no ledger can be continued."
                            )
            given = path.read_text(encoding="ascii", errors="replace")
        except OSError as fault:
            hint = f"make the folder writable, or set {KEY}"
            raise InvalidInput(
                "ledger", [Problem("unwritable", where, f"the key cannot be kept: {fault.strerror}", hint)]
            ) from fault
    if len(given.strip()) < LEAST_KEY:
        hint = "restore it from a copy; a new one can be made with: openssl rand -hex 32"
        what = f"the key has fewer than {LEAST_KEY} characters"
        raise InvalidInput("ledger", [Problem("wrong-key", where, what, hint)])
    return given.strip().encode()


def _from_keyring() -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, "ledger")
    except KeyringError:
        return None  # a machine without one


# People: the respondents of an organisation and wave, as hashes


@dataclass(frozen=True, eq=False)
class People:
    """Respondents of one organisation and wave as keyed hashes, and the bases that are released of them.

    Parameters
    ----------
    ids, rows
        Per respondent: hash of the id, and of all answers. Where ids occur beside other answers than before
        (row numbers that shifted, a renamed file), the rule must hold for people known by their answers too.
    answers
        Item → hash of each respondent's answer with the id; 0 where there is none.
    groups
        Group, as `group_text` writes it → who belongs to it.
    bases
        (item, group) of every base that is released.
    labels
        Item → answers whose shares are released, codes joined by a space; of an item not listed, any.
    """

    organisation: str
    wave: str
    ids: Hashes
    rows: Hashes
    answers: Mapping[str, NDArray[np.uint32]]
    groups: Mapping[str, Mask]
    bases: frozenset[tuple[str, str]] = frozenset()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def elements(self, item: str, by: str) -> Hashes:
        """Return a hash of who answered and what, per respondent."""
        if by == "rows":  # they hold the answer, and its own hash is made with the id
            return _numbered(self.rows)
        return self.ids ^ (self.answers[item].astype(np.uint64) * _MIX)

    def answered(self, item: str, group: str) -> Mask:
        """Return who of a group answered an item."""
        found: Mask = self.groups[group] & (self.answers[item] != 0)
        return found

    def aligned_with(self, other: People) -> tuple[str, ...]:
        """Return what identifies the same people in both: the ids, and answers too if ids seem to shift."""
        both = np.intersect1d(self.ids ^ (self.rows * _MIX), other.ids ^ (other.rows * _MIX)).size
        alike = np.intersect1d(_numbered(self.rows), _numbered(other.rows)).size
        return ("ids", "rows") if alike > both else ("ids",)

    def publishing(self, bases: Iterable[tuple[str, str]]) -> People:
        """Return the same people with other released bases, and only the items those need."""
        kept = frozenset(bases)
        items = {item for item, _ in kept}
        groups = {group for _, group in kept}
        return replace(
            self,
            answers={item: given for item, given in self.answers.items() if item in items},
            groups={group: mask for group, mask in self.groups.items() if group in groups},
            labels={item: found for item, found in self.labels.items() if item in items},
            bases=kept,
        )

    def large(self, threshold: Threshold) -> People:
        """Return the same people with every base that is large enough to be shown."""
        return self.publishing(
            (item, group)
            for item in self.answers
            for group in self.groups
            if self.answered(item, group).sum() >= threshold(item)
        )

    def to_data(self) -> dict[str, Any]:
        """Return the part that a ledger entry stores."""
        matrix = np.column_stack(list(self.answers.values()) or [np.zeros((len(self.ids), 0), np.uint32)])
        by_group: dict[str, list[str]] = {}
        for item, group in sorted(self.bases):
            by_group.setdefault(group, []).append(item)
        return {
            "organisation": self.organisation,
            "wave": self.wave,
            "ids": _packed(self.ids, "<u8"),
            "rows": _packed(self.rows, "<u8"),
            "items": list(self.answers),
            "answers": _packed(matrix, "<u4"),
            "groups": {name: _packed(mask, "u1") for name, mask in self.groups.items()},
            "bases": by_group,
            **({"labels": dict(self.labels)} if self.labels else {}),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> People:
        """Read what `to_data` made."""
        ids = _unpacked(data["ids"], "<u8").astype(np.uint64)
        matrix = _unpacked(data["answers"], "<u4").astype(np.uint32).reshape(len(ids), len(data["items"]))
        return cls(
            data["organisation"],
            data["wave"],
            ids,
            _unpacked(data["rows"], "<u8").astype(np.uint64),
            {item: matrix[:, at] for at, item in enumerate(data["items"])},
            {name: _unpacked(packed, "u1").astype(bool) for name, packed in data["groups"].items()},
            frozenset((item, group) for group, items in data["bases"].items() for item in items),
            {item: tuple(labels) for item, labels in data.get("labels", {}).items()},
        )


def _numbered(rows: Hashes) -> Hashes:
    """Distinguish rows with the same answers by their number among them."""
    if len(np.unique(rows)) == len(rows):
        return rows
    again = pd.Series(rows).groupby(rows).cumcount().to_numpy(np.uint64)
    found: Hashes = rows ^ (again * _MIX)
    return found


def _packed(values: NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(dtype).tobytes()).decode()


def _unpacked(text: str, dtype: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def group_text(group: Iterable[tuple[str, str]]) -> str:
    """Write a group's (column, value) pairs as one text.

    Examples
    --------
    >>> group_text({"audience": "employee"}.items())
    '[["audience", "employee"]]'
    """
    return json.dumps(sorted([column, value] for column, value in group), ensure_ascii=False)


def conflicts(
    new: People, earlier: Sequence[People], threshold: Threshold
) -> dict[tuple[str, str], tuple[int, int]]:
    """Find the bases that differ from a released one by one to k − 1 people.

    All groups of a division together count as a base too: they are their sum. A base with exactly the
    people and answers of a released one is near to none: it was checked when that was released.

    Returns
    -------
    dict
        (item, group) → how many left and joined, of the first released base it is too near to.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    ways = [(old, by) for old in earlier for by in new.aligned_with(old)]
    for item in sorted({item for item, _ in new.bases}):
        ours, k = _with_sums(new, item), threshold(item)
        names = list(ours)
        known: set[tuple[str, ...]] = set()
        too_near: list[tuple[tuple[str, ...], int, int]] = []
        for old, by in ways:
            theirs = _with_sums(old, item)
            if not theirs or not len(old.ids):
                continue
            now, before = new.elements(item, by), old.elements(item, by)
            order = np.argsort(before)
            place = order[np.searchsorted(before, now, sorter=order).clip(max=len(order) - 1)]
            mine = np.array(list(ours.values()), dtype=np.int64)
            other = np.array(list(theirs.values()), dtype=np.int64)
            same = (mine * (before[place] == now)) @ other[:, place].T
            left, joined = other.sum(axis=1) - same, mine.sum(axis=1)[:, None] - same
            near = (same > 0) & (((left > 0) & (left < k)) | ((joined > 0) & (joined < k)))
            known |= {names[at] for at in np.flatnonzero(((left == 0) & (joined == 0)).any(axis=1))}
            too_near += [(names[at], int(left[at, of]), int(joined[at, of])) for at, of in np.argwhere(near)]
        for groups, left_by, joined_by in too_near:
            if groups not in known and not all((group,) in known for group in groups):
                for group in groups:
                    found.setdefault((item, group), (left_by, joined_by))
    return found


def _with_sums(people: People, item: str) -> dict[tuple[str, ...], Mask]:
    """Return the released bases of an item, and the sum of those that divide people by the same columns."""
    groups = sorted(group for one, group in people.bases if one == item)
    found: dict[tuple[str, ...], Mask] = {(group,): people.answered(item, group) for group in groups}
    divisions: dict[tuple[str, ...], list[str]] = {}
    for group in groups:
        divisions.setdefault(tuple(column for column, _ in json.loads(group)), []).append(group)
    for parts in divisions.values():
        if len(parts) > 1:
            found[tuple(parts)] = np.logical_or.reduce([found[(part,)] for part in parts])
    return found


_ATOMS = 12
"""Disjoint parts of released bases up to which every union of them is looked at."""


def _follow(before: Masks, now: Masks) -> Iterator[Mask]:
    """Yield the smallest sets of people that follow from released bases by addition and subtraction.

    Parameters
    ----------
    before, now
        Bases by people, of earlier releases and of this one. What follows from either alone is left out.
    """
    both = np.vstack([before, now])
    atoms, of = np.unique(both, axis=1, return_inverse=True)
    atoms = atoms.astype(float)
    size, nobody = atoms.shape[1], ~atoms.any(axis=0)
    if size <= _ATOMS:
        unions = (np.arange(1, 2**size)[:, None] >> np.arange(size)) & 1
    else:
        inside = [left * right for left in atoms for right in (*atoms, *(1 - atoms))]
        unions = np.array([*np.eye(size), *atoms, *inside], dtype=np.int64)
    unions = unions[unions.any(axis=1) & ~unions[:, nobody].any(axis=1)]

    def spanned(rows: NDArray[Any]) -> Mask:
        if not rows.size:
            return np.zeros(len(unions), bool)
        _, length, basis = np.linalg.svd(rows, full_matrices=False)
        basis = basis[length > 1e-9 * length.max()]
        found: Mask = np.linalg.norm(unions - unions @ basis.T @ basis, axis=1) < 1e-7
        return found

    new = ~spanned(atoms[: len(before)]) & ~spanned(atoms[len(before) :])
    smallest: list[NDArray[Any]] = []
    for at in sorted(np.flatnonzero(spanned(atoms)), key=lambda at: int(unions[at].sum())):
        if not any((one <= unions[at]).all() for one in smallest):
            smallest.append(unions[at])
            if new[at]:
                yield unions[at][of.ravel()].astype(bool)


def gives_back(
    new: People, earlier: Sequence[People], item: str, answers: Sequence[str], policy: Policy
) -> set[tuple[str, str]]:
    """Find the bases of an item by which, with earlier releases, something follows that may not be shown.

    It follows by adding and subtracting bases: fewer than k people, or more of whom nearly all or nearly none
    gave an answer that is printed. What is printed as a bound is not added.

    Parameters
    ----------
    answers
        Of each person; "" for none.

    Returns
    -------
    set
        (item, group): of divisions of people, one after the other, those that would give something back.
    """
    divisions: dict[tuple[str, ...], list[str]] = {}
    for group in sorted(group for one, group in new.bases if one == item):
        divisions.setdefault(tuple(column for column, _ in json.loads(group)), []).append(group)
    found: set[tuple[str, str]] = set()
    for by in sorted({by for old in earlier for by in new.aligned_with(old)}):
        mine, labels = new.elements(item, by), new.labels.get(item)
        there = [
            (old.labels.get(item), group, old.elements(item, by)[old.answered(item, group)])
            for old in earlier
            for one, group in sorted(old.bases)
            if one == item
        ]
        people = np.unique(np.concatenate([mine, *(ids for _, _, ids in there)]))
        text = np.full(len(people), None, dtype=object)
        text[np.searchsorted(people, mine)] = answers
        before: dict[bytes, _Shown] = {}
        named: dict[bytes, set[str]] = {}
        for known, group, ids in there:
            one = _Shown(np.isin(people, ids), known)
            before[one.key] = before[one.key].and_also(known) if one.key in before else one
            named.setdefault(one.key, set()).add(group)
        accepted: list[_Shown] = []
        for groups in divisions.values():
            own = {
                group: _Shown(np.isin(people, mine[new.answered(item, group)]), labels) for group in groups
            }
            fresh = [group for group, one in own.items() if not one.within(before)]
            together = [*accepted, *own.values()]
            about = np.logical_or.reduce([one.people for one in together])
            divided = any(of - own.keys() for key, of in named.items() if (before[key].people & about).any())
            beside = [one for one in before.values() if (one.people & about).any()]
            if fresh and beside and _reveals(beside, together, text, item, policy, divided=divided):
                found |= {(item, group) for group in fresh}
            else:
                accepted = together
    return found


@dataclass(frozen=True, eq=False)
class _Shown:
    """A released base: its people, and the answers whose shares are released (None: any)."""

    people: Mask
    labels: tuple[str, ...] | None

    @property
    def key(self) -> bytes:
        return self.people.tobytes()

    def and_also(self, labels: tuple[str, ...] | None) -> _Shown:
        both = None if self.labels is None or labels is None else tuple(sorted({*self.labels, *labels}))
        return _Shown(self.people, both)

    def within(self, before: Mapping[bytes, _Shown]) -> bool:
        """Return whether all of it was released before."""
        if self.key not in before:
            return False
        known = before[self.key].labels
        return known is None or set(self.labels or ()) <= set(known)

    def gives(self, label: str, every: frozenset[str]) -> bool:
        """Return whether what is released gives the share of some codes, or of all others."""
        if self.labels is None:
            return True
        codes = [frozenset(one.split(" ")) for one in self.labels]
        wanted = frozenset(label.split(" "))
        return any(
            side and frozenset().union(*(one for one in codes if one <= side)) == side
            for side in (wanted, every - wanted)
        )


def _reveals(
    before: Sequence[_Shown],
    now: Sequence[_Shown],
    answers: NDArray[Any],
    item: str,
    policy: Policy,
    *,
    divided: bool,
) -> bool:
    """Return whether released bases and new ones give something together that may not be shown.

    Parameters
    ----------
    answers
        Of each person; None for those who went or answered otherwise before.
    divided
        Whether people are divided otherwise than before, and not only others than before.
    """
    gone = np.array([one is None for one in answers])

    def near(people: Mask, label: str) -> bool:
        n, yes = int(people.sum()), int(np.isin(answers[people], label.split(" ")).sum())
        few = _few(policy, n, item)
        return not few < yes <= yes + int((people & gone).sum()) < n - few

    def rows(sets: Iterable[_Shown]) -> Masks:
        return np.array([one.people for one in sets], dtype=bool).reshape(-1, len(answers))

    k = policy.threshold_for(item)
    if any(part.sum() < k for part in _follow(rows(before), rows(now))):
        return True
    labels = sorted({label for one in (*before, *now) for label in one.labels or ()})
    every = frozenset(code for label in (*labels, *answers) for code in (label or "").split(" ")) - {""}
    bounded = [
        (one, label)
        for one in (*before, *now)
        for label in labels
        if label and one.gives(label, every) and not (one.people & gone).any() and near(one.people, label)
    ]
    if divided and len(every) > 2 and any(" " not in label for _, label in bounded):
        return True  # what is left of a distribution is the sum of its hidden answers
    for label in labels:
        exact = (
            rows(one for one in sets if one.gives(label, every) and (one, label) not in bounded)
            for sets in (before, now)
        )
        for part in _follow(*exact):
            if near(part, label) if label else divided:
                return True
        known = [
            one.people for one in (*before, *now) if one.gives(label, every) and not (one.people & gone).any()
        ]
        if any(of == label for _, of in bounded):
            said = np.isin(answers, label.split(" "))
            if _narrowed(np.array(known), said, item, policy):
                return True
    return False


def _few(policy: Policy, n: int, item: str) -> int:
    """Return the most people of n whose answer is shown as a bound."""
    return math.floor(policy.unanimity_bounds(n, item)[0] * n + 1e-9)


def _narrowed(sets: Masks, said: Mask, item: str, policy: Policy) -> bool:
    """Return whether overlapping bases leave the count of a bounded one less than the policy's room."""
    from scipy.optimize import LinearConstraint, milp

    atoms, of = np.unique(sets, axis=1, return_inverse=True)
    size = np.bincount(of.ravel(), minlength=atoms.shape[1])
    few = [_few(policy, int(n), item) for n in sets.sum(axis=1)]
    true, n = (sets & said).sum(axis=1), sets.sum(axis=1)
    low = np.where(true <= few, 0, np.where(true >= n - few, n - few, true))
    high = np.where(true >= n - few, n, np.where(true <= few, few, true))
    given = LinearConstraint(atoms.astype(float), low, high)

    def least(goal: NDArray[Any]) -> int:
        found = milp(goal, integrality=np.ones(len(size)), bounds=(0, size), constraints=given)
        return int(np.rint(found.fun)) if found.x is not None else 0

    return any(
        -least(-row) - least(row) < policy.room_for(item)
        for row, one, a, b in zip(atoms.astype(float), sets, low, high, strict=True)
        if a < b
    )


# Policies


def stricter(one: Policy, other: Policy) -> Policy:
    """Return the stricter setting of each of two policies.

    A setting that has no order keeps the value of `other`.

    Examples
    --------
    >>> stricter(Policy(threshold=5, sensitive_items=("leave",)), Policy(threshold=7)).threshold
    7
    """
    merged: dict[str, Any] = {}
    for name in type(one).model_fields:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, tuple) and isinstance(b, tuple):
            merged[name] = tuple(dict.fromkeys((*b, *a)))
        elif isinstance(a, bool | int | float) and isinstance(b, bool | int | float):
            merged[name] = max(a, b)
        else:
            merged[name] = b
    return one.model_copy(update=merged)


# Entries, as lines of a file or objects of a store


@dataclass(frozen=True)
class Entry:
    """One entry of a ledger.

    Parameters
    ----------
    number
        From 1, without gaps.
    kind
        "opened", "release", "outputs", "withdrawn", "policy" or "erased".
    at
        When it was made, in UTC.
    data
        Text of the note.
    mac
        Its keyed hash, made with that of the entry before.
    """

    number: int
    kind: str
    at: str
    data: Mapping[str, Any] = field(repr=False)
    mac: str = field(repr=False)

    @property
    def people(self) -> tuple[People, ...]:
        """The people of the bases it released."""
        return tuple(People.from_data(one) for one in self.data.get("people", ()))

    @property
    def policy(self) -> Policy:
        """The policy it released under."""
        known = {name: value for name, value in self.data["policy"].items() if name in Policy.model_fields}
        return Policy.model_validate(known)


class _Lines:
    """Entries as lines of a local file, with the number and the hash of the last one in a file beside it."""

    def __init__(self, path: Path) -> None:
        self.path, self.head_path = path, path.with_name(path.name + HEAD)

    @contextmanager
    def locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path.with_name(self.path.name + LOCK), timeout=WAIT, mode=0o600)
            with lock:
                yield
        except Timeout:
            hint = "wait until it has finished"
            problem = Problem("locked", str(self.path), "another release is being recorded", hint)
            raise InvalidInput("ledger", [problem]) from None
        except OSError as fault:
            hint = "give yourself the right to write there, or name another place under `ledger`"
            problem = Problem("unwritable", str(self.path), f"cannot be written: {fault.strerror}", hint)
            raise InvalidInput("ledger", [problem]) from fault

    def read(self) -> tuple[list[bytes], bytes, bytes]:
        """Return complete lines, what follows the last of them, and the head."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        *lines, rest = content.split(b"\n")
        return lines, rest, self.head_path.read_bytes() if self.head_path.is_file() else b""

    def append(self, lines: Mapping[int, bytes], head: bytes) -> None:
        """Write lines to the disk, then the head: a crash between the two leaves a head that is behind."""
        with open(self.path, "a+b", opener=owner_only) as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a line that a crash cut off was never recorded
                    file.truncate(self.path.read_bytes().rfind(b"\n") + 1)
            file.write(b"".join(line + b"\n" for line in lines.values()))
            file.flush()
            os.fsync(file.fileno())
        _onto_disk(self.head_path, head)

    def replace(self, lines: Sequence[bytes], head: bytes) -> None:
        """Write all entries anew; `_rewritten` recognises a crash before the head."""
        _onto_disk(self.path, b"".join(line + b"\n" for line in lines))
        _onto_disk(self.head_path, head)


def _onto_disk(path: Path, content: bytes) -> None:
    """Replace a file by one that is on the disk, readable by its owner only."""
    staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


class _Objects:
    """Entries as objects of a store, made only where no object of that number exists yet."""

    def __init__(self, address: str) -> None:
        try:
            import fsspec  # type: ignore[import-untyped]

            self.system, path = fsspec.url_to_fs(address, use_listings_cache=False)
        except ImportError as fault:
            hint = "pip install 'survey-research-toolkit[cluster]'"
            raise ToolkitError(f"the ledger {address} needs {fault.name or 'fsspec'}: {hint}") from None
        self.root = str(path).rstrip("/")

    @contextmanager
    def locked(self) -> Iterator[None]:
        yield  # `append` refuses a number that is taken

    def read(self) -> tuple[list[bytes], bytes, bytes]:
        self.system.invalidate_cache()
        try:
            found = sorted(str(path) for path in self.system.find(self.root))
        except FileNotFoundError:
            found = []
        contents = self.system.cat(found) if found else {}
        named = {path.rpartition("/")[2]: data for path, data in contents.items()} if found else {}
        head = named.pop("head", b"")
        return [named[name] for name in sorted(named)], b"", head

    def append(self, lines: Mapping[int, bytes], head: bytes) -> None:
        for number, line in lines.items():
            self.system.pipe_file(f"{self.root}/{number:08}.json", line, mode="create")
        self.system.pipe_file(f"{self.root}/head", head)

    def replace(self, lines: Sequence[bytes], head: bytes) -> None:
        hint = "copy it to a folder, name that under `ledger`, erase there, and copy it back"
        what = "entries in a store cannot be rewritten all at once"
        raise InvalidInput("ledger", [Problem("unsupported", self.root, what, hint)])


@dataclass(frozen=True)
class Kept:
    """Respondents as they may be reported beside what has been released.

    Parameters
    ----------
    frame
        The respondents: rows that came too late are left out, single answers that would give a person's away
        are missing.
    late
        Audiences of which fewer than k people's answers came, changed or went since the release.
    held
        (item, audience) that cannot be shown beside the release.
    """

    frame: pd.DataFrame
    late: frozenset[str] = frozenset()
    held: frozenset[tuple[str, str]] = frozenset()


class Ledger:
    """The ledger of one study's releases.

    Parameters
    ----------
    address
        A file, or an address that fsspec knows (then a folder of objects).
    study
        The study's id.
    key
        Of the hashes; None for `ledger_key`, looked up when it is first needed.
    renamed
        Organisation → the one or more that it has become.
    person
        Takes wave and respondent, and returns what identifies the person in every wave, or "".

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> ledger = Ledger(f"{folder.name}/releases.jsonl", "mine", key=b"a key of your own")
    >>> frame = pd.DataFrame({"respondent": ["1", "2"], "audience": "employee", "burnout": ["1", "2"]})
    >>> with ledger.open() as opened:
    ...     opened.release([ledger.people(frame, "org-1", "2026")], Policy())
    2
    >>> [entry.kind for entry in ledger.entries()]
    ['opened', 'release']
    >>> folder.cleanup()
    """

    def __init__(
        self,
        address: str | Path,
        study: str,
        *,
        key: bytes | None = None,
        renamed: Mapping[str, Sequence[str]] | None = None,
        person: Callable[[str, str], str] | None = None,
    ) -> None:
        self.address, self.study, self.renamed = str(address), study, dict(renamed or {})
        self._person, self._given = person, key
        self._cached: tuple[tuple[int, str], tuple[Entry, ...]] | None = None
        self.message: Callable[[str], None] | None = None

    @property
    def key(self) -> bytes:
        """The key, made where there is none yet."""
        if self._given is None:
            self._given = ledger_key(message=self.message, ledger=self.address if self.exists else "")
        return self._given

    @property
    def _place(self) -> _Lines | _Objects:
        return _Objects(self.address) if "://" in self.address else _Lines(Path(self.address))

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded."""
        lines, rest, head = self._place.read()
        return bool(lines or rest or head)

    def _mac(self, *parts: object) -> str:
        return hmac.new(self.key, "\0".join(map(str, parts)).encode(), "sha256").hexdigest()

    # --- reading

    def entries(self) -> tuple[Entry, ...]:
        """Read the ledger, and check that it was neither cut off nor changed.

        Raises
        ------
        InvalidInput
            It is damaged, edited or cut off, belongs to another study, or was made with another key.
        """
        lines, rest, head = self._place.read()
        if not (lines or rest or head):
            return ()
        seen = (len(lines), self._mac(head, lines[-1] if lines else b""))
        if self._cached is None or self._cached[0] != seen:
            self._cached = (seen, self._checked(lines, head))
        return self._cached[1]

    def _checked(self, lines: Sequence[bytes], head: bytes) -> tuple[Entry, ...]:
        restore = "restore the ledger and its head from a copy made together"
        found: list[Entry] = []
        for number, line in enumerate(lines, start=1):
            where = f"{self.address}, entry {number}"
            try:
                raw = json.loads(line)
                entry = Entry(number, raw["kind"], raw["at"], raw["data"], raw["mac"])
                before = raw["before"]
            except (ValueError, KeyError, TypeError, RecursionError):
                self._refuse("damaged-file", where, "is not a complete entry", restore)
            if number == 1:
                self._check_first(entry, raw.get("key"))
            previous = found[-1].mac if found else ""
            if before != previous or not hmac.compare_digest(entry.mac, self._signed(entry, previous)):
                what = "was changed after it was recorded, or does not follow the one before"
                self._refuse("damaged-file", where, what, restore)
            found.append(entry)
        try:
            stored: dict[str, Any] = json.loads(head) if head else {"entries": 0, "mac": "", "sign": ""}
            count, mac = int(stored["entries"]), str(stored["mac"])
            genuine = not head or hmac.compare_digest(stored["sign"], self._mac("head", count, mac))
        except (ValueError, KeyError, TypeError):
            count, mac, genuine = 0, "", False
        where = f"{self.address}{HEAD}"
        if not genuine or (not head and len(found) > 1):
            self._refuse("damaged-file", where, "is missing or was changed", restore)
        if count > len(found):
            what = f"{count} entries were recorded, but {len(found)} are there"
            self._refuse("damaged-file", f"{self.address}, entry {len(found) + 1}", what, restore)
        if count and found[count - 1].mac != mac and not self._rewritten(found, mac):
            self._refuse("damaged-file", where, "belongs to other entries", restore)
        return tuple(found)

    def _check_first(self, entry: Entry, fingerprint: object) -> None:
        if fingerprint != self._mac("key")[:16]:
            hint = f"copy the key from the machine it was made on: {KEY}, the keyring, or its file {KEY_FILE}"
            self._refuse("wrong-key", self.address, "was made with another key", hint)
        if entry.kind != "opened" or entry.data.get("study") != self.study:
            what = f"belongs to another study: {entry.data.get('study')!r}, not {self.study!r}"
            self._refuse("wrong-file", self.address, what, "name this study's own ledger under `ledger`")

    @staticmethod
    def _rewritten(found: Sequence[Entry], mac: str) -> bool:
        """Return whether an erasure was cut off between the entries and their head."""
        return any(entry.kind == "erased" and entry.data["after"] == mac for entry in found)

    @staticmethod
    def _refuse(code: ProblemCode, where: str, what: str, hint: str) -> None:
        raise InvalidInput("ledger", [Problem(code, where, what, hint)])

    def _signed(self, entry: Entry, before: str) -> str:
        text = json.dumps(entry.data, sort_keys=True, ensure_ascii=False)
        return self._mac("entry", before, entry.number, entry.kind, entry.at, text)

    def _line(self, entry: Entry, before: str) -> bytes:
        raw = {
            "entry": entry.number,
            "kind": entry.kind,
            "at": entry.at,
            "data": entry.data,
            "before": before,
            "mac": entry.mac,
        }
        if entry.number == 1:
            raw["key"] = self._mac("key")[:16]
        return json.dumps(raw, ensure_ascii=False).encode()

    def _head(self, number: int, mac: str) -> bytes:
        head = {"entries": number, "mac": mac, "sign": self._mac("head", number, mac)}
        return json.dumps(head).encode()

    def binding(self) -> tuple[Entry, ...]:
        """Return the releases that were not withdrawn."""
        entries = self.entries()
        gone = {entry.data["entry"] for entry in entries if entry.kind == "withdrawn"}
        return tuple(entry for entry in entries if entry.kind == "release" and entry.number not in gone)

    def _names(self, organisation: str) -> set[str]:
        """Return an organisation's name and those it had before."""
        names = {organisation}
        while more := {old for old, new in self.renamed.items() if names.intersection(new)} - names:
            names |= more
        return names

    def released(self, organisation: str, wave: str, binding: Sequence[Entry] | None = None) -> list[People]:
        """Return the people released of an organisation's wave, latest first, under its earlier names too."""
        names = self._names(organisation)
        return [
            People.from_data(one)
            for entry in reversed(self.binding() if binding is None else binding)
            for one in entry.data["people"]
            if one["wave"] == wave and one["organisation"] in names
        ]

    def keep_tables(self, tables: bytes, outputs: Mapping[str, str], organisation: str, wave: str) -> None:
        """Keep the numbers that were released, for later audits: privately, beside the key.

        Parameters
        ----------
        tables
            results.csv.
        outputs
            The hashes that are recorded of the release.
        """
        from toolkit.system import write_files

        folder = self._kept(outputs[TABLES])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = json.dumps({"organisation": organisation, "wave": wave, "outputs": dict(outputs)})
        write_files(folder, {TABLES: tables, "manifest.json": told}, private=True)

    def _kept(self, hashed: str) -> Path:
        import platformdirs

        return platformdirs.user_config_path(SERVICE, appauthor=False) / "released" / self.study / hashed

    def earlier(
        self, organisation: str, reports: Path | None = None, binding: Sequence[Entry] | None = None
    ) -> tuple[list[Path], list[str], list[str]]:
        """Return folders with the numbers of an organisation's binding releases, those not found, and notes.

        Parameters
        ----------
        reports
            A folder of waves, in which released reports may still be.
        """
        names, outputs = self._names(organisation), {}
        for entry in self.entries():
            if entry.kind == "outputs":
                outputs[entry.data["entry"]] = entry.data["outputs"]
        folders, lost, notes = list[Path](), list[str](), list[str]()
        for entry in self.binding() if binding is None else binding:
            mine = [one for one in entry.data["people"] if one["organisation"] in names]
            hashed = outputs.get(entry.number, {}).get(TABLES)
            if not mine or (entry.number in outputs and hashed is None):
                continue  # another's, or a notice without numbers
            places = [] if hashed is None else [self._kept(hashed)]
            if reports is not None and hashed is not None:
                places += [path.parent for path in reports.glob(f"*/{organisation}/{TABLES}")]
            same = (one for one in places if (one / TABLES).is_file() and _sha256(one / TABLES) == hashed)
            if (found := next(same, None)) is not None:
                folders += [found] if found not in folders else []
                continue
            label = f"entry {entry.number}, {mine[0]['organisation']}, wave {mine[0]['wave']}"
            if "organisation" in entry.data or "promoted" in entry.data:
                lost.append(label)
            else:
                notes.append(f"{label}: released from a notebook, whose numbers are unknown")
        return folders, lost, notes

    def holds(self, folders: Iterable[str | Path]) -> bool:
        """Return whether the numbers in all folders are those of binding releases of a report."""
        binding = {entry.number for entry in self.binding()}
        made = (one.data for one in self.entries() if one.kind == "outputs")
        hashed = {one["outputs"].get(TABLES) for one in made if one["entry"] in binding}
        tables = [list(Path(folder).rglob(TABLES)) for folder in folders]
        return all(found and {_sha256(path) for path in found} <= hashed for found in tables)

    def policy_for(self, policy: Policy, wave: str) -> Policy:
        """Return a policy no weaker than any the wave was released under, nor than the one that is locked."""
        for entry in self.binding():
            if any(one["wave"] == wave for one in entry.data["people"]):
                policy = stricter(policy, entry.policy)
        locked = self.locked_policy()
        return policy if locked is None else stricter(policy, locked)

    def locked_policy(self) -> Policy | None:
        """Return the policy of the latest release; None where a reason for another was recorded since."""
        binding = self.binding()
        changed = max((entry.number for entry in self.entries() if entry.kind == "policy"), default=0)
        return binding[-1].policy if binding and binding[-1].number > changed else None

    # --- people

    def people(
        self,
        frame: pd.DataFrame,
        organisation: str,
        wave: str,
        *,
        groups: Iterable[Mapping[str, str]] | None = None,
        items: Iterable[str] | None = None,
    ) -> People:
        """Hash the respondents of one organisation and wave.

        Parameters
        ----------
        frame
            One row per respondent.
        groups
            Column → value; None for every audience.
        items
            Columns of answers; None for all.
        """
        columns = [str(name) for name in frame if name not in _ABOUT]
        texts = {name: _texts(frame[name]) for name in columns}
        parts = [*texts.values(), *([frame["audience"].astype(str)] if "audience" in frame else [])]
        rows = ["\0".join((wave, *row)) for row in zip(*parts, strict=True)] if parts else [wave] * len(frame)
        who = [f"{row}\0{at}" for row, at in zip(rows, pd.Series(rows).groupby(rows).cumcount(), strict=True)]
        if "respondent" in frame:
            names = frame["respondent"].astype(str).tolist()
            who = [self._identity(wave, name) for name in names]
        keys = [hmac.digest(self.key, f"person\0{one}".encode(), "sha256") for one in who]
        wanted = columns if items is None else [item for item in items if item != EVERYONE]
        given = {
            item: np.array(
                [
                    int.from_bytes(hmac.digest(one, f"{item}\0{text}".encode(), "sha256")[:4], "little") or 1
                    if text
                    else 0
                    for one, text in zip(keys, texts[item], strict=True)
                ],
                dtype=np.uint32,
            )
            for item in wanted
        }
        if groups is None:
            present = dict.fromkeys(frame["audience"].astype(str)) if "audience" in frame else {}
            groups = [{"audience": name} for name in present]
        masks = {
            group_text(group.items()): np.logical_and.reduce(
                [
                    np.ones(len(frame), bool),
                    *(
                        (frame[c].astype("string") == v).fillna(False).to_numpy(bool)
                        for c, v in group.items()
                    ),
                ]
            )
            for group in groups
        }
        found = People(
            organisation,
            wave,
            np.array([int.from_bytes(one[:8], "little") for one in keys], dtype=np.uint64),
            np.array(
                [
                    int.from_bytes(hmac.digest(self.key, f"row\0{one}".encode(), "sha256")[:8], "little")
                    for one in rows
                ],
                dtype=np.uint64,
            ),
            {EVERYONE: np.ones(len(frame), np.uint32), **given},
            masks,
        )
        return found.publishing((item, group) for item in found.answers for group in found.groups)

    def _identity(self, wave: str, respondent: str) -> str:
        return (self._person(wave, respondent) if self._person else "") or f"{wave}\0{respondent}"

    def keep(
        self,
        frame: pd.DataFrame,
        policy: Policy,
        *,
        instrument: Instrument | None = None,
        binding: Sequence[Entry] | None = None,
        blocks: Mapping[str, str] | None = None,
    ) -> Kept:
        """Keep to the people of earlier releases until k more have come, item by item.

        Answers that came, changed or went since a release are left out where they are fewer than k, or those
        that came where nearly all or nearly none of them are alike; where fewer than k went, others are left
        out with them. So none of them can be derived by subtraction.

        Parameters
        ----------
        frame
            Respondents of one or more organisations and waves, in columns of these names.
        binding
            The releases that bind, where they were read before.
        blocks
            Column → a name shared by those that are left out together; None for the options of a question.

        Examples
        --------
        >>> kept = study.ledger.keep(study.responses("org-03"), study.policy)
        >>> kept.frame.shape == study.responses("org-03").shape
        True
        """
        if binding is None:
            binding = self.binding() if self.exists else ()
        if not binding:
            return Kept(frame)
        marked = thresholds(policy, (), instrument)
        k_of = marked.threshold_for
        if blocks is None:
            variables = () if instrument is None else instrument.variables
            blocks = {v.name: v.item.id for v in variables if v.kind == "option"}
        frame = frame.reset_index(drop=True)
        late: set[str] = set()
        held: set[tuple[str, str]] = set()
        out = np.zeros(len(frame), bool)
        for (organisation, wave), places in frame.groupby(
            ["organisation", "wave"], sort=False
        ).indices.items():
            earlier = self.released(str(organisation), str(wave), binding)
            if not earlier:
                continue
            known = {item for old in earlier for item in old.answers}
            items = [str(name) for name in frame if name in known and name not in _ABOUT]
            new = self.people(frame.iloc[places], str(organisation), str(wave), items=items)
            ways = [(old, by) for old in earlier for by in new.aligned_with(old)]
            blanks: dict[str, Mask] = {item: np.zeros(len(places), bool) for item in items}
            alike = {item: _Alike.of(frame.iloc[places], item, marked, instrument) for item in items}
            for group in new.groups:
                audience = json.loads(group)[0][1]
                start = _fitting(new, EVERYONE, group, ways, k_of(EVERYONE), new.groups[group])
                out[places[new.groups[group] & ~start]] = True
                together: dict[str, list[str]] = {}
                for item in items:
                    together.setdefault(blocks.get(item, item), []).append(item)
                for columns in together.values():
                    mask = start
                    while True:
                        before, fits = mask, True
                        for item in columns:
                            kept = _fitting(
                                new,
                                item,
                                group,
                                ways,
                                k_of(item),
                                mask & (new.answers[item] != 0),
                                alike[item],
                            )
                            fits = fits and bool(kept.any() or not (mask & (new.answers[item] != 0)).any())
                            mask = mask & (kept | (new.answers[item] == 0))
                        if not fits:
                            held |= {(item, audience) for item in columns}
                            mask = start
                        if not fits or (mask == before).all():
                            break
                    for item in columns:
                        blanks[item] |= start & ~mask & (new.answers[item] != 0)
                if (new.groups[group] & ~start).any() or any((b & start).any() for b in blanks.values()):
                    late.add(audience)
            for item, mask in blanks.items():
                if mask.any():
                    at = frame.index[places[mask]]
                    column = frame[item]
                    coded = isinstance(column.dtype, pd.CategoricalDtype) and "-3" in column.cat.categories
                    frame = frame.assign(
                        **{item: column.where(~column.index.isin(at), "-3" if coded else np.nan)}
                    )
            stays, left = places[~out[places]], new
            if len(stays) < len(places) or any(mask.any() for mask in blanks.values()):
                left = self.people(frame.iloc[stays], str(organisation), str(wave), items=items)
            left = left.large(k_of)
            for item, group in conflicts(left, earlier, k_of):
                audience = json.loads(group)[0][1]
                held.add((item, audience))
                if item == EVERYONE:
                    out[stays[left.groups[group]]] = True
        return Kept(frame[~out].reset_index(drop=True), frozenset(late), frozenset(held))

    # --- writing

    @contextmanager
    def open(self) -> Iterator[OpenLedger]:
        """Lock the ledger for one release: what is checked in here is still so when it is recorded.

        Raises
        ------
        InvalidInput
            As `entries`; another release has held it for too long.
        """
        with self._place.locked():
            yield OpenLedger(self)

    def withdraw(self, number: int, reason: str) -> None:
        """Record that a release was never sent, so that it is no longer binding.

        Raises
        ------
        InvalidInput
            There is no such release, it was withdrawn already, or no reason is given.
        """
        with self.open() as opened:
            known = [str(entry.number) for entry in self.binding()]
            problems = [] if reason.strip() else [_without_reason("a release is withdrawn")]
            if str(number) not in known:
                what = "is not a binding release"
                problems.append(
                    Problem("unknown-name", f"entry {number}", what, near_names(str(number), known))
                )
            problems += self._counted_later(number)
            if problems:
                raise InvalidInput("ledger", problems)
            opened.add("withdrawn", {"entry": number, "reason": reason.strip()})

    def _counted_later(self, number: int) -> Iterator[Problem]:
        """Yield the reports on all organisations that count a release: its people stay in them."""
        of = {entry.number: entry.data["people"] for entry in self.binding()}
        waves = {one["wave"] for one in of.get(number, ()) if one["organisation"] != POOLED}
        for later, people in of.items():
            if later > number and any(
                one["organisation"] == POOLED and one["wave"] in waves for one in people
            ):
                what, hint = (
                    f"is counted in entry {later}, on all organisations",
                    f"withdraw entry {later} first",
                )
                yield Problem("conflict", f"entry {number}", what, hint)

    def change_policy(self, policy: Policy, reason: str) -> None:
        """Record why later waves are released under another policy.

        Raises
        ------
        InvalidInput
            No reason is given.
        """
        if not reason.strip():
            raise InvalidInput("ledger", [_without_reason("the policy changes")])
        with self.open() as opened:
            opened.add("policy", {"policy": policy.model_dump(mode="json"), "reason": reason.strip()})

    def erase(self, respondent: str, reason: str, *, waves: Iterable[str] = ()) -> int:
        """Replace a person's hashes by random ones, in every entry, and record that this was done.

        The entries then show that someone was there, but not who. In later releases the person
        counts as one who left.

        Parameters
        ----------
        respondent
            The respondent's id, or the person's where the study declares one.
        waves
            In which the id counts.

        Returns
        -------
        int
            How many entries held the person.

        Raises
        ------
        InvalidInput
            No entry holds the person, or no reason is given.
        """
        if not reason.strip():
            raise InvalidInput("ledger", [_without_reason("a person is erased")])
        told = {f"\0{respondent}", *(self._identity(wave, respondent) for wave in waves)}
        hashes = np.array(
            [
                int.from_bytes(hmac.digest(self.key, f"person\0{one}".encode(), "sha256")[:8], "little")
                for one in told
            ],
            dtype=np.uint64,
        )
        place = self._place
        with place.locked():
            entries, count = list(self.entries()), 0
            for at, entry in enumerate(entries):
                parts = entry.people
                touched = [bool(np.isin(one.ids, hashes).any()) for one in parts]
                if any(touched):
                    count += 1
                    new = [_erased(one, hashes).to_data() for one in parts]
                    entries[at] = replace(entry, data={**entry.data, "people": new})
            if not count:
                hint = "give the id as the answer file writes it, and check the study"
                self._refuse("unknown-name", f"person {respondent}", "is in no release", hint)
            data = {"entries": count, "reason": reason.strip(), "after": entries[-1].mac}
            entries.append(Entry(len(entries) + 1, "erased", _now(), data, ""))
            lines, before = [], ""
            for entry in entries:
                signed = replace(entry, mac=self._signed(entry, before))
                lines.append(self._line(signed, before))
                before = signed.mac
            place.replace(lines, self._head(len(entries), before))
        return count

    def describe(self) -> pd.DataFrame:
        """List the entries: entry, kind, at, what, binding."""
        binding = {entry.number for entry in self.binding()}
        rows = [
            {
                "entry": entry.number,
                "kind": entry.kind,
                "at": entry.at,
                "what": entry.data.get("reason")
                or ", ".join(
                    dict.fromkeys(f"{p['organisation']} {p['wave']}" for p in entry.data.get("people", ()))
                ),
                "binding": entry.number in binding,
            }
            for entry in self.entries()
        ]
        return pd.DataFrame(rows, columns=["entry", "kind", "at", "what", "binding"])


class Sample:
    """Respondents that results were computed from, for the bases of `release`.

    Raises
    ------
    InvalidInput
        There are none.
    """

    def __init__(
        self,
        ledger: Ledger,
        respondents: pd.DataFrame | None,
        current: Mapping[str, str],
        instrument: Instrument | None = None,
    ) -> None:
        if respondents is None or not len(respondents):
            hint = "give the frame that the results were computed from: respondents=admitted.frame"
            problem = Problem(
                "missing-argument", "respondents", "a ledger records who was in each base", hint
            )
            raise InvalidInput("release", [problem])
        self._ledger, self._frame, self._current = ledger, respondents, current
        self._instrument = instrument
        self._found: dict[tuple[str, str], People] = {}
        self.published: list[People] = []

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves of the respondents."""
        return tuple(self._frame["wave"].astype(str).unique()) if "wave" in self._frame else ("",)

    def _place(self, base: Base) -> tuple[tuple[str, str], tuple[str, str], dict[str, str]]:
        """Return whose base it is (organisation and wave), its item and group, and the group's columns."""
        group = {column: value for column, value in base.group if column != "source"}
        where = []
        for column in ("organisation", "wave"):
            only = self._frame[column].astype(str).unique() if column in self._frame else [""]
            value = group.pop(column, None) or (self._current.get(column) if column == "wave" else None)
            where.append(value or (str(only[0]) if len(only) == 1 else POOLED))
        return (where[0], where[1]), (base.item, group_text(group.items())), group

    def whole_questions(self, tables: Sequence[Table]) -> dict[str, pd.DataFrame]:
        """Return all answers, boxes and options of the questions in tables, by the same groups.

        What is shown of a group is then decided alike in every call: the top box in one and the bottom box in
        another give the middle.
        """
        from toolkit.analysis import proportions

        variables = () if self._instrument is None else self._instrument.variables
        found: dict[str, pd.DataFrame] = {}
        for table in tables if variables else ():
            by = [*table.groups, *([table.between] if table.between else [])]
            if "item" not in table.frame or not set(by) <= set(self._frame.columns):
                continue
            names = {str(name) for name in table.frame["item"]}
            shown = {one.item.id for one in variables if one.name in names}
            rows = self._frame
            for column, value in self._current.items():
                rows = rows if column in by or column not in rows else rows[rows[column].astype(str) == value]
            for measure in (None, "top", "bottom"):
                whole = [
                    one
                    for one in variables
                    if one.item.id in shown
                    and one.name in rows
                    and (one.codes_of(measure) if measure else one.codes)
                ]
                if whole:
                    name = f"{measure} of {table.name}"
                    found[name] = proportions(rows, whole, by=by or None, measure=measure)
        return found

    def held(
        self, opened: OpenLedger, decisions: Mapping[Base, Decision | None], policy: Policy
    ) -> dict[Base, str]:
        """Return the bases that are too near to a released one, or by which something else would follow.

        Raises
        ------
        InvalidInput
            Columns that the respondents lack.
        """
        places, k_of = {base: self._place(base) for base in decisions}, policy.threshold_for
        needed = {name for _, (item, _), group in places.values() for name in (item, *group) if name}
        lacking = sorted(needed - set(map(str, self._frame.columns)))
        if lacking:
            hint = "give the frame that the results were computed from, with what was derived from it"
            problems = [
                Problem("missing-column", f"column {name}", "is not in respondents", hint) for name in lacking
            ]
            raise InvalidInput("release", problems)
        near: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for where in dict.fromkeys(place for place, _, _ in places.values()):
            mine = [(item, group) for place, (item, _), group in places.values() if place == where]
            rows = self._frame
            for column, value in zip(("organisation", "wave"), where, strict=True):
                if column in rows and value != POOLED:
                    rows = rows[rows[column].astype(str) == value]
            groups = [dict(pairs) for pairs in dict.fromkeys(tuple(group.items()) for _, group in mine)]
            items = dict.fromkeys(item for item, _ in mine)
            found = self._ledger.people(rows, *where, groups=groups, items=items)
            own = {one for place, one, _ in places.values() if place == where}
            shown = {item: self._labels(item, decisions) for item in items}
            found = replace(found, labels=shown).publishing(own & found.large(k_of).bases)
            self._found[where] = found
            earlier = opened.released(found)
            near[where] = set(conflicts(found, earlier, k_of))
            apart = found.publishing(found.bases - near[where])
            for item in sorted({item for item, _ in apart.bases}) if earlier else ():
                answers = _texts(rows[item]) if item else ["answered"] * len(rows)
                near[where] |= gives_back(apart, earlier, item, answers, policy)
        return {base: "released" for base, (where, one, _) in places.items() if one in near[where]}

    def _labels(self, item: str, decisions: Mapping[Base, Decision | None]) -> tuple[str, ...]:
        """Return the answers to an item whose shares are shown, "" for what is no share of known answers."""
        given = self._instrument
        variable = given[item] if given is not None and item in given else None
        found: set[str] = set()
        for base, decision in decisions.items():
            for kind, label in decision.labels if decision is not None and base.item == item else ():
                codes: tuple[str, ...] = (label,) if kind in ("response", "code") else ()
                if variable is not None and variable.codes:
                    codes = (
                        three_parts(variable)[label]
                        if kind == "part"
                        else variable.codes_of(label)
                        if kind in ("box", "code")
                        else codes
                    )
                    if kind in ("function", "asked"):
                        continue  # shown beside a whole distribution only
                found.add(" ".join(codes))
        return tuple(sorted(found))

    def publish(self, bases: Iterable[Base]) -> None:
        """Keep the people of the bases that are released."""
        shown = [self._place(base) for base in bases]
        for where, people in self._found.items():
            kept = people.bases & {one for place, one, _ in shown if place == where}
            self.published += [people.publishing(kept)] if kept else []


class OpenLedger:
    """A ledger that is locked for one release; `Ledger.open` makes one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries = list(ledger.entries())
        self._binding = ledger.binding()

    def released(self, people: People) -> list[People]:
        """Return the people released of the same organisation and wave."""
        return self._ledger.released(people.organisation, people.wave, self._binding)

    def conflicts(self, people: People, threshold: Threshold) -> dict[tuple[str, str], tuple[int, int]]:
        """Find bases too near to a released one; see `conflicts`."""
        return conflicts(people, self.released(people), threshold)

    def refuse_near(
        self, people: People, policy: Policy, instrument: Instrument | None, organisation: str
    ) -> None:
        """Refuse a report that another release, recorded since it was planned, came too near to.

        Raises
        ------
        InvalidInput
            There is one.
        """
        found = self.conflicts(people, thresholds(policy, (), instrument).threshold_for)
        if found:
            what = f"another release was recorded meanwhile ({len(found)} bases are too near to it)"
            problem = Problem("locked", f"organisation {organisation}", what, "run it again")
            raise InvalidInput("ledger", [problem])

    def check_policy(self, policy: Policy) -> None:
        """Refuse a policy that is weaker than the one locked by earlier releases.

        Raises
        ------
        InvalidInput
            Every setting that is weaker.
        """
        locked = self._ledger.locked_policy()
        if locked is None:
            return
        merged = stricter(policy, locked)
        hint = "set it as it was, or record why it changes: survey-toolkit release --policy --reason …"
        problems = [
            Problem(
                "policy-changed",
                f"policy → {name}",
                f"is {getattr(policy, name)!r}, but releases were made under {getattr(merged, name)!r}",
                hint,
            )
            for name in type(policy).model_fields
            if name != "preset" and set(_listed(getattr(merged, name))) != set(_listed(getattr(policy, name)))
        ]
        if problems:
            raise InvalidInput("ledger", problems)

    def release(self, people: Iterable[People], policy: Policy, **facts: Any) -> int:
        """Record a release, binding from now on, and return its number; one made before keeps its own."""
        data = {
            "people": [one.to_data() for one in people],
            "policy": policy.model_dump(mode="json"),
            **facts,
        }
        for entry in self._binding:
            if entry.data == json.loads(json.dumps(data)):
                return entry.number
        return self.add("release", data)

    def add(self, kind: str, *data: Mapping[str, Any]) -> int:
        """Append one entry for each mapping, all on the disk together, and return the number of the first.

        Raises
        ------
        InvalidInput
            Another release took the number first, in a store.
        """
        ledger, lines = self._ledger, dict[int, bytes]()
        new = [(kind, one) for one in data]
        if not self._entries:
            new.insert(0, ("opened", {"study": ledger.study, "form": 1}))
        for what, content in new:
            before = self._entries[-1].mac if self._entries else ""
            unsigned = Entry(len(self._entries) + 1, what, _now(), json.loads(json.dumps(content)), "")
            entry = replace(unsigned, mac=ledger._signed(unsigned, before))
            lines[entry.number] = ledger._line(entry, before)
            self._entries.append(entry)
            self._binding += (entry,) if what == "release" else ()
        last = self._entries[-1]
        try:
            ledger._place.append(lines, ledger._head(last.number, last.mac))
        except FileExistsError:
            hint = "run it again: it is then compared with that one"
            Ledger._refuse("locked", ledger.address, "another release was recorded meanwhile", hint)
        return last.number - len(data) + 1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _listed(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _without_reason(when: str) -> Problem:
    return Problem(
        "missing-argument", "reason", f"is missing, though {when}", "state why, as --reason 'never left'"
    )


def _texts(column: pd.Series) -> list[str]:
    """Return answers as texts, "" for a missing one, alike for every form of a frame."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        texts = [*_texts(pd.Series(column.cat.categories)), ""]  # the code of a missing one is -1
        return [texts[code] for code in column.cat.codes.tolist()]
    given = column.notna().tolist()
    return [
        ("" if value in MISSING else value)
        if isinstance(value, str)
        else (format(value, ".12g") if isinstance(value, int | float) else str(value))
        if there
        else ""
        for value, there in zip(column.tolist(), given, strict=True)
    ]


@dataclass(frozen=True)
class _Alike:
    """Whether answers that a subtraction of two releases gives are nearly all or nearly none alike.

    Parameters
    ----------
    said
        By answer, then box, and respondent of the new release.
    codes
        How many of them are answers.
    """

    said: Masks
    codes: int
    item: str
    policy: Policy

    @classmethod
    def of(cls, frame: pd.DataFrame, item: str, policy: Policy, instrument: Instrument | None) -> _Alike:
        """Return it for a column of answers; of numbers and free text no shares are known."""
        column, variable = frame[item], None
        if instrument is not None and item in instrument:
            variable = instrument[item]
        codes = list(variable.codes) if variable is not None else []
        if not codes and isinstance(column.dtype, pd.CategoricalDtype):
            codes = [str(code) for code in column.cat.categories if code not in MISSING]
        labels: list[tuple[str, ...]] = [(code,) for code in codes]
        if variable is not None and variable.kind == "single":
            labels += [box for box in three_parts(variable).values() if len(box) > 1]
        texts = np.array(_texts(column), dtype=object)
        said = np.array([np.isin(texts, label) for label in labels], dtype=bool)
        return cls(said.reshape(-1, len(frame)), len(codes), item, policy)

    def few(self, n: int) -> int:
        return _few(self.policy, n, self.item)

    def at_risk(self, *bases: Mask) -> Masks:
        """Return who gave the answers that are shown exactly of all bases; all rare ones together are one."""
        exact = np.ones(len(self.said), bool)
        for base in bases:
            n, counts = int(base.sum()), (self.said & base).sum(axis=1)
            exact &= (counts > self.few(n)) & (counts < n - self.few(n))
        rare: Mask = np.any(self.said[: self.codes][~exact[: self.codes]], axis=0)
        known = exact.any() and all((rare & base).sum() > self.few(int(base.sum())) for base in bases)
        return np.vstack([self.said[exact], rare[None, :]] if known else [self.said[exact]])

    def leaving(self, answers: Masks, known: Sequence[int], least: int) -> int | None:
        """Return how many people, in this order, are not nearly all alike; None where none are."""
        counts = np.cumsum(answers[:, list(known)], axis=1)
        for n in range(least, len(known) + 1):
            few = self.few(n)
            if (counts[:, n - 1] > few).all() and (counts[:, n - 1] < n - few).all():
                return n
        return None


def _fitting(
    new: People,
    item: str,
    group: str,
    ways: Sequence[tuple[People, str]],
    k: int,
    mask: Mask,
    alike: _Alike | None = None,
) -> Mask:
    """Return the largest part of a base that differs from every released one by no one or at least k.

    Those who came are not nearly all or nearly none alike. Who leaves with those who went does not depend on
    answers: it would tell theirs.
    """
    order = np.argsort(new.ids)
    while True:
        before = mask
        for old, by in ways:
            if (item, group) not in old.bases:
                continue
            released = old.elements(item, by)[old.answered(item, group)]
            there = np.isin(new.elements(item, by), released)
            late, risk = mask & ~there, None if alike is None else alike.at_risk(there, mask)
            few = late.sum() < k
            if alike is not None and risk is not None:
                few = few or alike.leaving(risk, np.flatnonzero(late).tolist(), int(late.sum())) is None
            if late.any() and few:
                mask = mask & there
            left, dropped = len(released) - int((mask & there).sum()), there & ~mask
            if not left:
                continue
            gone = left - int(dropped.sum())
            known = [*np.flatnonzero(dropped), *(at for at in order if mask[at] and there[at])]
            number: int | None = max(k - gone, 0)
            if alike is not None and risk is not None and not gone:
                number = alike.leaving(risk, known, max(k, int(dropped.sum())))
            mask = mask.copy()
            mask[known[:number] if number is not None else slice(None)] = False
        if (mask == before).all():
            return mask


def _erased(people: People, hashes: Hashes) -> People:
    gone = np.isin(people.ids, hashes)

    def noise(values: NDArray[Any], where: Mask) -> NDArray[Any]:
        fresh = np.frombuffer(secrets.token_bytes(values.nbytes), dtype=values.dtype)
        return np.where(where, np.maximum(fresh, 1), values)

    answers = {
        item: given if item == EVERYONE else noise(given, gone & (given != 0))
        for item, given in people.answers.items()
    }
    ids, rows = noise(people.ids, gone), noise(people.rows, gone)
    return replace(people, ids=ids, rows=rows, answers=answers)
