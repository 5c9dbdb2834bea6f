"""Names that are safe as folders, and what messages call rows and remedies."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}


def folder_name(text: str) -> bool:
    """Return whether a name is safe as a folder on any system.

    Examples
    --------
    >>> folder_name("org-07"), folder_name("../org"), folder_name("Org 7")
    (True, False, False)
    """
    return bool(re.fullmatch(r"[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?", text)) and text not in _DEVICES


def slug(text: str) -> str:
    """Turn a name into one that is safe as a folder; empty where nothing is left.

    Other scripts than Latin are transliterated, sign by sign.

    Examples
    --------
    >>> slug("Oil & Gas"), slug("Zoë's Bakery (north)"), slug("Łódź"), slug("Сбербанк")
    ('oil-gas', 'zoes-bakery-north', 'lodz', 'sberbank')
    """
    made = _hyphenated(text)[:60].strip("-")
    return f"{made}-1" if made in _DEVICES else made


def _hyphenated(text: str) -> str:
    from anyascii import anyascii

    plain = anyascii(unicodedata.normalize("NFKC", text)).lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def made_id(name: str, *, marked: bool = False) -> str:
    """Make an id of any name: its slug, with a mark of eight hexadecimal digits where that is too short.

    The mark is a hash of the name. It is added where nothing is left of the name or too much would be cut.

    Parameters
    ----------
    marked
        Always add the mark: two names have the same slug.

    Examples
    --------
    >>> made_id("New Brunswick"), made_id("株式会社サンプル"), made_id("…")
    ('new-brunswick', 'zhushihuishesanpuru', 'org-ab5df625')
    """
    found = slug(name)
    if found and len(_hyphenated(name)) <= 60 and not marked:
        return found
    spelt = unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
    mark = hashlib.sha256(spelt.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{found[:51].strip('-') or 'org'}-{mark}"


def _safe(text: str) -> str:
    if not folder_name(text):
        hint = slug(text)
        raise ValueError(
            f"'{text}' cannot name a folder; use lower-case letters, digits, '-' and '_', at most 60"
            + (f" (for example '{hint}')" if hint else "")
        )
    return text


FolderName = Annotated[str, AfterValidator(_safe)]
"""A name that is used for folders."""


def rows_said(rows: Iterable[int]) -> str:
    """Name the first row and count the others: "row 12 (+31 more)"."""
    rows = list(rows)
    more = f" (+{len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"row {rows[0]}{more}"


def or_else(near: str, otherwise: str) -> str:
    """Join near names and what else might be done into one sentence."""
    return f"{near} Or {otherwise}" if near.endswith("?") else f"{near}; or {otherwise}"
