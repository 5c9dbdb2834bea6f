"""Fault-tolerant reading of instrument files: valid entries are kept, all faults are listed."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import is_folder
from toolkit.instrument.files import AudienceFile, BankFile, WholeFile
from toolkit.instrument.lint_rules import Lint
from toolkit.instrument.model import Option, Scale, Texts
from toolkit.instrument.published.borrowing import adapter_names, bring_in, load_adapter
from toolkit.instrument.yaml_loader import (
    Document,
    Finding,
    Location,
    of_another_kind,
    problems_of,
    read_document,
)
from toolkit.locale import languages as known_languages
from toolkit.locale import respondent_text

__all__ = ["Finding", "Questionnaire", "Reading", "bank_files"]

Model = TypeVar("Model", bound=BaseModel)
Bank = TypeVar("Bank", bound=BankFile)


@dataclass(frozen=True)
class Questionnaire:
    """A file given to the loader: one audience's questionnaire, or a complete one."""

    document: Document
    audience: AudienceFile | None = None
    whole: WholeFile | None = None


@dataclass
class Reading:
    """The files of one load, and all faults found so far."""

    documents: list[Document] = field(default_factory=list)
    found: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Names of entries that could not be read; references to them are not reported."""

    def problems(self) -> list[Problem]:
        """Return every fault once."""
        first = {(one.where, one.what): one for one in reversed(self.found)}
        return [first[key] for key in dict.fromkeys((one.where, one.what) for one in self.found)]

    def questionnaire(self, path: Path) -> Questionnaire | None:
        """Read an audience file or a complete questionnaire; None if it is unusable."""
        document = self._document(path)
        if document is None:
            return None
        if isinstance(document.data, dict) and ("bank" in document.data or "audience" in document.data):
            audience = self._checked(AudienceFile, document)
            return Questionnaire(document, audience=audience) if audience else None
        if isinstance(document.data, dict) and document.data.keys() <= BankFile.model_fields.keys():
            hint = "load the audience files that name the bank"
            self.found.append(
                Problem(
                    "wrong-file", document.path.name, "this is a part of a bank, not a questionnaire", hint
                )
            )
            return None
        whole = self._checked(WholeFile, document)
        return Questionnaire(document, whole=self._complete(whole)) if whole else None

    def bank(self, folder: Path, document: Document) -> BankFile | None:
        """Read all YAML files of a bank's folder as one."""
        paths = bank_files(folder)
        if not paths:
            what = "is not a folder" if not is_folder(folder) else "contains no YAML files"
            hint = "name the folder of the bank, relative to this file"
            self.found.append(
                Problem("file-not-found", document.where(("bank",)), f"the bank '{folder}' {what}", hint)
            )
            return None
        documents = [self._document(path) for path in paths]
        parts = [(found, self._checked(BankFile, found)) for found in documents if found is not None]
        if len(parts) < len(paths) or any(part is None for _, part in parts):
            return None
        return self._complete(self._joined([(found, part) for found, part in parts if part is not None]))

    def add(self, findings: Iterable[Finding]) -> None:
        """Record findings with their file and line."""
        for finding in findings:
            document, location = self._locate(finding.path)
            where = f"{document.path.name}, line {document.line(location)}: {' → '.join(finding.path)}"
            self.found.append(Problem(finding.code, where, finding.what, finding.hint))

    def _document(self, path: Path) -> Document | None:
        try:
            document = read_document(path)
        except InvalidInput as error:
            self.found.extend(replace(found, where=f"{path}, {found.where}") for found in error.problems)
            return None
        self.documents.append(document)
        return document

    def _checked(self, model: type[Model], document: Document) -> Model | None:
        """Validate a file; keep only its valid entries if some are not, None if too little is left."""
        other = of_another_kind(model, document)
        if other is not None:
            self.found.append(replace(other, where=f"{document.path}, {other.where}"))
            return None
        try:
            return model.model_validate(document.data)
        except ValidationError as error:
            self.found.extend(problems_of(error, model, document))
            bad = {tuple(detail["loc"][:2]) for detail in error.errors()}
        for location in filter(None, bad):
            self.broken.update((document.named(location)[-1], str(location[0])))
        try:
            return model.model_validate(_without(document.data, bad))
        except ValidationError:
            return None

    def _complete(self, bank: Bank) -> Bank:
        """Complete a bank with the published scales it borrows, leaving out faulty ones."""
        complete, complaints = bring_in(_with_recommend(bank))
        self.add(complaints)
        for name in {one.path[1] for one in complaints}:
            self.broken.update(_made_by(name))
        return complete

    def _joined(self, parts: list[tuple[Document, BankFile]]) -> BankFile:
        kinds = ("audiences", "scales", "missing", "themes", "scores", "borrowed")
        joined: dict[str, Any] = {kind: {} for kind in kinds}
        for document, part in parts:
            for kind in kinds:
                for name in getattr(part, kind):
                    if name in joined[kind]:
                        self._twice(document, (kind, name), name)
                joined[kind].update(getattr(part, kind))
        items, texts = {}, dict[str, Any]()
        for document, part in parts:
            for name in part.texts.model_fields_set:
                if name in texts:
                    self._twice(document, ("texts", name), name)
                texts[name] = getattr(part.texts, name)
            for place, item in enumerate(part.items):
                if item.id in items:
                    self._twice(document, ("items", place), item.id)
                items[item.id] = item
        return BankFile(**joined, items=tuple(items.values()), texts=Texts(**texts))

    def _twice(self, document: Document, location: Location, name: str) -> None:
        hint = "keep one of them, or give one another name"
        self.found.append(
            Problem("duplicate", document.where(location), f"'{name}' is defined twice in the bank", hint)
        )

    def _locate(self, path: tuple[str, ...]) -> tuple[Document, Location]:
        """Find the file and place of a path of names, or the nearest enclosing place."""
        for length in range(len(path), 0, -1):
            for document in self.documents:
                location = document.places.get(path[:length])
                if location is not None:
                    return document, location
        return self.documents[0], ()


