"""One set of cases, two engines: ours must answer as stated, and juicefs alike but where a case says why not."""

import pytest

from tests.sandbox.s3 import cases_identities, cases_multipart, cases_objects, cases_signature
from tests.sandbox.s3.scene import Case, Scene, joined

CASES = joined(cases_signature.case, cases_identities.case, cases_objects.case, cases_multipart.case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_engine_answers_as_stated(scene: Scene, case: Case) -> None:
    reply = case.act(scene)
    line = str(reply.status) if " " not in case.answer_of(scene.engine) else reply.line
    assert line == case.answer_of(scene.engine), reply.body[:500]
