"""Reports of many organisations whose every text field holds a canary, and a search for them in every file.

    python -m tests.disclosure.canaries --organisations 1000

A canary is a word that occurs nowhere else. Planted are: the name and id of each organisation; names,
addresses, ids, tokens, referrers and open answers of respondents; folders and files of answers; comments in
the study file. Reports are built in five formats. Every file is unpacked, archives within archives too, and
searched: raw bytes, text of pages, metadata. In a report only the name and id of its own organisation belong.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.reporting.test_one_audience import INSTRUMENT, ITEM, ITEMS, WRITTEN
from toolkit.reporting.batch import run_study
from toolkit.reporting.options import RunOptions

FORMATS = ("html", "pdf", "docx", "pptx", "xlsx")
_CANARY = re.compile(r"zq[0-9a-f]{12}zq", re.IGNORECASE)
REMARK = """
  - {id: why, type: text, theme: food, text: {all: {en: "Why?", fr: "Pourquoi ?"}},
     short: {en: Reasons, fr: Raisons}, source: {origin: own}}
"""


def canary(*parts: object) -> str:
    """Return the word planted at a place."""
    return f"zq{sha256(repr(parts).encode()).hexdigest()[:12]}zq"


def write(folder: Path, organisations: int, people: int = 12) -> tuple[Path, dict[str, frozenset[str]]]:
    """Write a study full of canaries; return its file, and per organisation the words that belong."""
    home = folder / canary("folder")
    home.mkdir(parents=True)
    items = "".join(ITEM.format(name=name, way=way) for name, way in ITEMS.items())
    head = INSTRUMENT.replace("near]", "near, why]")
    (home / "canteen.yaml").write_text(head + items + REMARK, "utf-8")
    own = {
        f"org-{canary('id', at)}": frozenset({canary("id", at), canary("name", at)})
        for at in range(organisations)
    }
    fields = [
        "id",
        "submitdate",
        "token",
        "ipaddr",
        "refurl",
        "firstname",
        "email",
        "organisation",
        "audience",
    ]
    lines = [";".join([*fields, *ITEMS, "why"])]
    for at, name in enumerate(own):
        for one in range(people):
            planted = [canary(field, at, one) for field in ("token", "ip", "url", "first", "mail", "why")]
            answers = [str((one * 7 + at + place) % 5 % 2) for place in range(len(ITEMS))]
            row = [
                canary("respondent", at, one),
                "2026-09-03 10:12:00",
                *planted[:5],
                name,
                "staff",
                *answers,
            ]
            lines.append(";".join([*row, f"because {planted[5]} said so"]))
    answers = home / f"{canary('file')}.csv"
    answers.write_text("\n".join(lines) + "\n", "utf-8")
    members = [f"{name},Firm {canary('name', at)},2026,{people + 3}" for at, name in enumerate(own)]
    (home / "organisations.csv").write_text(
        "\n".join(["organisation,name,wave,staff", *members]) + "\n", "utf-8"
    )
    methods = ", ".join(f"{name}: x." for name in (*WRITTEN, "limitations"))
    study = home / "study.yaml"
    study.write_text(
        f"# {canary('comment')}\nid: canteen\ntitle: The canteen\nsynthetic: true\ninstrument: canteen.yaml\n"
        f"organisations: organisations.csv\nanswers:\n  - {{wave: '2026', platform: limesurvey, "
        f"file: {answers.name}}}\nmethods:\n  common: {{{methods}}}\n",
        "utf-8",
    )
    return study, own


def texts_of(content: bytes, name: str) -> Iterator[str]:
    """Yield everything a file holds as text: bytes, deflated streams, pages, parts of archives."""
    yield content.decode("utf-8", errors="replace")
    yield content.replace(b"\0", b"").decode("latin-1")
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.infolist():
                yield part.filename + part.comment.decode("latin-1")
                yield from texts_of(archive.read(part), part.filename)
    elif content.startswith(b"\x1f\x8b"):
        yield from texts_of(zlib.decompress(content, 31), name)
    elif content.startswith(b"%PDF"):
        from pypdf import PdfReader

        reader = PdfReader(io.BytesIO(content))
        yield repr(reader.metadata)
        yield reader.xmp_metadata.stream.get_data().decode() if reader.xmp_metadata else ""
        for page in reader.pages:
            yield page.extract_text().replace("\n", "").replace("\u00ad", "").replace("-", "")


def searched(folder: Path, own: dict[str, frozenset[str]]) -> tuple[Counter[str], list[str], int]:
    """Return how many files of each kind were read, canaries that do not belong, and files with own names."""
    read: Counter[str] = Counter()
    strays: list[str] = []
    at_home = 0
    for name, belongs in own.items():
        for path in sorted((folder / "canteen" / "2026" / name).rglob("*")):
            if path.is_file():
                read[path.suffix] += 1
                texts = [path.name, *texts_of(path.read_bytes(), path.name)]
                found = {word.lower() for text in texts for word in _CANARY.findall(text)}
                at_home += bool(found & belongs)
                strays += [f"{path.relative_to(folder)}: {word}" for word in sorted(found - belongs)]
    return read, strays, at_home


def run(folder: Path, organisations: int, workers: int | None = None) -> tuple[Counter[str], list[str], int]:
    """Build the reports and search them."""
    study, own = write(folder, organisations)
    options = RunOptions(out=folder / "out", formats=FORMATS, workers=workers)
    results = run_study(study, options)
    if set(results["status"]) != {"made"}:
        raise RuntimeError(f"not every report was made: {results['status'].value_counts().to_dict()}")
    return searched(folder / "out", own)


def main() -> None:
    """Print what was read and what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--organisations", type=int, default=1000)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        read, strays, at_home = run(Path(folder), given.organisations, given.workers)
    print(f"{given.organisations} organisations, {dict(read)} files, {at_home} name their own organisation")
    print(f"{len(strays)} canaries where they do not belong", *strays[:20], sep="\n")
    raise SystemExit(bool(strays))


if __name__ == "__main__":
    main()
