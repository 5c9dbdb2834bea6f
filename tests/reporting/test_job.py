"""What a report that failed is said to have failed of."""

from __future__ import annotations

from toolkit.errors import InvalidInput, Problem
from toolkit.reporting import job as module
from toolkit.reporting.job import Job, build


def test_the_sentence_of_a_failure_says_what_to_do(monkeypatch):
    problems = [Problem("file-not-found", f"file {one}", "is not there", "save it again") for one in range(5)]

    def fails(job: Job) -> None:
        raise InvalidInput("brand", problems)

    monkeypatch.setattr(module, "_build", fails)
    outcome = build(Job("org-01", ""))
    assert outcome.status == "failed"
    assert outcome.sentence.startswith("brand: file 0: is not there; save it again; and file 1")
    assert outcome.sentence.endswith("(+2 more)")
