"""Time one organisation's report beside the same report of an earlier commit, in turn, in one run.

Run: python benchmarks/report_since.py [commit] [rounds]   (default: 99c8cd0, the last before pictures were
drawn by matplotlib, and 3 rounds; needs the history of the repository). Processor time of the report's
functions, without notebook and processes (`bare` in reports.py of either commit); ratios count, not seconds.
The report has gained sections since, which are part of the cost.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMED = """
import sys, tempfile, time
sys.path.insert(0, "benchmarks")
import reports
with tempfile.TemporaryDirectory() as folder:
    for _ in range(4):
        begun = time.process_time()
        reports.bare("org-01", folder)
        taken = time.process_time() - begun
print(taken)
"""


def seconds(tree: Path) -> float:
    """Processor time of the fourth report in a process of its own."""
    given = {**os.environ, "PYTHONPATH": str(tree), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-c", TIMED], cwd=tree, env=given, check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])


def main(commit: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "-q", "--detach", str(earlier), commit], check=True)
        try:
            pairs = [(seconds(earlier), seconds(ROOT)) for _ in range(rounds)]
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=True)
    then, now = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{commit:10s} {then:6.2f} s of a processor\nnow        {now:6.2f}\nnow / then {now / then:6.2f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "99c8cd0", int(sys.argv[2]) if len(sys.argv) > 2 else 3)
