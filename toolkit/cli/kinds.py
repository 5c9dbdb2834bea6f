"""Kinds of YAML files, distinguished by their keys, and the command for each."""

from __future__ import annotations

from pathlib import Path

from toolkit.errors import InvalidInput, Problem

_KINDS = {
    "a study file": ({"answers", "methods"}, "survey-toolkit check {path}"),
    "a simulation file": ({"organisations", "files"}, "survey-toolkit simulate {path} --out FOLDER"),
    "a questionnaire": ({"sections"}, "survey-toolkit lint {path}"),
    "a part of a bank": ({"items", "scales"}, "survey-toolkit lint on the questionnaire that names the bank"),
}
"""Kind → keys (any of them identifies it), and the command for it."""


def kind_of(path: str | Path) -> str | None:
    """Return the kind of a YAML file by its keys; None if unknown or unreadable."""
    from toolkit.instrument.yaml_loader import read_yaml

    try:
        data = read_yaml(path)
    except InvalidInput:
        return None
    if not isinstance(data, dict):
        return None
    return next((kind for kind, (keys, _) in _KINDS.items() if keys & data.keys()), None)


def refuse_others(path: str | Path, wanted: str) -> None:
    """Refuse a file of another kind, before its reader lists everything else that is wrong with it.

    Raises
    ------
    InvalidInput
        Naming the kind, the command it is for, and for a study its questionnaires.
    """
    kind = kind_of(path)
    if kind in (None, wanted) or (wanted == "a questionnaire" and kind == "a part of a bank"):
        return
    hint = f"use {_KINDS[kind][1].format(path=path)}"
    if kind == "a study file" and wanted == "a questionnaire":
        named = _questionnaires(Path(path))
        hint += f"; its questionnaires: survey-toolkit lint {' '.join(named)}" if named else ""
    raise InvalidInput(
        path, [Problem("wrong-file", "the file", f"it is {kind}, but {wanted} is expected", hint)]
    )


def _questionnaires(path: Path) -> list[str]:
    from toolkit.instrument.yaml_loader import read_yaml

    data = read_yaml(path)
    many = data.get("instruments")
    names = [data.get("instrument"), *(many.values() if isinstance(many, dict) else ())]
    return [str(path.parent / name) for name in names if isinstance(name, str)]
