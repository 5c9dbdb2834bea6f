"""Manifests of exports: which of the platform's columns and codes are which of ours.

Every export writes one JSON file beside it, `<export>.manifest.json`. Readers of the answers match on
it: ids and codes first, never labels alone.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import LARGEST_MANIFEST, parsed_json, read_bytes
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.yaml_loader import Strict
from toolkit.system import write_files

MANIFEST_ENDING = ".manifest.json"
"""Ending of the file beside an export, in place of the export's own."""


class Column(Strict):
    """One of our columns as the platform holds it, for the audiences that find it there.

    Where each audience has its own column on the platform, one of our columns has several of these, each
    with other audiences.

    `question` and `part` are the platform's own ids (question code and sub-question, QID and choice, path
    and choice); `headings` holds, for each style in which the platform can head its export, every heading
    under which the column may appear. `codes` maps each of our analysis codes to the export's cell
    ("-1" for a don't-know that is offered); `recodes` what it holds instead where the platform's recodes were
    never set: their raw value → the value in `codes`. `wording` is a hash per language and audience.
    """

    variable: str
    item: str
    kind: Literal["single", "option", "number", "text"]
    row: str | None = None
    option: str | None = None
    audiences: tuple[str, ...]
    question: str
    part: str | None = None
    headings: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    codes: dict[str, str] = Field(default_factory=dict)
    recodes: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, dict[str, str]] = Field(default_factory=dict)
    wording: dict[str, dict[str, str]] = Field(default_factory=dict)

    def decode(self, *, recoded: bool = True) -> dict[str, str]:
        """Map what a cell of the export holds to our analysis code.

        Parameters
        ----------
        recoded
            Whether the platform's recodes were set; without them its raw values are looked up.
        """
        ours = {theirs: code for code, theirs in self.codes.items()}
        if recoded or not self.recodes:
            return ours
        return {raw: ours[value] for raw, value in self.recodes.items()}


class ExportManifest(Strict):
    """One export: of which instrument, for whom, and what each column and code is called there."""

    manifest: Literal[1] = 1
    platform: str
    layout: str = "one"
    files: tuple[str, ...] = ()
    instrument: str
    version: str
    instrument_hash: str
    languages: tuple[str, ...]
    audiences: tuple[str, ...]
    audience_column: str | None = None
    audience_codes: dict[str, str] = Field(default_factory=dict)
    columns: tuple[Column, ...]
    notices: tuple[str, ...] = ()
    settings: dict[str, str] = Field(default_factory=dict)

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles of headings it knows."""
        return tuple(dict.fromkeys(style for column in self.columns for style in column.headings))

    def of(self, variable: str) -> tuple[Column, ...]:
        """Return the platform's columns for one of ours; empty if it has none."""
        return tuple(column for column in self.columns if column.variable == variable)

    def by_heading(self, style: str) -> dict[str, Column]:
        """Map headings of one style to columns, without those that two share (`shared_headings`)."""
        shared = self.shared_headings(style)
        return {
            heading: column
            for column in self.columns
            for heading in column.headings.get(style, ())
            if heading not in shared
        }

    def shared_headings(self, style: str) -> dict[str, tuple[str, ...]]:
        """Map headings of one style that several columns share to these columns."""
        found: dict[str, dict[str, None]] = {}
        for column in self.columns:
            for heading in column.headings.get(style, ()):
                found.setdefault(heading, {})[f"{column.variable} ({', '.join(column.audiences)})"] = None
        return {heading: tuple(names) for heading, names in found.items() if len(names) > 1}

    def audience_words(self) -> dict[str, str]:
        """Map what the audience column holds to our audience."""
        return {theirs: ours for ours, theirs in self.audience_codes.items()}

    def to_json(self) -> str:
        """Serialise the manifest, one key per line, in a fixed order."""
        held = self.model_dump(mode="json")
        return json.dumps(held, ensure_ascii=False, indent=1) + "\n"

    def write(self, path: str | Path) -> Path:
        """Write it atomically.

        Raises
        ------
        InvalidInput
            The folder cannot be written to.
        """
        path = Path(path)
        return write_files(path.parent, {path.name: self.to_json()})[0]


def read_manifest(path: str | Path) -> ExportManifest:
    """Read a manifest.

    Parameters
    ----------
    path
        A file `….manifest.json`.

    Returns
    -------
    ExportManifest
        As it was written.

    Raises
    ------
    InvalidInput
        The file is missing, not valid JSON, or not a manifest; everything wrong in it is listed.

    Examples
    --------
    >>> from toolkit.platforms import export
    >>> files = export(instrument, "limesurvey", "field")
    >>> read_manifest("field/ai-at-work.manifest.json").by_heading("code")["aiways[rev]"].variable
    'aiways_rev'
    """
    path = Path(path)
    try:
        held = parsed_json(read_bytes(path, most=LARGEST_MANIFEST))
    except OSError as fault:
        hint = f"export the instrument again, or name its {MANIFEST_ENDING} file"
        what = f"cannot be read ({fault.strerror or fault})"
        raise InvalidInput(path, [Problem("unreadable-file", "the file", what, hint)]) from fault
    except ValueError as fault:
        raise InvalidInput(
            path,
            [Problem("syntax", "the file", f"is not valid JSON ({fault})", "export the instrument again")],
        ) from fault
    ours = {*ExportManifest.model_fields} - {"version", "settings"}
    if not isinstance(held, dict) or (held and not ours & set(held)):
        what = (
            "is not a manifest: it has none of a manifest's keys"  # another kind of file, which is not quoted
        )
        raise InvalidInput(path, [Problem("wrong-file", "the file", what, "export the instrument again")])
    try:
        return ExportManifest.model_validate(held)
    except ValidationError as fault:
        problems = [
            Problem(
                "malformed",
                " → ".join(map(str, one["loc"])) or "the file",
                one["msg"],
                "export the instrument again; a manifest is not edited by hand",
            )
            for one in fault.errors()
        ]
        raise InvalidInput(path, problems) from fault


