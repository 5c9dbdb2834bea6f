"""Parameters checked, a notebook executed, and cleaned."""

from __future__ import annotations

import json

import pytest

from tests.refusals import problem
from tests.reporting.cells import code
from toolkit.errors import InvalidInput
from toolkit.reporting.notebook import (
    CellError,
    Limits,
    check_parameters,
    clean,
    execute,
    notebook_parameters,
    read_notebook,
)

GIVEN = {"study": "s.yaml", "organisation": "org-01", "wave": "2026", "data": None, "output": None}


def test_parameters_are_read_from_the_tagged_cell(write_notebook):
    path = write_notebook(
        "other = 1", parameters='study = "a.yaml"\nwave: str | None = None\nprint("no name")'
    )
    assert notebook_parameters(path) == {"study": "'a.yaml'", "wave": "None"}


def test_a_parameter_the_notebook_lacks_is_refused_with_near_names(write_notebook):
    path = write_notebook(
        "1", parameters='study = ""\norganization = ""\nwave = None\ndata = None\noutput = None'
    )
    with pytest.raises(InvalidInput, match="did you mean 'organization'"):
        check_parameters(path, GIVEN)


def test_a_parameters_cell_that_is_no_python_is_refused(write_notebook):
    path = write_notebook("1", parameters="study = 'a.yaml'\nwave =")
    with pytest.raises(InvalidInput, check=problem("syntax", "parameters cell, line 2")):
        notebook_parameters(path)


def test_a_missing_notebook_is_told_with_near_names(write_notebook, tmp_path):
    write_notebook("1", name="gaps.ipynb")
    with pytest.raises(InvalidInput, check=problem("file-not-found", str(tmp_path / "gap.ipynb"))):
        read_notebook(tmp_path / "gap.ipynb")


@pytest.mark.parametrize("words", ["", "{", "[]", '{"nbformat": 3}', "é".encode("latin-1")])
def test_what_is_no_notebook_is_told(tmp_path, words):
    path = tmp_path / "x.ipynb"
    path.write_bytes(words if isinstance(words, bytes) else words.encode())
    with pytest.raises(InvalidInput, match="is not a notebook"):
        read_notebook(path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"metadata": None}, "notebook: has no metadata"),
        ({"cells": None}, "its cells are not a list"),
        (
            {"cells": ["x", {"cell_type": "code", "metadata": {}, "source": 5}]},
            "cell 2: has a source that is not text",
        ),
        (
            {"cells": [{"cell_type": "code", "metadata": None, "source": ""}]},
            "cell 1: has invalid metadata or tags",
        ),
        (
            {"cells": [{"cell_type": "code", "metadata": {"tags": None}, "source": ""}]},
            "has invalid metadata or tags",
        ),
        ({"cells": [{"metadata": {}, "source": ""}]}, "cell 1: has no cell type"),
    ],
)
def test_a_notebook_whose_cells_are_damaged_is_told_cell_by_cell(tmp_path, damage, said):
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": [], **damage}))
    with pytest.raises(InvalidInput, match=said) as caught:
        notebook_parameters(path)
    assert len(caught.value.problems) == (2 if "cell 2" in said else 1)


def test_a_notebook_nested_without_end_is_none(tmp_path):
    path = tmp_path / "deep.ipynb"
    path.write_text("[" * 100_000)
    with pytest.raises(InvalidInput, match="is not a notebook"):
        read_notebook(path)


def test_a_notebook_without_a_cell_of_parameters_is_told_once(write_notebook):
    path = write_notebook("1", parameters="print('no name')")
    with pytest.raises(InvalidInput, check=problem("missing-key", "notebook")):
        check_parameters(path, GIVEN)


def test_a_notebook_in_another_language_is_refused(write_notebook):
    path = write_notebook("x <- 1")
    told = json.loads(path.read_text())
    told["metadata"] = {"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}}
    path.write_text(json.dumps(told))
    with pytest.raises(InvalidInput, check=problem("unsupported", "notebook")):
        check_parameters(path, GIVEN)


def test_a_cell_that_raises_is_named_and_what_ran_is_kept(write_notebook, tmp_path):
    path = write_notebook("print(organisation)", "raise ValueError('nothing to divide')", "print('never')")
    target = tmp_path / "out" / "report.ipynb"
    target.parent.mkdir()
    with pytest.raises(CellError, match="ended in ValueError: nothing to divide") as caught:
        execute(path, target, GIVEN)
    assert "nothing to divide" in caught.value.traceback
    kept = json.dumps(read_notebook(target))
    assert "org-01" in kept
    assert "ValueError" in kept


def test_a_cell_that_never_ends_is_stopped(write_notebook, tmp_path):
    path = write_notebook("import time; time.sleep(60)")
    with pytest.raises(CellError, match="longer than 1 seconds"):
        execute(path, tmp_path / "report.ipynb", GIVEN, limits=Limits(cell=1))


def test_a_kernel_that_dies_is_told(write_notebook, tmp_path):
    path = write_notebook("import os; os._exit(7)")
    with pytest.raises(CellError, match="kernel that ran the notebook died"):
        execute(path, tmp_path / "report.ipynb", GIVEN)


def test_a_delivered_notebook_carries_no_path_no_time_and_no_warning():
    dirty = code("organisation = 'org-01'\nstudy = '/home/me/study.yaml'", tags=["injected-parameters"])
    dirty["metadata"] |= {"papermill": {"duration": 1}, "execution": {"iopub.execute_input": "2026"}}
    warned = code(
        "x", outputs=[{"output_type": "stream", "name": "stderr", "text": ["/home/me/x.py: careful"]}]
    )
    notebook = {
        "cells": [code("organisation = 'org-99'", tags=["parameters"]), dirty, warned],
        "metadata": {"papermill": {"input_path": "/home/me"}, "kernelspec": {}},
    }
    cleaned, warnings = clean(notebook, {"study": "study.yaml", "organisation": "org-01"})
    assert "/home/me" not in json.dumps(cleaned)
    assert "org-99" not in json.dumps(cleaned)
    assert cleaned["cells"][0]["metadata"] == {"tags": ["injected-parameters"]}
    assert "study = 'study.yaml'" in cleaned["cells"][0]["source"]
    assert warnings == ["/home/me/x.py: careful"]


def test_what_a_cell_for_the_analyst_shows_is_not_delivered():
    """The pages leave such a cell out; the notebook lies in the same folder."""
    shown = [
        {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": "answer 17: burned out"}},
        {"output_type": "stream", "name": "stderr", "text": "careful"},
    ]
    notebook = {"cells": [code("frame", tags=["analyst"], outputs=shown)], "metadata": {}}
    cleaned, warnings = clean(notebook, {})
    assert "burned out" not in json.dumps(cleaned)
    assert cleaned["cells"][0]["source"] == notebook["cells"][0]["source"]
    assert warnings == ["careful"]
    assert len(notebook["cells"][0]["outputs"]) == 2