def _with_recommend(bank: Bank) -> Bank:
    """Add the scale `recommend` to a bank if items name it and nothing defines it."""
    users = [item for item in bank.items if item.scale == "recommend"]
    if not users or "recommend" in bank.scales:
        return bank
    languages = dict.fromkeys(one for item in users for wording in item.text.values() for one in wording)
    return bank.model_copy(update={"scales": {**bank.scales, "recommend": _recommend([*languages])}})


def _recommend(languages: Sequence[str]) -> Scale:
    """Build the scale 0 to 10 of "how likely are you to recommend …" (Reichheld 2003)."""

    known = known_languages("questionnaire")

    def worded(language: str, plain: str, text: str) -> str:
        """Return a text in a language, plain figures where it has no catalogue."""
        return text if language in known else plain

    def words(number: int) -> dict[str, str]:
        if number not in (0, 10):
            return dict.fromkeys(languages, str(number))
        return {
            one: worded(
                one,
                str(number),
                f"{number} – "
                + (
                    respondent_text(one, "Extremely likely")
                    if number
                    else respondent_text(one, "Not at all likely")
                ),
            )
            for one in languages
        }

    boxes = [
        {one: worded(one, "9–10", respondent_text(one, "promoters (9–10)")) for one in languages},
        {one: worded(one, "0–6", respondent_text(one, "detractors (0–6)")) for one in languages},
    ]
    return Scale(
        ordered=True,
        options=tuple(Option(code=str(number), label=words(number)) for number in range(11)),
        top=("9", "10"),
        bottom=tuple(map(str, range(7))),
        top_label=boxes[0],
        bottom_label=boxes[1],
        net=True,
        lint=Lint(allow={"unbalanced-scale": "the score is defined by 9 and 10 against 0 to 6"}),
    )


def bank_files(folder: Path) -> list[Path]:
    """List the files of a bank in reading order."""
    return sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))) if is_folder(folder) else []


def _made_by(name: str) -> Iterator[str]:
    """Return the names of the items and scores that a borrowed scale would have added."""
    if name in adapter_names():
        adapter = load_adapter(name)
        yield from (*adapter.grids, *adapter.scores)


def _without(data: Any, bad: set[Location]) -> Any:
    """Return a copy without the faulty entries."""
    kept = copy.deepcopy(data)
    if not isinstance(kept, dict):
        return kept
    for location in sorted(bad, key=lambda at: [str(step).zfill(9) for step in at], reverse=True):
        holder = kept.get(location[0]) if len(location) > 1 else kept
        step = location[-1]
        if isinstance(holder, list) and isinstance(step, int):
            del holder[step]
        elif isinstance(holder, dict):
            holder.pop(step, None)
    return kept
