"""The brand of a report: cover, logo and client templates, as the study file gives them."""

from __future__ import annotations

import base64
import io
import math
import os
import re
import stat
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.disclosure.ledger import POOLED
from toolkit.errors import InvalidInput, Problem, ProblemCode, ToolkitError
from toolkit.locale import _, using_language
from toolkit.reporting.documents.model import Cover

if TYPE_CHECKING:
    from toolkit.study import Study

_KINDS = {".png": "PNG", ".svg": "SVG", ".jpg": "JPEG", ".jpeg": "JPEG"}
_MIME = {"PNG": "image/png", "SVG": "image/svg+xml", "JPEG": "image/jpeg"}

LARGEST_LOGO = 5_000_000
"""Bytes; a logo travels inside every file of every report."""

MOST_DOTS = 25_000_000
LONGEST_SIDE = 20_000

_SVG = "{http://www.w3.org/2000/svg}"
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
"""Unit of a length in SVG → CSS pixels."""

_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([a-z]*)\s*")
_ADDRESS = re.compile(r"url\(\s*['\"]?([^)'\"]*)|@import\s*(\S*)", flags=re.I)
_EMBEDDED = re.compile(r"data:image/(png|jpeg|gif);base64,", flags=re.I)
_ACTIVE = ("script", "foreignObject", "iframe", "embed", "object", "audio", "video", "handler", "listener")


def cover_of(study: Study, organisation: str, wave: str, *, draft: bool = False) -> Cover:
    """Make the cover of a report from the study file's names and brand.

    A draft is marked as one after its wave.

    Raises
    ------
    InvalidInput
        The logo is not a picture that can be used (see `read_logo`).
    """
    import toolkit
    from toolkit.presentation.theme import Theme

    theme = Theme.of(study.brand, study.instrument.audiences)
    with using_language(study.language):
        marked = f"{wave} · {_('draft')}" if draft else wave
        if organisation == POOLED:
            marked = f"{marked} · {_('for the consultant, not for clients')}"
    return Cover(
        title=study.title,
        subject=study.organisation_name(organisation),
        wave=marked,
        language=study.language,
        synthetic=study.synthetic,
        accent=theme.colour,
        logo=read_logo(study.folder / theme.logo, study.folder) if theme.logo else "",
        brand=theme.name,
        footer=theme.footer,
        facts=(
            f"{study.instrument.id} {study.instrument.version}",
            f"survey-research-toolkit {toolkit.__version__}",
        ),
        font=theme.font,
    )