def wording_hash(text: str) -> str:
    """Hash a text to sixteen hex digits that change with its words, not with blanks or Unicode forms.

    Examples
    --------
    >>> wording_hash("Do you use AI?") == wording_hash(" Do you  use AI? ")
    True
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:16]


def instrument_hash(instrument: Instrument) -> str:
    """Hash an instrument to sixteen hex digits, without its suppressed lint warnings.

    Order counts as each audience reads it: naming the audiences' files in another order changes nothing. Keys
    left at their default do not count, so that a newer version of the toolkit finds the same digits.
    """
    unsaid: dict[str, Any] = {"items": {"__all__": {"lint"}}, "scales": {"__all__": {"lint"}}}
    held = instrument.model_dump(mode="json", exclude=unsaid | {"sections": True}, exclude_defaults=True)
    held["items"] = {item["id"]: _audiences_sorted(item) for item in held["items"]}
    held["sections"] = {section.id: dict(section.title) for section in instrument.sections}
    held["order"] = {
        audience: [
            [section.id, item]
            for section in instrument.sections
            for item in section.items
            if audience in (instrument.item(item).audiences or instrument.audiences)
        ]
        for audience in instrument.audiences
    }
    text = json.dumps(held, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _audiences_sorted(part: dict[str, Any]) -> dict[str, Any]:
    held = {**part, "rows": [_audiences_sorted(row) for row in part["rows"]]} if part.get("rows") else part
    return {**held, "audiences": sorted(held["audiences"])} if held.get("audiences") else held


def column_of(
    variable: Variable,
    instrument: Instrument,
    *,
    question: str,
    part: str | None = None,
    headings: Mapping[str, Sequence[str]],
    codes: Mapping[str, str] | None = None,
    recodes: Mapping[str, str] | None = None,
    audiences: Iterable[str] | None = None,
) -> Column:
    """Describe one column for the manifest, with its words taken from the instrument.

    Parameters
    ----------
    variable
        Our column.
    instrument
        What is exported; its languages are those of the manifest.
    question, part
        The platform's ids.
    headings
        Style → headings.
    codes
        Our analysis code → the platform's; our own where left out, with the screen codes of missing answers.
    recodes
        The platform's raw value → the value in `codes`, where the two differ.
    audiences
        Those who find it there; the variable's where left out.
    """
    heard = tuple(audiences) if audiences is not None else variable.audiences
    if codes is None:
        codes = {code: code for code in variable.codes} | instrument.missing_on_screen(variable)
    return Column(
        variable=variable.name,
        item=variable.item.id,
        kind=variable.kind,
        row=variable.row.id if variable.row else None,
        option=variable.option.code if variable.option else None,
        audiences=heard,
        question=question,
        part=part,
        headings={style: tuple(dict.fromkeys(found)) for style, found in headings.items()},
        codes=dict(codes),
        recodes=dict(recodes or {}),
        labels={language: _labels(variable, instrument, language) for language in instrument.languages},
        wording={
            language: {name: wording_hash(variable.wording(name, language)) for name in heard}
            for language in instrument.languages
        },
    )


def _labels(variable: Variable, instrument: Instrument, language: str) -> dict[str, str]:
    offered = {missing.becomes: missing.label[language] for missing in instrument.missing_of(variable)}
    return variable.code_labels(language) | offered


def manifest_of(
    source: Instrument,
    narrowed: Instrument,
    *,
    platform: str,
    layout: str,
    files: Iterable[str],
    columns: Iterable[Column],
    audience_column: str | None = None,
    notices: Iterable[str] = (),
    settings: Mapping[str, str] | None = None,
) -> ExportManifest:
    """Describe one export as a manifest.

    Parameters
    ----------
    source
        The whole instrument: id, version and hash are its.
    narrowed
        What was exported: languages and audiences are its.
    platform, layout, files, columns, audience_column, notices, settings
        As in the manifest; the audience's codes are the instrument's where there is an audience column.
    """
    codes = {name: audience.code for name, audience in narrowed.audiences.items()} if audience_column else {}
    written = [column.model_copy(update={"wording": _hashes(column, source)}) for column in columns]
    return ExportManifest(
        platform=platform,
        layout=layout,
        files=tuple(files),
        instrument=source.id,
        version=source.version,
        instrument_hash=instrument_hash(source),
        languages=narrowed.languages,
        audiences=tuple(narrowed.audiences),
        audience_column=audience_column,
        audience_codes=codes,
        columns=tuple(written),
        notices=tuple(dict.fromkeys(notices)),
        settings=dict(settings or {}),
    )


def _hashes(column: Column, source: Instrument) -> dict[str, dict[str, str]]:
    """Return the hashes of a column's words as the instrument has them, before names were filled in."""
    variable = source[column.variable]
    return {
        language: {name: wording_hash(variable.wording(name, language)) for name in heard}
        for language, heard in column.wording.items()
    }
