"""Imports shared by all reports, made by multiprocessing's fork server before its first fork.

The fork server imports this module by name (`set_forkserver_preload`); imported elsewhere it does nothing.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from toolkit.reporting import pool
from toolkit.reporting.pool import PRELOAD, Preloaded, end_with_parent

MODULES = (
    "IPython.core.pylabtools",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "nbformat",
    "pandas",
    "pandas.io.formats.csvs",
    "pandas.io.formats.string",
    "papermill",
    "toolkit.locale:preload",
    "toolkit.reporting.options",
    "toolkit.reporting.documents.brand",
    "toolkit.reporting.documents.model",
    "toolkit.reporting.notebook:preload",
    "toolkit.reporting.gathering",
    "toolkit.reporting.html:preload",
    "toolkit.reporting.manifest:preload",
    "toolkit.reporting.notebook",
    "toolkit.reporting.report",
    "toolkit.reporting.sections",
    "toolkit.reporting.statements",
    "toolkit.analysis.gaps",
    "toolkit.presentation.comparison_tables",
    "toolkit.presentation.figures",
    "toolkit.presentation.methods",
    "toolkit.presentation.tables",
    "toolkit.study.study",
    "toolkit.reporting.parts:preload",
)
"""Modules, some with a function to call. Not the inline backend: it looks for its shell when imported."""

SELDOM = 50_000
"""New objects before the garbage collector looks: a picture makes thousands and keeps nearly all."""


def threads() -> int:
    """Count this process's threads, those of libraries too."""
    return sum(1 for _ in Path("/proc/self/task").iterdir()) if Path("/proc/self/task").is_dir() else 1


def import_jsonschema() -> None:
    """Import jsonschema, which nbformat needs, but its grammars of IRIs only when an IRI is first checked.

    JupyterLab installs them (`rfc3987_syntax`), and their import alone takes two seconds of processor time.
    """
    name = "rfc3987_syntax"
    stand_in = ModuleType(name)
    stand_in.is_valid_syntax = (  # type: ignore[attr-defined]
        lambda term, value: importlib.import_module(name).is_valid_syntax(term, value)
    )
    deferred = find_spec(name) is not None and "jsonschema" not in sys.modules
    if deferred:
        sys.modules[name] = stand_in
    importlib.import_module("jsonschema")
    if deferred:
        del sys.modules[name]


def prepare(modules: Sequence[str]) -> Preloaded:
    """Create the notebooks' shell and import under it, because some packages ask where they run."""
    from toolkit.reporting.kernel import NotebookZMQShell

    import_jsonschema()
    shell = NotebookZMQShell.prepared()
    with shell.builtin_trap:
        for name in (*MODULES, *modules):
            module, _, function = name.partition(":")
            imported = importlib.import_module(module)
            if function:
                getattr(imported, function)()
    gc.collect()
    gc.freeze()  # what is here now is shared; the collector would touch, and so copy, everything
    gc.set_threshold(SELDOM, 20, 20)
    more = threads() - 1
    return Preloaded(os.getpid(), shell, f"what was imported has started {more} threads" if more else "")


if os.environ.get(PRELOAD):
    _settings = json.loads(os.environ.pop(PRELOAD))
    end_with_parent(_settings["server"])
    try:
        pool.preloaded = prepare(_settings["modules"])
    except Exception as fault:  # noqa: BLE001 - multiprocessing would pass over it; the pool reports it
        pool.preloaded = Preloaded(os.getpid(), None, f"{type(fault).__name__}: {fault}")
