"""How a batch tells how far it is, also when nobody reads it any more."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from toolkit.cli.progress import ProgressPrinter
from toolkit.reporting import Progress

ONE = Progress(1, 2, "org-1", "A", "made", "", 1.0, elapsed=2.0)


@pytest.mark.parametrize(
    "fault", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device")]
)
def test_an_output_that_takes_no_more_is_told_nothing_further_and_ends_nothing(fault):
    class Closed(io.StringIO):
        tries = 0

        def write(self, text: str) -> int:
            Closed.tries += 1
            raise fault

    printer = ProgressPrinter(Closed())
    printer.line("begun")
    printer.progress(ONE)
    printer.end()
    assert Closed.tries == 1


def test_what_can_be_written_is(capsys):
    ProgressPrinter().progress(ONE)
    assert capsys.readouterr().out == "[1/2] org-1 A: made (1.0 s)\n"


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor of the system's")
def test_a_reader_that_is_gone_leaves_no_traceback_and_the_exit_code_of_the_work():
    program = (
        "import sys\nfrom toolkit.cli.progress import ProgressPrinter\nprinter = ProgressPrinter()\n"
        "for _ in range(3): printer.line('x' * 100_000)\nsys.exit(1)"
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor of the system's")
def test_a_command_whose_outputs_are_closed_from_the_start_gives_its_exit_code(tmp_path):
    command = (
        f"exec {sys.executable} -m toolkit.cli report {tmp_path}/none.yaml --out {tmp_path}/out >&- 2>&-"
    )
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 2
    assert list(tmp_path.iterdir()) == []
