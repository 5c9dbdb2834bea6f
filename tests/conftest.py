"""What every test shares: where the reference data lie, and a run that may not skip."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.examples import FAST
from toolkit.platforms.files import workbooks
from toolkit.reporting.manifest import sha256_of
from toolkit.reporting.preload import import_jsonschema

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SAMPLES = ROOT / "data_samples"


import_jsonschema()  # before a test module does, with its grammars
os.environ["SURVEY_TOOLKIT_LEDGER_KEY"] = "a key for the tests only"  # none is made in the user's folder

# no deadline: how long an example takes says how busy the machine is
settings.register_profile("fast", deadline=None, max_examples=FAST)
settings.register_profile("full", deadline=None, max_examples=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail where a test was skipped")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the folder of the longest tests, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "reporting" not in item.path.parts)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference data beside the project are not here")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def samples_are_read_once() -> Iterator[None]:
    """Keep what is read of the sample studies' answer files and of copies: hundreds of tests load them."""
    gather: Any = importlib.import_module("toolkit.responses.gather")
    read, decode = gather.read_answers, gather.decode
    known = {sha256_of(one) for one in SAMPLES.glob("*/answers/*") if one.is_file()}
    answers: dict[object, Any] = {}
    decoded: dict[int, Any] = {}

    def read_once(path: Path, instrument: Any, **given: Any) -> Any:
        content = sha256_of(path) if path.is_file() else ""
        if content not in known:
            return read(path, instrument, **given)
        key = (path.name, content, instrument.digest, repr(given))
        if key not in answers:
            answers[key] = read(path, instrument, **given)
        return answers[key]

    def decode_once(found: Any, instrument: Any) -> Any:
        if all(found is not one for one in answers.values()):
            return decode(found, instrument)
        if id(found) not in decoded:
            decoded[id(found)] = decode(found, instrument)
        return decoded[id(found)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gather, "read_answers", read_once)
        patch.setattr(gather, "decode", decode_once)
        yield


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files of SPSS and Stata in this process; only for tests of whole files, which end no process.

    A process of its own for each, as users have, takes a second to import its libraries.
    """
    monkeypatch.setattr(workbooks, "_read_apart", workbooks._packed)


_CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, opened once per file; `CHROMIUM` names another program than the one found."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser extra is not installed")
    pytest.importorskip("axe_playwright_python", reason="the browser extra is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM_OPTIONS)
        yield opened
        opened.close()
