"""Sphinx configuration of the documentation site (`make docs`).

The source folder is the root of the checkout, so that pages and notebooks link to each other as they do in
the repository.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
# kernels of executed pages import the toolkit of this checkout
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

import toolkit  # noqa: E402

project = "Survey Research Toolkit"
author = "The Survey Research Toolkit maintainers"
copyright = "the Survey Research Toolkit maintainers"  # noqa: A001
version = release = toolkit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_design",
    "numpydoc",
    "myst_nb",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "notebooks/**", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = [
    "docs/_build/**",
    "docs/_extra/**",
    "docs/README.md",
    "notebooks/withheld_notice.ipynb",
    "**/.ipynb_checkpoints",
]

myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3
# links to folders and files of the repository, which are not pages of the site
suppress_warnings = [
    "myst.xref_missing",
    "myst.header",
    "misc.highlighting_failure",
    "mystnb.unknown_mime_type",
]

# the notebooks of the course run in the build; those that take minutes, or are a report, only in the tests
nb_execution_mode = "auto"
nb_execution_excludepatterns = [f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")]
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "Survey Research Toolkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_extra_path = ["_extra"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options: dict[str, Any] = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

_AREAS = {
    "toolkit.study": "Studies",
    "toolkit.instrument": "Questionnaires",
    "toolkit.platforms": "Platforms",
    "toolkit.responses": "Answers",
    "toolkit.simulation": "Simulated answers",
    "toolkit.weighting": "Weights",
    "toolkit.analysis": "Estimates, gaps, tests and models",
    "toolkit.findings": "Published statistics",
    "toolkit.claims": "Published claims",
    "toolkit.disclosure": "Disclosure control",
    "toolkit.presentation": "Tables",
    "toolkit.presentation.figures": "Figures",
    "toolkit.reporting": "Reports",
    "toolkit.checklists": "Checklists",
    "toolkit.course": "Course",
    "toolkit.errors": "Errors",
}


def _write_reference() -> None:
    """Write the page that lists every public name, by the package it comes from."""
    areas: dict[str, list[str]] = {}
    for name, home in toolkit._HOME.items():
        areas.setdefault(_AREAS.get(home.partition(":")[0], "Other"), []).append(name)
    lines = [
        "# API reference",
        "",
        "Every public name of `import toolkit as tk`. Packages list more in their `__all__`.",
        "Examples assume a study, such as `study = tk.load_study('ai_at_work')`,",
        "`instrument = study.instrument`, the `answers` of one organisation, and results",
        "such as `gaps` and `shares`, as the [gallery](gallery.md) computes them.",
        "",
    ]
    order = list(dict.fromkeys(_AREAS.values()))
    for area in sorted(areas, key=lambda one: order.index(one) if one in order else len(order)):
        names = "\n".join(f"   {name}" for name in sorted(areas[area]))
        lines += [f"## {area}", "", "```{eval-rst}", ".. currentmodule:: toolkit", "", ".. autosummary::"]
        lines += ["   :toctree: generated", "   :nosignatures:", "", names, "```", ""]
    page = ROOT / "docs" / "reference.md"
    text = "\n".join(lines)
    if not page.exists() or page.read_text("utf-8") != text:
        page.write_text(text, "utf-8")


_write_reference()


def setup(app: Any) -> None:
    """Resolve the lazy public names before autosummary looks at them."""
    for name in toolkit.__all__:
        getattr(importlib.import_module("toolkit"), name)
