"""Loading of instrument files into a checked Instrument, with all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.assembling import assemble, assemble_whole
from toolkit.instrument.model import Instrument
from toolkit.instrument.reading import Reading, bank_files
from toolkit.instrument.yaml_loader import read_yaml
from toolkit.shipped import instrument_files

__all__ = ["files_of", "load_instrument", "load_instruments"]


def load_instrument(path: str | Path) -> Instrument:
    """Load the questionnaire of one audience, or a complete questionnaire.

    Parameters
    ----------
    path
        An audience file (it names an audience and a bank), an all-in-one file, or the name of a shipped one
        ("employee"). A folder with one file per audience, or the name of a shipped one ("core"), is loaded as
        `load_instruments` does.

    Returns
    -------
    Instrument
        Only what its audiences are asked, in questionnaire order.

    Raises
    ------
    InvalidInput
        Every problem of the file, its bank and their fit, each with file, line and how to fix it.

    Examples
    --------
    >>> load_instrument("employee")["burnout"].label()
    'Burnout'
    """
    return _load([(None, found) for found in instrument_files(path)], path)


def load_instruments(files: str | Path | Mapping[str, str | Path] | Iterable[str | Path]) -> Instrument:
    """Load the questionnaires of several audiences as one instrument.

    Parameters
    ----------
    files
        Audience → file, or the files alone; a folder or the name of a shipped questionnaire ("core") stands
        for its files. They must agree on id, version, title, languages and bank.

    Returns
    -------
    Instrument
        The union of their items: the first file's order, with what only later files ask put in behind
        its neighbour there. An item's audiences are those whose file lists it.

    Raises
    ------
    InvalidInput
        Every problem of every file, of the bank and of their fit.

    Examples
    --------
    >>> sorted(load_instruments("core").audiences)
    ['employee', 'executive', 'freelancer']
    """
    if isinstance(files, Mapping):
        named: list[tuple[str | None, Path]] = [
            (audience, found) for audience, path in files.items() for found in instrument_files(path)
        ]
    else:
        named = [(None, found) for found in instrument_files(files)]
    return _load(named, " + ".join(str(path) for _, path in named))


def files_of(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """List every file an instrument is read from: the files given and their banks, each once."""
    found: list[Path] = []
    for path in map(Path, paths):
        held = read_yaml(path)
        bank = held.get("bank") if isinstance(held, dict) else None
        found += [path, *(bank_files(path.parent / bank) if isinstance(bank, str) else ())]
    return tuple(dict.fromkeys(found))


def _load(files: list[tuple[str | None, Path]], source: object) -> Instrument:
    if not files:
        nothing = Problem("empty", "files", "none is given", "name one file for each audience")
        raise InvalidInput("instruments", [nothing])
    reading = Reading()
    read = [(audience, reading.questionnaire(path)) for audience, path in files]
    whole = len(read) == 1 and read[0][0] is None and read[0][1] is not None and read[0][1].whole is not None
    instrument = assemble_whole(reading, read[0][1]) if whole else assemble(reading, read)
    problems = reading.problems()
    if problems or instrument is None:
        raise InvalidInput(source, problems)
    return instrument
