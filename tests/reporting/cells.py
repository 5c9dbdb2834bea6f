"""Notebooks made of plain JSON."""

from __future__ import annotations

PARAMETERS = 'study = ""\norganisation = ""\nwave = None\ndata = None\noutput = None'


def notebook(*sources: str, parameters: str = PARAMETERS) -> dict:
    """A notebook of code cells as JSON, not executed."""
    cells = [code(parameters, number=0, tags=["parameters"])]
    cells += [code(source, number=number) for number, source in enumerate(sources, start=1)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def code(
    source: str, *, number: int = 0, tags: list[str] | None = None, outputs: list[dict] | None = None
) -> dict:
    """One code cell."""
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "metadata": {"tags": tags or []},
        "execution_count": None,
        "source": source,
        "outputs": outputs or [],
    }


def text(source: str, *, tags: list[str] | None = None) -> dict:
    """One markdown cell."""
    return {"cell_type": "markdown", "id": "words", "metadata": {"tags": tags or []}, "source": source}


def shown(**data: str) -> dict:
    """One displayed output; html="…" for text/html."""
    kinds = {"html": "text/html", "plain": "text/plain", "svg": "image/svg+xml", "png": "image/png"}
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {kinds[kind]: value for kind, value in data.items()},
    }
