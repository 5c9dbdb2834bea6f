"""Files shipped with the toolkit: notebooks, questionnaires, sample studies and published figures.

In a checkout they are in the top-level folders; a wheel holds the same folders under `toolkit/data`.
"""

from __future__ import annotations

import importlib.resources
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from toolkit.errors import InvalidInput, Problem, ToolkitError, near_names
from toolkit.inputs import is_file, is_folder

_INSIDE = "data"
"""Folder of the shipped files in a package installed from a wheel."""


def shipped(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Parameters
    ----------
    parts
        Its path in the project, such as "data_samples", "published".

    Raises
    ------
    ToolkitError
        The toolkit is imported from a zip archive.

    Examples
    --------
    >>> shipped("instruments", "core", "employee.yaml").name
    'employee.yaml'
    """
    return _root().joinpath(*parts)


def is_installed() -> bool:
    """Return whether the shipped files belong to an installed wheel rather than to a checkout."""
    return _root().name == _INSIDE


@cache
def _root() -> Path:
    package = importlib.resources.files("toolkit")
    # A zip archive gives a traversable that is not a path; notebooks, workers and typst need real files.
    if not isinstance(package, Path):
        raise ToolkitError(
            f"the toolkit cannot run from the zip archive {Path(str(package)).parent}; install it with "
            "pip install followed by the archive's name"
        )
    inside = package / _INSIDE
    return inside if inside.is_dir() else package.parent


def study_path(given: str | Path) -> Path:
    """Find a study file: by path, by its folder, or by the name of a shipped study.

    A file or folder of that name takes precedence over the shipped study. A path that does not
    exist is returned as given, to be reported when it is read.

    Raises
    ------
    InvalidInput
        A name that is unknown.

    Examples
    --------
    >>> study_path("ai_at_work").parent.name
    'ai_at_work'
    """
    path = Path(given)
    inside = path / "study.yaml"
    return inside if is_file(inside) else named(path, "study")


_WHERE = {
    "study": "*/study.yaml",
    "register": "*/studies.yaml",
    "findings": "published/*_20??.csv",
    "recipe": "*/recipe.yaml",
}
"""Kind → where in data_samples the shipped files of that kind are."""


def named(given: str | Path, kind: str) -> Path:
    """Find a file by path or, where nothing is at a bare name, among the shipped files of a kind.

    Parameters
    ----------
    given
        A path, or a name of one part without a suffix: the folder's ("ai_at_work", "published") or the
        findings file's ("upwork_2024").
    kind
        "study", "register" (a folder), "findings" or "recipe".

    Raises
    ------
    InvalidInput
        A name that is unknown.

    Examples
    --------
    >>> named("upwork_2024", "recipe").name
    'recipe.yaml'
    """
    path = Path(given)
    if len(path.parts) != 1 or path.suffix or os.path.exists(path):  # noqa: PTH110 - Path.exists raises where a name is too long
        return path
    known = {}
    for one in sorted(shipped("data_samples").glob(_WHERE[kind])):
        known[one.stem if kind == "findings" else one.parent.name] = one.parent if kind == "register" else one
    if path.name not in known:
        hint = f"name a path or one of the shipped ({near_names(path.name, known)})"
        raise InvalidInput(path, [Problem("file-not-found", f"{kind} '{path}'", "not found", hint)])
    return known[path.name]


def instrument_files(given: str | Path | Iterable[str | Path]) -> list[Path]:
    """Find the files of a questionnaire: by path, by folder, or by the name of a shipped one.

    Parameters
    ----------
    given
        One or several of: a file; a folder, which means every .yaml file in it; the name of a shipped
        questionnaire ("core": executives, employees and freelancers; add "core/manager" for managers) or of
        one audience's file ("core/employee", "employee"). A file or folder of that name takes precedence over
        the shipped one.

    Raises
    ------
    InvalidInput
        A folder without a .yaml file; a name that is unknown.

    Examples
    --------
    >>> [path.stem for path in instrument_files("core")]
    ['employee', 'executive', 'freelancer']
    """
    names = [given] if isinstance(given, str | Path) else list(given)
    return [path for name in names for path in _files_of_one(Path(name))]


def _files_of_one(path: Path) -> list[Path]:
    if path.suffix or is_file(path):
        return [path]  # what is missing is reported when it is read
    own = shipped("instruments")
    folders = {one.parent.name: one.parent for one in sorted(own.glob("*/employee.yaml"))}
    names = {one.relative_to(own).with_suffix("").as_posix(): one for one in sorted(own.glob("*.yaml"))}
    names |= {f"{name}/{one.stem}": one for name, folder in folders.items() for one in folder.glob("*.yaml")}
    if not is_folder(path) and path.as_posix() in names:
        return [names[path.as_posix()]]
    folder = path if is_folder(path) else folders.get(path.as_posix())
    if folder is None:
        near = near_names(path.as_posix(), [*folders, *names])
        hint = f"name a file, a folder or a shipped questionnaire ({near})"
        raise InvalidInput(path, [Problem("file-not-found", f"questionnaire '{path}'", "not found", hint)])
    files = [one for one in sorted(folder.glob("*.yaml")) if is_folder(path) or one.stem != "manager"]
    if not files:
        hint = "name a questionnaire, or a folder with one .yaml file per audience"
        raise InvalidInput(path, [Problem("file-not-found", "folder", "contains no .yaml file", hint)])
    return files
