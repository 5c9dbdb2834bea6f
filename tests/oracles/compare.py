"""Compare what R says now with what is written down: `make oracles`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.oracles.reading import HERE

_RELATIVE = 1e-7
"""R on another machine differs by its linear algebra library."""


def apart(now: Any, then: Any, where: str) -> list[str]:
    """Places where two results differ."""
    if isinstance(now, dict) and isinstance(then, dict) and now.keys() == then.keys():
        return [one for key in now for one in apart(now[key], then[key], f"{where}, {key}")]
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [
            one
            for at, (a, b) in enumerate(zip(now, then, strict=True))
            for one in apart(a, b, f"{where}[{at}]")
        ]
    numbers = isinstance(now, int | float) and isinstance(then, int | float)
    same = abs(now - then) <= _RELATIVE * abs(then) + 1e-10 if numbers else now == then
    return [] if same else [f"{where}: {now} now, {then} written down"]


def main(folder: str) -> int:
    """Print what differs; 1 where anything does."""
    found: list[str] = []
    for path in sorted((HERE / "data").glob("*.csv")):
        if (Path(folder) / "data" / path.name).read_text("utf-8") != path.read_text("utf-8"):
            found.append(f"data/{path.name}: differs")
    for name in ("cases.json", "simple_cases.json", "gap_split_cases.json"):
        now, then = (
            {case["id"]: case["result"] for case in json.loads((base / name).read_text("utf-8"))["cases"]}
            for base in (Path(folder), HERE)
        )
        found += [f"{one}: only in one of the two" for one in sorted(now.keys() ^ then.keys())]
        for one in sorted(now.keys() & then.keys()):
            found += apart(now[one], then[one], one)
    print("\n".join(found[:40]) if found else "all cases agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
