"""Registration: what a study will compare, written down and hashed before its answers are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.yaml_loader import Strict, checked, read_document
from toolkit.platforms.manifest import instrument_hash
from toolkit.system import write_whole

if TYPE_CHECKING:
    from toolkit.instrument import Instrument
    from toolkit.study.study import Study


class RegisteredTest(Strict):
    """A change that a wave is to show: of one audience's top box, in one organisation or in each.

    Parameters
    ----------
    item, audience
        Whose share of favourable or top answers.
    direction
        "up" or "down": where the action should move it.
    organisation
        Its id; None for every organisation.
    """

    item: str
    audience: str
    direction: Literal["up", "down"]
    organisation: str | None = None


class Registration(Strict):
    """The content of a registration file.

    Parameters
    ----------
    registered
        Day it was written, YYYY-MM-DD.
    wave
        The wave it is about.
    instrument
        Its id, version and hash (`instrument_hash`: without lint notes and keys left at their default).
    primary, margin, level
        As in the study file.
    tests
        Changes from the wave before.
    sha256
        Of all else in it.
    """

    registered: str
    wave: str
    instrument: dict[str, str]
    primary: tuple[str, ...]
    margin: float
    level: float
    tests: tuple[RegisteredTest, ...] = ()
    sha256: str = Field(min_length=64, max_length=64)

    @property
    def digest(self) -> str:
        """Return the hash of what is registered, however the file is laid out."""
        return _digest(self.model_dump(mode="json", exclude={"sha256"}))

    def of(self, organisation: str) -> tuple[RegisteredTest, ...]:
        """Return the tests of one organisation."""
        return tuple(one for one in self.tests if one.organisation in (None, organisation))


def _digest(content: dict[str, Any]) -> str:
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def register(
    study: Study,
    path: str | Path,
    *,
    wave: str,
    tests: Sequence[RegisteredTest] = (),
    today: date | None = None,
) -> Registration:
    """Write a registration file: the declared items, margin and level, and tests of changes.

    Parameters
    ----------
    study
        A loaded study.
    path
        A new file; an existing one is never overwritten.
    wave
        The wave to come.
    today
        The day it is dated; None for today.

    Raises
    ------
    InvalidInput
        The file exists, the wave already has answers, and every test of something the study does not have.

    Examples
    --------
    >>> test = RegisteredTest(item="burnout", audience="employee", direction="down")
    >>> made = register(study, "registration.yaml", wave="2027", tests=[test])
    """
    path = Path(path)
    problems = list(_test_problems(tests, study.instrument, study.organisation_ids(), "test"))
    if wave in study.waves:
        what = "has answers already; a registration is written before them"
        problems.append(Problem("wrong-order", f"wave {wave}", what, "name the wave to come"))
    if path.exists():
        problems.append(
            Problem("file-exists", str(path), "exists", "give another name; it is never overwritten")
        )
    if problems:
        raise InvalidInput("registration", problems)
    instrument = study.instrument
    content: dict[str, Any] = {
        "registered": (today or date.today()).isoformat(),
        "wave": wave,
        "instrument": {
            "id": instrument.id,
            "version": instrument.version,
            "hash": instrument_hash(instrument),
        },
        "primary": list(study.primary),
        "margin": study.margin,
        "level": study.level,
        "tests": [test.model_dump() for test in tests],
    }
    content["sha256"] = _digest(content)
    write_whole(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return Registration.model_validate(content)


def read_registration(path: Path, instrument: Instrument) -> Registration:
    """Read a registration file.

    Raises
    ------
    InvalidInput
        It is damaged, was changed after it was written, or tests something the instrument does not have.
    """
    document = read_document(path)
    found = checked(Registration, document)
    problems = list(_test_problems(found.tests, instrument, None, "tests"))
    if found.digest != found.sha256:
        hint = "restore the file as it was written; write another one for a later wave"
        problems.append(Problem("damaged-file", "sha256", "is not that of the content: it was changed", hint))
    if problems:
        raise InvalidInput(path.name, problems)
    return found


def contradictions(found: Registration, study: Study) -> Iterator[Problem]:
    """List what the study file changes from the registration of its latest wave."""
    if found.wave != study.wave:
        return
    own = {"primary": study.primary, "margin": study.margin, "level": study.level}
    for key, value in own.items():
        registered = getattr(found, key)
        if registered != value:
            shown = ", ".join(registered) if isinstance(registered, tuple) else registered
            hint = "analyse as registered, or leave the registration out"
            yield Problem("contradiction", key, f"was registered as {shown}", hint)
    if found.instrument.get("hash") != instrument_hash(study.instrument):
        what = f"is not the one registered ({found.instrument.get('id')} {found.instrument.get('version')})"
        yield Problem("wrong-instrument", "instrument", what, "use it, or leave the registration out")


def _test_problems(
    tests: Sequence[RegisteredTest], instrument: Instrument, organisations: Sequence[str] | None, where: str
) -> Iterator[Problem]:
    shares = {one.name: one for one in instrument.variables if one.codes_of("top")}
    for place, test in enumerate(tests, start=1):
        at = f"{where} {place}"
        if test.item not in shares:
            what = f"'{test.item}' has no top answers, or is not in the instrument"
            yield Problem("unknown-item", at, what, near_names(test.item, shares))
        elif test.audience not in shares[test.item].audiences:
            what = f"'{test.audience}' is not asked '{test.item}'"
            yield Problem("not-asked", at, what, near_names(test.audience, shares[test.item].audiences))
        if organisations is not None and test.organisation not in (None, *organisations):
            what = f"unknown organisation '{test.organisation}'"
            yield Problem("unknown-organisation", at, what, near_names(str(test.organisation), organisations))
