"""Options of a run, and their resolution to waves, organisations, notebooks and folders."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.shipped import shipped

if TYPE_CHECKING:
    from toolkit.study import Study

P = ParamSpec("P")
R = TypeVar("R")

_LEAST_MEMORY = 1 << 20


@dataclass(frozen=True)
class RunOptions:
    """Options of a run, from the command line or Python through to every job.

    Parameters
    ----------
    organisations
        Ids; None for all of the wave. One text counts as one id.
    wave
        None for the latest.
    out
        Output folder, or the address of a store.
    workers
        Number of parallel workers; None for one per CPU.
    notebook
        Another parameterised notebook than the report's own.
    data
        Folder containing the answer files, if not beside the study.
    formats
        Output formats, as a sequence or one text with commas.
    force
        Rebuild reports even if up to date.
    seconds, memory
        Limits of one report: time, and bytes its notebook may take.
    cluster
        Address of a Dask scheduler.
    release
        Whether the reports are releases: checked against the ledger and recorded in it, not marked as drafts.
    audit
        Whether releases are audited before they are in their place.
    overall
        Whether a report on all organisations together follows theirs.
    groups
        Groups of cuts that get a page of their own beside the report, as "cut=group" or "cut=*".
    """

    organisations: Iterable[str] | None = None
    wave: str | None = None
    out: str | Path = "reports"
    workers: int | None = None
    notebook: str | Path | None = None
    data: str | Path | None = None
    formats: Iterable[str] = ("html",)
    force: bool = False
    seconds: float | None = None
    memory: int | None = None
    cluster: str | None = None
    release: bool = False
    audit: bool = True
    overall: bool = False
    groups: Iterable[str] = ()

    def __post_init__(self) -> None:
        ids, formats = self.organisations, self.formats
        if ids is not None:
            object.__setattr__(self, "organisations", (ids,) if isinstance(ids, str) else tuple(ids))
        named = formats.split(",") if isinstance(formats, str) else formats
        object.__setattr__(self, "formats", tuple(named))
        object.__setattr__(self, "groups", tuple(self.groups or ()))

    def check(self, *, stores: bool = True) -> None:
        """Refuse an invalid output, number of workers or limit.

        Parameters
        ----------
        stores
            Whether the output may be the address of a store.

        Raises
        ------
        InvalidInput
            All of them.
        """
        limits = _limit_problems(self.workers, self.seconds, self.memory)
        problems = [*_output_problems(str(self.out), stores), *limits]
        if self.overall and self.organisations is not None:
            what = "is about all organisations of the wave, of which some are named"
            problems.append(Problem("conflict", "overall report", what, "leave out --organisation"))
        if problems:
            raise InvalidInput("options", problems)


class Checks:
    """Runner of several checks that collects what they raise as InvalidInput.

    Examples
    --------
    >>> from toolkit.reporting.formats import check_formats
    >>> checks = Checks()
    >>> checks(check_formats, "html"), checks(check_formats, "pfd")
    (('html',), None)
    >>> checks.raise_problems()
    Traceback (most recent call last):
    toolkit.errors.InvalidInput: formats: 1 problem(s)
      format pfd: unknown output format; did you mean 'pdf'?
    """

    def __init__(self) -> None:
        self._failed: list[InvalidInput] = []

    def __call__(self, check: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Run a check and return its result; None if it fails."""
        try:
            return check(*args, **kwargs)
        except InvalidInput as fault:
            self._failed.append(fault)
            return None

    @property
    def passed(self) -> bool:
        """Return whether no check has failed so far."""
        return not self._failed

    def raise_problems(self) -> None:
        """Raise the problems of all failed checks, if any."""
        if not self._failed:
            return
        sources = list(dict.fromkeys(fault.source for fault in self._failed))
        problems = dict.fromkeys(problem for fault in self._failed for problem in fault.problems)
        raise InvalidInput(", ".join(sources), problems)


def open_line(cluster: str) -> str:
    """Warn that answers travel unencrypted to a cluster; "" for TLS or local addresses.

    Examples
    --------
    >>> open_line("tls://scheduler:8786"), open_line("tcp://127.0.0.1:8786")
    ('', '')
    >>> open_line("tcp://scheduler:8786").partition(":")[0]
    'Warning'
    """
    kind, _, rest = cluster.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if kind in ("tls", "wss", "inproc") or host in ("localhost", "::1") or host.startswith("127."):
        return ""
    return (
        f"Warning: answers travel unencrypted to {cluster}; use tls:// with Dask's certificates, unless "
        "the network is private"
    )


