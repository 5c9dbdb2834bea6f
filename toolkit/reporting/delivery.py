"""Delivery: one archive per client with the files meant for it, and the text of an e-mail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit.disclosure.ledger import POOLED
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.locale import _, using_language
from toolkit.platforms.naming import slug
from toolkit.presentation.blocks import Prose
from toolkit.reporting.documents.model import DOCUMENT, Document, load_document, write_bytes, zipped
from toolkit.reporting.job import DONE, FAILED
from toolkit.reporting.manifest import MANIFEST, sha256_of
from toolkit.reporting.overall import OVERALL
from toolkit.system import write_whole

DELIVERY = "_delivery"
"""Folder beside the reports that the archives are written into."""

_NOT_FOR_CLIENTS = (MANIFEST, DOCUMENT, "report.ipynb")


def deliver(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    organisations: Sequence[str] | None = None,
    drafts: bool = False,
) -> pd.DataFrame:
    """Pack each client's files into one archive and write an e-mail text beside it.

    An archive holds the documents and results.csv; the notebook, the manifest, the run's own files and the
    report on all organisations stay.
    The same reports give the same bytes.

    Parameters
    ----------
    folder
        Folder of a wave's reports, as `run_reports` wrote it.
    out
        Where to write; None for the folder `_delivery` in it.
    organisations
        Ids; None for all.
    drafts
        Whether drafts are packed as well, which nothing has checked against earlier releases.

    Returns
    -------
    DataFrame
        One row per report: organisation, archive, text (paths as text), files (int).

    Raises
    ------
    InvalidInput
        No reports are there, an unknown organisation, a draft, a report whose latest build failed, and every
        file that is not as the run wrote it or is missing. Nothing is written then.

    Examples
    --------
    >>> deliver("reports/ai_at_work/2026")  # doctest: +SKIP
    """
    folder = Path(folder)
    manifests = dict(_manifests(folder))
    if not manifests:
        hint = "give the folder of a wave, such as reports/ai_at_work/2026"
        raise InvalidInput(
            "deliver", [Problem("file-not-found", str(folder), "holds no finished reports", hint)]
        )
    if OVERALL in (organisations or ()) or POOLED in (organisations or ()):
        what = "is about all organisations: it is for the consultant, not for clients"
        raise InvalidInput("deliver", [Problem("conflict", OVERALL, what, "leave it out")])
    problems = [
        Problem("unknown-organisation", one, "has no finished report here", near_names(one, manifests))
        for one in organisations or ()
        if one not in manifests
    ]
    chosen = [one for one in manifests if organisations is None or one in organisations]
    for one in chosen:
        if manifests[one].get("draft") and not drafts:
            hint = "release it with survey-toolkit release, which checks it against all that left before"
            problems.append(Problem("conflict", one, "is a draft", hint))
        problems += _changes(folder, one, manifests[one])
    if problems:
        raise InvalidInput("deliver", problems)
    target = folder / DELIVERY if out is None else Path(out)
    target.mkdir(parents=True, exist_ok=True)
    rows = []
    for one in chosen:
        manifest = manifests[one]
        names = sorted(name for name in _files(manifest) if name not in _NOT_FOR_CLIENTS)
        stem = "_".join(filter(None, (one, slug(manifest["study"]), slug(str(manifest["wave"])))))
        archive, text = target / f"{stem}.zip", target / f"{stem}.txt"
        write_bytes(archive, zipped((f"{stem}/{name}", (folder / one / name).read_bytes()) for name in names))
        write_whole(text, _email(load_document(folder / one / DOCUMENT), names))
        rows.append({"organisation": one, "archive": str(archive), "text": str(text), "files": len(names)})
    return pd.DataFrame(rows, columns=["organisation", "archive", "text", "files"])


def _manifests(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        if path.parent.name == OVERALL:
            continue
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            complete = manifest["status"] in DONE and {"study", "wave", "outputs"} <= set(manifest)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if complete and DOCUMENT in manifest["outputs"]:
            yield path.parent.name, manifest


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of every file of a report: those of its run, and those converted later."""
    return {**manifest["outputs"], **manifest.get("converted", {})}


def _changes(folder: Path, organisation: str, manifest: dict[str, Any]) -> Iterator[Problem]:
    """List files of a report that are not as they were written."""
    if (folder / FAILED / organisation).is_dir():
        hint = "run survey-toolkit report again, or leave the organisation out"
        yield Problem(
            "inconsistent", organisation, "has a report older than its latest build, which failed", hint
        )
    for name, digest in _files(manifest).items():
        path = folder / organisation / name
        where = f"{organisation}/{name}"
        if not path.is_file():
            yield Problem("file-not-found", where, "is missing", "run survey-toolkit report with --force")
        elif sha256_of(path) != digest:
            hint = "run survey-toolkit report with --force, or deliver your own copy by hand"
            yield Problem("damaged-file", where, "was changed after the report was made", hint)


def _email(document: Document, names: Sequence[str]) -> str:
    """Write subject and body: the report's summary, and the list of attached files."""
    cover = document.cover
    with using_language(cover.language):
        subject = " · ".join(filter(None, (cover.title, cover.subject, cover.wave)))
        prose = [part for part in document.sections[0].flat() if isinstance(part, Prose)]
        body = "\n\n".join(part.to_text(lambda line: line).strip() for part in prose)
        files = ", ".join(name for name in names if re.fullmatch(r"[^/]+", name))
        lines = [_("Subject: {subject}", subject=subject), body, _("Attached: {files}", files=files)]
        lines += ["\n".join(filter(None, (cover.brand, cover.footer)))]
    return "\n\n".join(filter(None, lines)) + "\n"
