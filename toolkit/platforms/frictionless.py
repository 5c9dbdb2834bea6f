"""Frictionless data package: a CSV of codes and a `datapackage.json` that describes each column.

Codes are text, as in the coded frame. Missing codes of a column are its `missingValues` (−1 is not a missing
value of a number that was asked for); `enum` holds the answer codes and `categories` their words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from toolkit.instrument.codebook import base_of, cited
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import translated
from toolkit.platforms import Platform, register
from toolkit.platforms.labelled import empty_frame, own_columns
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of
from toolkit.platforms.words import OWN_LABELS, missing_labels

Descriptor = dict[str, Any]
_MISSING = ["", *sorted(MISSING)]
_REQUIRED = ("respondent", "wave", "audience", "status")


def files_of(
    source: Instrument, part: Instrument, answers: pd.DataFrame | None = None, notices: Iterable[str] = ()
) -> dict[str, str | bytes]:
    """Name → content of the package.

    Parameters
    ----------
    source, part
        The whole instrument, and what of it is exported.
    answers
        A coded frame with every column of `part`; None for a package without answers.
    notices
        Notices for the manifest.
    """
    frame = empty_frame(part) if answers is None else answers
    own = own_columns(frame, part)
    names = [*own, *(variable.name for variable in part.variables)]
    stem = f"{source.id}-{'template' if answers is None else 'answers'}"
    table = frame[names].to_csv(index=False, lineterminator="\n")
    package = json.dumps(_package(part, own, stem), ensure_ascii=False, indent=1) + "\n"
    manifest = manifest_of(
        source,
        part,
        platform="frictionless",
        layout="one",
        files=["datapackage.json", f"{stem}.csv"],
        columns=[
            column_of(variable, part, question=variable.name, headings={"name": [variable.name]}, codes=held)
            for variable in part.variables
            for held in [{code: code for code in variable.categories if variable.codes}]
        ],
        audience_column="audience",
        notices=notices,
    ).model_copy(update={"audience_codes": {name: name for name in part.audiences}})
    return {
        "datapackage.json": package,
        f"{stem}.csv": table,
        f"{stem}{MANIFEST_ENDING}": manifest.to_json(),
    }


def _package(part: Instrument, own: Mapping[str, str], stem: str) -> Descriptor:
    language = part.languages[0]
    fields = [*_own_fields(part, own, language), *(_field(v, part, language) for v in part.variables)]
    return {
        "profile": "tabular-data-package",
        "name": part.id,
        "title": part.title[language],
        "version": part.version,
        "keywords": [
            part.themes[theme][language] for theme in dict.fromkeys(v.theme for v in part.variables)
        ],
        "languages": list(part.languages),
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": stem.lower(),
                "path": f"{stem}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {
                    "fields": fields,
                    "missingValues": [""],
                    "primaryKey": ["wave", "respondent"],
                },
            }
        ],
    }


def _own_fields(part: Instrument, own: Mapping[str, str], language: str) -> Iterator[Descriptor]:
    for name, kind in own.items():
        field: Descriptor = {"name": name, "type": "number" if kind == "number" else "string"}
        field["title"] = translated(language, OWN_LABELS.get(name, name))
        constraints: Descriptor = {"required": True} if name in _REQUIRED else {}
        if name == "audience":
            constraints["enum"] = list(part.audiences)
            field["categories"] = [
                {"value": one, "label": audience.label[language]} for one, audience in part.audiences.items()
            ]
        if name == "status":
            constraints["enum"] = ["complete", "partial"]
        yield field | ({"constraints": constraints} if constraints else {})


def _field(variable: Variable, part: Instrument, language: str) -> Descriptor:
    field: Descriptor = {
        "name": variable.name,
        "type": "number" if variable.kind == "number" else "string",
        "title": variable.label(language),
        "description": variable.wording(variable.audiences[0], language),
        "item": variable.item.id,
        "theme": variable.theme,
        "source": cited(variable.source),
        "wording": {
            one: {name: variable.wording(name, one) for name in variable.audiences} for one in part.languages
        },
        "base": {name: base_of(variable, name, part, language) for name in variable.audiences},
    }
    if variable.codes:
        field |= _coded(variable, part, language)
    bounds = {"minimum": variable.item.minimum, "maximum": variable.item.maximum}
    told = {
        name: int(bound) if bound.is_integer() else bound
        for name, bound in bounds.items()
        if bound is not None
    }
    return field | ({"constraints": told} if variable.kind == "number" and told else {})


def _coded(variable: Variable, part: Instrument, language: str) -> Descriptor:
    words = variable.code_labels(language)
    missing = missing_labels(language)
    missing |= {one.becomes: one.label[language] for one in part.missing_of(variable)}
    return {
        "constraints": {"enum": list(variable.codes)},
        "categories": [{"value": code, "label": words[code]} for code in variable.codes],
        "categoriesOrdered": variable.ordered,
        "missingValues": _MISSING,
        "missingLabels": missing,
    }


register(Platform("frictionless", "Frictionless data package", files_of, answers=files_of, order=110))