def _output_problems(out: str, stores: bool) -> Iterator[Problem]:
    if not out.strip():
        yield Problem("empty", "output", "no folder is named", "name one, as reports")
    try:
        out.encode()
    except UnicodeEncodeError:
        what = "contains characters that are not valid UTF-8"
        yield Problem(
            "invalid-character",
            f"output {out.encode(errors='replace').decode()}",
            what,
            "choose another name",
        )
    if "://" in out and ".." in out.partition("://")[2].split("/"):
        yield Problem(
            "outside-folder", f"output {out}", "an address must not contain '..'", "write the whole address"
        )
    if not stores and "://" in out:
        yield Problem(
            "unsupported",
            f"output {out}",
            "remote output is not supported for notebooks",
            "name one",
        )


def _limit_problems(workers: object, seconds: object, memory: object) -> Iterator[Problem]:
    if workers is not None and not _whole(workers, 1):
        yield Problem(
            "out-of-range",
            "workers",
            f"must be a positive integer, not {workers!r}",
            "give one, or leave it out",
        )
    if seconds is not None and not _positive(seconds):
        yield Problem(
            "out-of-range",
            "seconds",
            f"must be a number above 0, not {seconds!r}",
            "give one, or leave it out",
        )
    if memory is not None and not _whole(memory, _LEAST_MEMORY):
        what = f"{memory!r} bytes are too little for any notebook"
        yield Problem(
            "out-of-range", "memory", what, "give a unit, e.g. 500M or 2G (in Python bytes, e.g. 2 * 1024**3)"
        )


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _positive(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0  # type: ignore[arg-type,operator]


def chosen_wave(study: Study, wave: str | None) -> str:
    """Return the given wave, or the latest.

    Raises
    ------
    InvalidInput
        The study has no such wave.
    """
    if wave is None:
        return study.wave
    if wave not in study.waves:
        if str(wave) in study.waves:
            hint = f"write it as text: {str(wave)!r}"
            raise InvalidInput(
                "wave", [Problem("wrong-type", f"wave {wave}", "waves are named by texts", hint)]
            )
        raise InvalidInput(
            "wave",
            [
                Problem(
                    "unknown-wave",
                    f"wave {wave}",
                    "unknown wave of the study",
                    near_names(wave, study.waves),
                )
            ],
        )
    return wave


def chosen_organisations(study: Study, wave: str, organisations: Iterable[str] | None) -> list[str]:
    """Return the given organisations without duplicates, or all of the wave.

    Raises
    ------
    InvalidInput
        Every id the wave does not have, with the near ones.
    """
    known = list(study.organisation_ids(wave))
    if not known:
        what = "contains no organisations, so there is nothing to report"
        hint = "name the organisation column, or add rows to the organisations table"
        raise InvalidInput(study.path, [Problem("empty", f"wave {wave}", what, hint)])
    if organisations is None:
        return known
    chosen = list(dict.fromkeys([organisations] if isinstance(organisations, str) else organisations))
    if not chosen:
        hint = "name one, or leave it out for all of the wave"
        raise InvalidInput("organisations", [Problem("empty", "organisations", "none is named", hint)])
    there = set(known)
    problems = [
        Problem(
            "unknown-organisation",
            f"organisation {one}",
            f"unknown organisation in wave {wave}",
            _near_organisations(study, one, known),
        )
        for one in chosen
        if one not in there
    ]
    if problems:
        raise InvalidInput("organisations", problems)
    return chosen


def _near_organisations(study: Study, one: str, known: list[str]) -> str:
    """Suggest organisations: by name, of another wave, or with a similar id."""
    waves = [wave for wave in study.waves if one in study.organisation_ids(wave)]
    if waves:
        return f"it took part in {', '.join(waves)}; add --wave"
    named = [
        made for made in known if study.organisation_name(made).casefold() == str(one).strip().casefold()
    ]
    return f"did you mean '{named[0]}', which has this name?" if named else near_names(one, known)


def report_folder(out: str | Path, study: str, wave: str) -> Path:
    """Return `<out>/<study>/<wave>`, with characters not allowed in folder names replaced."""
    return Path(out) / folder_name(study) / folder_name(wave)


def folder_name(text: str) -> str:
    """Convert a text to a folder name."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "study"


def notebook_path(notebook: str | Path) -> Path:
    """Find a notebook by path, or a shipped one by its name, with or without the suffix."""
    given = Path(notebook)
    own = shipped("notebooks")
    for found in (given, own / given.name, own / f"{given.name}.ipynb"):
        if found.is_file():
            return found.resolve()
    known = [path.name for path in sorted(own.glob("*.ipynb"))]
    raise InvalidInput(
        given.name,
        [Problem("file-not-found", str(given), "notebook not found", near_names(given.name, known))],
    )
