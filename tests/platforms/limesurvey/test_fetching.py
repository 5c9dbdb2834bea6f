"""Responses are fetched as LimeSurvey exports them, and nobody's password is written anywhere."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.refusals import problem

pytest.importorskip("citric", reason="the extra 'fetch' is not installed")

from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.platforms.limesurvey.fetching import PASSWORD_VARIABLE, fetch_limesurvey, password_for
from toolkit.responses import decode

ANSWERS = (
    '\ufeff"id";"submitdate";"audience";"aiuse";"agree[prod]";"agree[load]";"agree[burn]"\r\n'
    '"1";"2026-11-21 18:50:40";"exec";"1";"5";"2";"2"\r\n'
).encode()
Serve = Callable[[dict[str, Any]], str]


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Any]], str]]:
    """A small RemoteControl: method → result; anything else is refused as LimeSurvey refuses."""
    servers: list[HTTPServer] = []

    def start(results: dict[str, Any]) -> str:
        class Stub(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                result = results.get(asked["method"], {"status": "Invalid method"})
                if callable(result):
                    result = result(*asked["params"])
                held = json.dumps({"id": asked["id"], "result": result, "error": None}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(held)))
                self.end_headers()
                self.wfile.write(held)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Stub)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/index.php/admin/remotecontrol"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _let_in(user: str, password: str, plugin: str) -> object:
    if (user, password) == ("ana", "s3cret"):
        return "key"
    return {"status": "Invalid user name or password"}


RUNNING = {
    "get_session_key": _let_in,
    "release_session_key": "OK",
    "export_responses": lambda key, survey, *how: base64.b64encode(ANSWERS).decode(),
}


def _answering(result: object) -> dict[str, Any]:
    return {**RUNNING, "export_responses": result}


def test_what_is_fetched_is_the_export_to_the_byte(serve: Serve, tmp_path: Path, tiny: Instrument) -> None:
    out = fetch_limesurvey(serve(RUNNING), 424242, "ana", tmp_path / "a" / "staff.csv", password="s3cret")
    assert out.read_bytes() == ANSWERS
    entry = AnswersFile.model_validate(
        {
            "wave": "1",
            "platform": "limesurvey",
            "file": "staff.csv",
            "organisation": "org-1",
            "absent": ["ways", "outp", "years", "open"],
        }
    )
    frame = decode(read_answers(out, tiny, "limesurvey", entry=entry), tiny).coded
    assert frame["agree_prod"].tolist() == ["5"]


def test_codes_of_everybody_are_asked_for(serve: Serve, tmp_path: Path) -> None:
    asked: list[tuple[object, ...]] = []

    def export(key: str, *how: object) -> str:
        asked.append(how)
        return base64.b64encode(ANSWERS).decode()

    url = serve({**RUNNING, "export_responses": export})
    fetch_limesurvey(url, 424242, "ana", tmp_path / "staff.csv", password="s3cret")
    assert asked[0][:6] == (424242, "csv", None, "all", "code", "short")


@pytest.mark.parametrize(
    ("results", "password", "said"),
    [
        (RUNNING, "wrong", "user ana: was refused access (Invalid user name or password)"),
        (_answering({"status": "No Data, could not get max id."}), "s3cret", "holds no responses"),
        (_answering({"status": "Error: Invalid survey ID"}), "s3cret", "Invalid survey ID"),
        (_answering({"status": "No permission"}), "s3cret", "may not do that"),
        (_answering(base64.b64encode(b'"id";"submitdate"\r\n').decode()), "s3cret", "no responses"),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_said_with_a_hint_and_nothing_is_written(
    serve: Serve, tmp_path: Path, results: dict[str, Any], password: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        fetch_limesurvey(serve(results), 424242, "ana", tmp_path / "staff.csv", password=password)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/index.php/admin/remotecontrol", "is without https"),
        ("https://ana:s3cret@example.org/", "holds a user or a password"),
        ("example.org", "is not the address of a server"),
        ("http://127.0.0.1:9/index.php/admin/remotecontrol", "did not answer as LimeSurvey does"),
    ],
)
def test_an_address_that_will_not_do_is_refused(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fetch_limesurvey(url, 1, "ana", tmp_path / "staff.csv", password="s3cret")
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_password_comes_from_the_environment_or_is_asked_to_be_put_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret")
    assert password_for("https://example.org/x", "ana") == "s3cret"
    monkeypatch.delenv(PASSWORD_VARIABLE)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(InvalidInput, check=problem("access-denied", "password of ana")):
        password_for("https://example.org/x", "ana")


def test_the_command_fetches(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret")
    out = tmp_path / "staff.csv"
    assert main(["fetch", serve(RUNNING), "424242", "--user", "ana", "--out", str(out)]) == 0
    assert out.read_bytes() == ANSWERS
    assert "s3cret" not in capsys.readouterr().out
