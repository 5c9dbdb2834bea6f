"""What the fork server imports once for all reports."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
from toolkit.reporting.preload import import_jsonschema
import_jsonschema()
import nbformat, jsonschema
deferred = "rfc3987_syntax" not in sys.modules
valid = [jsonschema.FormatChecker(["iri"]).conforms(one, "iri") for one in ("http://ä.de/x", "http://[bad")]
print(deferred, valid)
"""


@pytest.mark.slow
def test_the_grammars_of_iris_are_read_when_one_is_checked() -> None:
    pytest.importorskip("rfc3987_syntax", reason="comes with JupyterLab")
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "[True,", "False]"]
