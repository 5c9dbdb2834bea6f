"""Responses fetched from a running LimeSurvey by its RemoteControl 2 interface.

The file that is written is LimeSurvey's own CSV with question codes and answer codes, as if it had been
exported by hand. The password comes from the environment or the system's keyring and is written nowhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from toolkit.errors import InvalidInput, Problem, ToolkitError
from toolkit.system import write_files

PASSWORD_VARIABLE = "LIMESURVEY_PASSWORD"
"""The environment variable that holds the password."""

_SERVICE = "survey-toolkit"
_HERE = ("localhost", "127.0.0.1", "::1")


def password_for(url: str, user: str) -> str:
    """Return a user's password from the environment or the system's keyring (service: the server's name).

    Raises
    ------
    InvalidInput
        Where neither has it.
    """
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    server = urlsplit(url).hostname or url
    found = _from_keyring(f"{_SERVICE}:{server}", user)
    if found:
        return found
    hint = f"set {PASSWORD_VARIABLE}, or store it once: keyring set {_SERVICE}:{server} {user}"
    raise InvalidInput(
        url,
        [
            Problem(
                "access-denied", f"password of {user}", "is neither in the environment nor a keyring", hint
            )
        ],
    )


def _from_keyring(service: str, user: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(service, user)
    except KeyringError:
        return None  # a server has none; the message then names the environment too


def fetch_limesurvey(
    url: str, survey: int, user: str, out: str | Path, *, password: str | None = None
) -> Path:
    """Fetch every response of a survey, finished or not, and write LimeSurvey's CSV.

    Parameters
    ----------
    url
        Of RemoteControl: https://…/index.php/admin/remotecontrol. Without https only for this machine itself.
    survey
        The survey's number.
    user
        A LimeSurvey user who may export its responses.
    out
        The file to write; it appears whole or not at all.
    password
        Looked up by `password_for` where left out.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InvalidInput
        Where the address, the user, the survey or the password is wrong, or no one has answered.
    ToolkitError
        Where the `fetch` extra is not installed.

    Examples
    --------
    >>> url = "https://example.org/index.php/admin/remotecontrol"
    >>> fetch_limesurvey(url, 424242, "ana", "answers/staff.csv")  # doctest: +SKIP
    PosixPath('answers/staff.csv')
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = "write it as https://server/index.php/admin/remotecontrol"
        raise InvalidInput("address", [Problem("malformed", url, "is not the address of a server", hint)])
    if parts.username or parts.password:
        problem = Problem(
            "unsafe-address", "address", "holds a user or a password", "remove them; see --user"
        )
        raise InvalidInput("address", [problem])
    if parts.scheme == "http" and parts.hostname not in _HERE:
        what = "is without https: the password and the answers would travel openly"
        raise InvalidInput("address", [Problem("unsafe-address", url, what, "write https://")])
    held = _exported(url, survey, user, password if password is not None else password_for(url, user))
    if len([line for line in held.splitlines() if line.strip(b"\xef\xbb\xbf \t")]) < 2:
        raise InvalidInput(url, [_nobody(survey)])
    out = Path(out)
    return write_files(out.parent, {out.name: held}, private=True)[0]


def _exported(url: str, survey: int, user: str, password: str) -> bytes:
    try:
        import citric
        import requests
        from citric import exceptions
    except ImportError as fault:
        raise ToolkitError(
            "fetching needs the extra 'fetch': pip install 'survey-research-toolkit[fetch]'"
        ) from fault
    try:
        with citric.Client(url, user, password) as client:
            return client.export_responses(
                survey, file_format="csv", heading_type="code", response_type="short", completion_status="all"
            )
    except exceptions.LimeSurveyStatusError as fault:
        raise InvalidInput(url, [_refused(str(fault), survey, user)]) from None
    except exceptions.RPCInterfaceNotEnabledError as fault:
        hint = "switch on JSON-RPC in LimeSurvey: Configuration → Global → Interfaces"
        raise InvalidInput(
            url, [Problem("server-error", "RemoteControl", "is switched off there", hint)]
        ) from fault
    except (
        exceptions.LimeSurveyError,
        requests.RequestException,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as fault:
        what = f"did not answer as LimeSurvey does ({type(fault).__name__})"
        hint = "check the address (it ends in /admin/remotecontrol) and that the server is up"
        raise InvalidInput(url, [Problem("server-error", "server", what, hint)]) from None


def _refused(stated: str, survey: int, user: str) -> Problem:
    """Explain LimeSurvey's status as a problem with a hint."""
    plain = stated.lower()
    if "no data" in plain or "no response" in plain:
        return _nobody(survey)
    if "user name or password" in plain or "login" in plain or "credential" in plain:
        return Problem(
            "access-denied",
            f"user {user}",
            f"was refused access ({stated})",
            f"check the name and {PASSWORD_VARIABLE}",
        )
    if "permission" in plain:
        return Problem(
            "access-denied",
            f"user {user}",
            f"may not do that ({stated})",
            "ask for the right to export responses",
        )
    return Problem("server-error", f"survey {survey}", stated, "check its number and that it is active")


def _nobody(survey: int) -> Problem:
    return Problem(
        "no-answers",
        f"survey {survey}",
        "holds no responses",
        "check its number, or wait for the first response",
    )
