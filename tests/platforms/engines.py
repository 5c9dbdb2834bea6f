"""The engines that decide whether an export means what our evaluation says: SurveyJS, XPath, ODK Validate."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

NODE = Path(__file__).parent / "node"
JAVA = Path(__file__).parent / "java"


def node(script: str, given: object) -> Any:
    """What a script of the folder `node` answers to data; skips where node or survey-core is not here."""
    if not (NODE / "node_modules" / "survey-core").is_dir():
        pytest.skip("survey-core is not installed; `make node-modules` installs it")
    return node_alone(script, given)


def node_alone(script: str, given: object) -> Any:
    """What a script that needs no package answers to data; skips where node is not here."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        ["node", str(NODE / script)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def java() -> None:
    """Skip where there is no Java for ODK Validate."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, which ODK Validate needs")


def fill_xforms(jobs: Sequence[tuple[Path, Sequence[Mapping[str, str]]]]) -> list[list[bytes]]:
    """Submissions of forms that JavaRosa, the engine of ODK Collect, filled with each person's answers."""
    if shutil.which("javac") is None:
        pytest.skip("no Java development kit is installed, which the filling of XForms needs")
    arguments: list[str] = []
    for form, people in jobs:
        folder = form.with_suffix(".filled")
        folder.mkdir()
        lines = [
            f"p{place:04}\t{q}\t{v}" for place, one in enumerate(people) for q, v in [("", ""), *one.items()]
        ]
        form.with_suffix(".tsv").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        arguments += [str(form), str(form.with_suffix(".tsv")), str(folder)]
    done = subprocess.run(
        ["java", "-Djava.awt.headless=true", "-cp", str(_odk_jar()), str(JAVA / "Fill.java"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"JavaRosa ended with {done.returncode}: {done.stderr[-3000:]}")
    return [
        [path.read_bytes() for path in sorted(form.with_suffix(".filled").glob("*.xml"))] for form, _ in jobs
    ]


def _odk_jar() -> Path:
    import pyxform.validators.odk_validate as bundled

    return Path(bundled.__file__).parent / "bin" / "ODK_Validate.jar"


def odk_validate(paths: Sequence[Path]) -> str:
    """What ODK Validate says of XForms, many in one run; empty where it finds them all valid."""
    java()
    done = subprocess.run(
        ["java", "-Djava.awt.headless=true", "-jar", str(_odk_jar()), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    valid = done.stderr.count("Xform is valid") + done.stdout.count("Xform is valid")
    if done.returncode == 0 and valid == len(paths):
        return ""
    return f"ended with {done.returncode}, {valid} of {len(paths)} valid\n{done.stderr}\n{done.stdout}"


def surveyjs_holds(cases: Sequence[tuple[str, Mapping[str, Any]]]) -> list[bool]:
    """Whether SurveyJS finds each expression true of its values."""
    asked = [{"expression": expression, "values": dict(values)} for expression, values in cases]
    return [bool(held) for held in node("conditions.cjs", asked)]


def xpath_holds(expression: str, values: Mapping[str, str | None]) -> bool:
    """Whether XPath 1.0 finds an expression with ${…} true; None is a node that is not there.

    ODK's own functions are added as its specification words them.
    """
    data = etree.Element("data")
    for name, value in values.items():
        if value is not None:
            etree.SubElement(data, name).text = value
    written = expression.replace("${", "/data/").replace("}", "")
    return bool(etree.XPath(f"boolean({written})", extensions={(None, "selected"): _selected})(data))


def _selected(_: object, answer: object, code: object) -> bool:
    return str(_text(code)) in _text(answer).split()


def _text(value: object) -> str:
    if isinstance(value, list):
        return (value[0].text or "") if value else ""
    return str(value)