def templates_of(study: Study) -> Mapping[str, Path]:
    """Return the client's own files the study names, by format.

    Raises
    ------
    InvalidInput
        One is reached through a link that leads out of the study's folder.
    """
    found = {form: study.folder / name for form, name in study.brand.templates.items()}
    problems = [
        _led_out(f"brand → template_{form}: {path.name}")
        for form, path in found.items()
        if leads_out(path, study.folder)
    ]
    if problems:
        raise InvalidInput("brand", problems)
    return found


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path is a link, or goes through one below a folder, that ends outside the folder.

    A path that is written to lead elsewhere (`../brand/logo.svg`) is the owner's own decision; what a link
    brings in is not visible in the study file.
    """
    home, written = (Path(os.path.normpath(Path.cwd() / one)) for one in (folder, path))
    if written.resolve().is_relative_to(home.resolve()):
        return False
    return written.is_relative_to(home) or written.is_symlink()


def _led_out(where: str) -> Problem:
    return Problem(
        "outside-folder",
        where,
        "is a link that leads out of the study's folder",
        "put the file itself into the folder",
    )


def read_logo(path: Path, folder: Path) -> str:
    """Read a logo as a data URL.

    Parameters
    ----------
    path
        A PNG, JPEG or SVG file; what it is by its content has to agree with the ending of its name.
    folder
        The study's folder; links and an SVG's addresses must not lead out of it.

    Returns
    -------
    str
        `data:image/…;base64,…`. An SVG carries its width and height, taken from its viewBox where it gives
        none, and the bitmaps it names, which are found from the file's own place.

    Raises
    ------
    InvalidInput
        The file is missing, no regular file, too large, reached through a link that leads out, damaged or of
        another kind; an SVG without a size, with scripts, or with addresses outside the folder.
    """
    where = f"brand → logo: {path.name}"
    content = _content(path, folder, where)
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        _refuse("unsupported-format", where, "must be a PNG, SVG or JPEG", "save it as one")
    if kind == "SVG":
        content = _drawing(content, path, folder, where)
    else:
        found = _bitmap(content, where)
        if found != kind:
            _refuse(
                "wrong-file",
                where,
                f"is a {found} picture under the name of a {kind}",
                "rename it, or save it again",
            )
        if found == "JPEG" and content[6:10] not in (b"JFIF", b"Exif"):
            content, kind = _as_png(content), "PNG"  # python-docx knows a JPEG by these alone
    return f"data:{_MIME[str(kind)]};base64,{base64.b64encode(content).decode()}"


def _refuse(code: ProblemCode, where: str, what: str, hint: str) -> None:
    raise InvalidInput("brand", [Problem(code, where, what, hint)])


def _content(path: Path, folder: Path, where: str) -> bytes:
    try:
        about = path.stat()
    except (OSError, ValueError) as fault:
        raise InvalidInput(
            "brand", [Problem("file-not-found", where, "does not exist", "check the path")]
        ) from fault
    if not stat.S_ISREG(about.st_mode):
        _refuse("wrong-path", where, "is not a regular file", "name a picture file")
    if leads_out(path, folder):
        raise InvalidInput("brand", [_led_out(where)])
    if about.st_size > LARGEST_LOGO:
        what = f"has {about.st_size:,} bytes, and a logo may have {LARGEST_LOGO:,}"
        _refuse("too-large", where, what, "save it smaller: some 600 pixels wide are enough")
    try:
        return path.read_bytes()
    except OSError as fault:
        what = f"cannot be read: {fault.strerror}"
        raise InvalidInput(
            "brand", [Problem("unreadable-file", where, what, "give yourself the right to read it")]
        ) from fault


def _bitmap(content: bytes, where: str) -> str:
    """Return "PNG" or "JPEG" for a bitmap that can be decoded to its end."""
    from PIL import Image

    smaller = "save it smaller: some 600 pixels wide are enough"
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                wide, high = picture.size
                if wide * high > MOST_DOTS or max(wide, high) > LONGEST_SIDE:
                    what = f"is {wide:,} × {high:,} pixels, and a logo may have {MOST_DOTS:,} in all"
                    _refuse("too-large", where, what, smaller)
                picture.load()
                return str(picture.format)
        except InvalidInput:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            _refuse("too-large", where, f"is larger than {MOST_DOTS:,} pixels", smaller)
        except Exception:  # noqa: BLE001 - decoders raise kinds of their own for damaged files
            _refuse(
                "damaged-file",
                where,
                "is not a PNG or JPEG picture, or is damaged",
                "save it again as PNG or SVG",
            )
    raise AssertionError("unreachable")


def _as_png(content: bytes) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(made, "PNG")
    return made.getvalue()


def _drawing(content: bytes, path: Path, folder: Path, where: str) -> bytes:
    """Return a self-contained SVG: with a size, and with the images it refers to embedded."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError):
        _refuse("damaged-file", where, "is not an SVG, or is damaged", "save it again as SVG or PNG")
    if root.tag != f"{_SVG}svg":
        hint = 'its first element must be <svg xmlns="http://www.w3.org/2000/svg">'
        _refuse("wrong-file", where, "is XML, but not an SVG", hint)
    problems = list(_active(root, where))
    changed = False
    for element in root.iter(etree.Element):
        for name, address in list(element.attrib.items()):
            if etree.QName(name).localname != "href" or address.startswith("#"):
                continue
            embedded = _embedded(str(address).strip(), path, folder)
            if embedded is None:
                problems.append(_outside(where, str(address)))
            elif embedded != address:
                element.set(name, embedded)
                changed = True
    sides = _sides(root)
    if sides is None:
        what = "gives neither a width and height nor a viewBox, each above 0"
        problems.append(
            Problem("missing-value", where, what, 'write width="120" height="40" into its first element')
        )
    if problems:
        raise InvalidInput("brand", dict.fromkeys(problems))
    if sides is not None and not _says(content, sides):
        for name, side in zip(("width", "height"), sides, strict=True):
            root.set(name, f"{side:.6g}")
        changed = True
    about = root.getroottree().docinfo
    changed |= any(isinstance(one, etree._ProcessingInstruction) for one in root.itersiblings(preceding=True))
    if changed or about.doctype or (about.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII", "US-ASCII"):
        return bytes(etree.tostring(root, encoding="utf-8"))
    return content


def _says(content: bytes, sides: tuple[float, float]) -> bool:
    """Return whether an SVG gives its size in a form that every document writer understands."""
    from toolkit.reporting.documents.pdf import size_of  # imports Typst, which takes its time

    try:
        return size_of(content.decode()) == sides
    except (ToolkitError, UnicodeDecodeError):
        return False


def _active(root: Any, where: str) -> Iterator[Problem]:
    """List the elements and attributes of an SVG that run code or load something."""
    from lxml import etree

    hint = "remove it in the program it was drawn with, or save it as PNG"
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        yield Problem("active-content", where, "declares entities", hint)
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in _ACTIVE:
            yield Problem("active-content", where, f"holds a <{etree.QName(element).localname}>", hint)
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower().startswith("on"):
                yield Problem(
                    "active-content", where, f"has an event handler ({etree.QName(name).localname})", hint
                )
            yield from _styled(str(value), where)
        if etree.QName(element).localname == "style":
            yield from _styled("".join(element.itertext()), where)


def _styled(text: str, where: str) -> Iterator[Problem]:
    for found in _ADDRESS.finditer(text):
        address = (found[1] or found[2] or "").strip()
        if not address.startswith("#") and not _EMBEDDED.match(address):
            yield _outside(where, address)


def _outside(where: str, address: str) -> Problem:
    shown = address if len(address) <= 60 else f"{address[:57]}…"
    what = f"names something outside itself ({shown!r})"
    return Problem(
        "outside-folder", where, what, "embed it, or keep a PNG or JPEG beside the logo in the study's folder"
    )


def _embedded(address: str, path: Path, folder: Path) -> str | None:
    """Return a bitmap that an SVG refers to as a data URL; None for anything else."""
    if _EMBEDDED.match(address):
        return address
    named = path.parent / address
    if ":" in address or address.startswith(("/", "\\")) or not _within(named, folder):
        return None
    try:
        content = _content(named, folder, address)
        kind = _bitmap(content, address)
    except InvalidInput:
        return None
    return f"data:{_MIME[kind]};base64,{base64.b64encode(content).decode()}"


def _within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):
        return False


def _sides(root: Any) -> tuple[float, float] | None:
    """Return width and height of an SVG in pixels, from its viewBox where it has no lengths of its own."""
    given = [_pixels(str(root.get(name, ""))) for name in ("width", "height")]
    box = re.split(r"[\s,]+", str(root.get("viewBox", "")).strip())
    try:
        boxed = [float(one) for one in box[2:4]] if len(box) == 4 else []
    except ValueError:
        boxed = []
    if len(boxed) == 2 and all(0 < one < math.inf for one in boxed):
        wide, high = given
        if wide is None and high is None:
            given = [boxed[0], boxed[1]]
        elif wide is None and high is not None:
            given = [high * boxed[0] / boxed[1], high]
        elif high is None and wide is not None:
            given = [wide, wide * boxed[1] / boxed[0]]
    wide, high = given
    if wide is None or high is None or not (0 < wide <= LONGEST_SIDE and 0 < high <= LONGEST_SIDE):
        return None
    return wide, high


def _pixels(length: str) -> float | None:
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _UNITS[found[2]] if found and found[2] in _UNITS else None
