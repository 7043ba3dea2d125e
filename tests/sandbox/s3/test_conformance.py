"""One set of cases, two engines: ours must answer as stated, and juicefs alike but where a case says why not."""

import pytest

from tests.sandbox.s3 import (
    cases_bucket,
    cases_chunked,
    cases_header,
    cases_identities,
    cases_lifetime,
    cases_multipart,
    cases_objects,
    cases_part_checksums,
    cases_signature,
)
from tests.sandbox.s3.scene import Case, Scene

MODULES = (
    cases_signature,
    cases_lifetime,
    cases_header,
    cases_identities,
    cases_objects,
    cases_bucket,
    cases_multipart,
    cases_part_checksums,
    cases_chunked,
)
CASES = [case for module in MODULES for case in module.case]
# Without these no other figure about downloads or uploads means anything.
CONTROLS = (
    "a tampered signature",
    "a tampered key",
    "a tampered x parameter",
    "a removed x parameter",
    "an expired url",
    "a lifetime of more than seven days",
    "a head on a url signed for get",
    "another content type than was signed",
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_engine_answers_as_stated(scene: Scene, case: Case) -> None:
    reply = case.act(scene)
    line = str(reply.status) if " " not in case.answer_of(scene.engine) else reply.line
    assert line == case.answer_of(scene.engine), reply.body[:500]


def test_the_eight_controls_are_refused_by_both() -> None:
    controls = [case for case in CASES if case.name in CONTROLS]
    assert len(controls) == len(CONTROLS)
    assert all(answer.startswith("4") for case in controls for answer in (case.expected, case.juicefs))
