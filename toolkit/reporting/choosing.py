"""Which study, which wave, which organisations: checked before anything is made, with near names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InvalidInput, Problem, near_names

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["chosen_organisations", "chosen_wave", "folder_name", "notebook_path", "opened", "report_folder"]


def opened(study: str | Path | Study, data: str | Path | None) -> Study:
    """Load a study file; one already loaded is taken as it is, or what a batch has read for this job.

    Raises
    ------
    InvalidInput
        It is neither, or everything wrong in the file and around it.
    """
    if isinstance(study, str | Path):
        from toolkit.reporting.prepared import prepared_study
        from toolkit.study import load_study

        return prepared_study(study, data) or load_study(study, data=data)
    if not hasattr(study, "organisation_ids"):
        what = f"a {type(study).__name__} is no study"
        raise InvalidInput("study", [Problem("study", what, "give a study file, or what load_study gave")])
    return study


def chosen_wave(study: Study, wave: str | None) -> str:
    """The wave named, or the latest.

    Raises
    ------
    InvalidInput
        The study has no such wave.
    """
    if wave is None:
        return study.wave
    if wave not in study.waves:
        if str(wave) in study.waves:
            mend = f"write it as text: {str(wave)!r}"
            raise InvalidInput("wave", [Problem(f"wave {wave}", "waves are named by texts", mend)])
        raise InvalidInput(
            "wave", [Problem(f"wave {wave}", "the study has no such wave", near_names(wave, study.waves))]
        )
    return wave


def chosen_organisations(study: Study, wave: str, organisations: Iterable[str] | None) -> list[str]:
    """The organisations named, each once, or all of the wave.

    Raises
    ------
    InvalidInput
        Every id the wave does not have, with the near ones.
    """
    known = list(study.organisation_ids(wave))
    if not known:
        what = "no organisation is in it, so that there is nothing to report"
        mend = "name the column that says the organisation, or add rows to the organisations table"
        raise InvalidInput(study.path, [Problem(f"wave {wave}", what, mend)])
    if organisations is None:
        return known
    chosen = list(dict.fromkeys([organisations] if isinstance(organisations, str) else organisations))
    if not chosen:
        mend = "name one, or leave it out for all of the wave"
        raise InvalidInput("organisations", [Problem("organisations", "none is named", mend)])
    there = set(known)
    problems = [
        Problem(
            f"organisation {one}",
            f"the study has no such organisation in wave {wave}",
            _near_organisations(study, one, known),
        )
        for one in chosen
        if one not in there
    ]
    if problems:
        raise InvalidInput("organisations", problems)
    return chosen


def _near_organisations(study: Study, one: str, known: list[str]) -> str:
    """Where an organisation's name was given, or one of another wave, say so; else near ids."""
    waves = [wave for wave in study.waves if one in study.organisation_ids(wave)]
    if waves:
        return f"it took part in {', '.join(waves)}; add --wave"
    named = [
        made for made in known if study.organisation_name(made).casefold() == str(one).strip().casefold()
    ]
    return f"did you mean '{named[0]}', which has this name?" if named else near_names(one, known)


def report_folder(out: str | Path, study: str, wave: str) -> Path:
    """`<out>/<study>/<wave>`, with signs a folder name may not have replaced."""
    return Path(out) / folder_name(study) / folder_name(wave)


def folder_name(text: str) -> str:
    """A text as the name of a folder."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "study"


def notebook_path(notebook: str | Path) -> Path:
    """Find a notebook by path, or one of the project's own by name."""
    given = Path(notebook)
    own = Path(__file__).resolve().parents[2] / "notebooks"
    for found in (given, own / given.name):
        if found.is_file():
            return found.resolve()
    known = [path.name for path in sorted(own.glob("*.ipynb"))]
    raise InvalidInput(
        given.name, [Problem(str(given), "there is no such notebook", near_names(given.name, known))]
    )
