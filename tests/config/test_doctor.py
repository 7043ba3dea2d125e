"""`manage.py doctor`: every line, its exit status, its JSON, and that no secret and no traceback is ever in it."""

import io
import json
import logging
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command

from config import checkup
from config.checkup import Check, Verdict, examine, good, unknown, weak, wrong
from config.management.commands import doctor
from sandbox.s3 import BucketServer
from sandbox.stripe import StripeServer

GOOD, WEAK, WRONG, UNKNOWN = Verdict


def run(*arguments: str, **options: Any) -> tuple[int, str]:
    """Run the command and return its exit status and what it said."""
    said = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=said, **options)
    except CommandError as error:
        return error.returncode, said.getvalue() + str(error)
    return 0, said.getvalue()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """Checks of the test's own, in place of the site's."""
    made: list[Check] = []
    monkeypatch.setattr(doctor, "CHECKS", made)
    return made


@pytest.mark.django_db
def test_owner_sees_every_line_and_no_secret(
    bucket: BucketServer, stripe: StripeServer, caplog: pytest.LogCaptureFixture
) -> None:
    """T37: whatever is wrong, the keys are never named."""
    with caplog.at_level(logging.DEBUG):
        status, said = run(json=True)
    told = json.loads(said.removesuffix("Not everything is right."))
    assert [line["name"] for line in told["checks"]] == [check.name for check in doctor.CHECKS]
    assert (status, told["ok"]) == (1, False)
    assert "this check broke" not in said
    text = said + run()[1]
    secrets = [secret for _, secret in site.S3_IDENTITIES.values()]
    secrets += [site.SECRET_KEY, site.STRIPE_SECRET_KEY, *site.STRIPE_WEBHOOK_SECRETS]
    assert [secret for secret in secrets if secret in text or secret in caplog.text] == []
    assert "X-Amz-Signature" not in text


def test_owner_who_has_all_right_gets_zero_and_a_count(checks: list[Check]) -> None:
    checks += [Check("a", lambda: good("is so")), Check("b", lambda: weak("could be", "do this"))]
    checks.append(Check("c", lambda: unknown("cannot tell", "look there")))
    status, said = run()
    assert status == 0
    assert said.splitlines()[:3] == [
        "ok     a                   is so",
        "better b                   could be",
        "                           do this",
    ]
    assert "1 right, 0 wrong, 1 could be better, 1 cannot be told from here." in said


def test_owner_gets_one_when_a_line_is_wrong(checks: list[Check]) -> None:
    checks.append(Check("a", lambda: wrong("is not so", "do this")))
    assert run()[0] == 1
    assert json.loads(run(json=True)[1].partition("Not everything")[0])["checks"] == [
        {"name": "a", "verdict": "wrong", "says": "is not so", "paste": "do this", "fixed": False}
    ]


def test_a_check_that_breaks_hides_no_other_and_shows_no_text() -> None:
    def broken() -> checkup.Finding:
        raise RuntimeError("sk_live_secret")

    lines = list(examine([Check("a", broken), Check("b", lambda: good("fine"))]))
    assert [line.finding.verdict for line in lines] == [WRONG, GOOD]
    assert "RuntimeError" in lines[0].finding.says
    assert "sk_live" not in lines[0].finding.says


def test_what_needs_a_wrong_line_is_not_asked() -> None:
    def never() -> checkup.Finding:
        raise AssertionError

    chain = [Check("a", lambda: wrong("no", "x")), Check("b", never, needs=("a",)), Check("c", never, needs=("b",))]
    assert [(one.finding.verdict, one.finding.says) for one in examine(chain)][1:] == [
        (UNKNOWN, "not looked at: a comes first"),
        (UNKNOWN, "not looked at: a comes first"),
    ]


def test_only_what_is_wrong_or_weak_is_fixed_and_looked_at_again() -> None:
    state, done = {"a": False}, []

    def fix() -> None:
        done.append("a")
        state["a"] = True

    mend = Check("a", lambda: good("now") if state["a"] else weak("not yet", "x"), fix=fix)
    assert not next(examine([mend])).finding.fixed
    assert next(examine([mend], fix=True)).finding.fixed
    assert not next(examine([mend], fix=True)).finding.fixed
    assert done == ["a"]


def test_a_fix_that_fails_leaves_the_finding_and_its_reason() -> None:
    class Refused(Exception):
        code = "AccessDenied"

    def fix() -> None:
        raise Refused("https://bucket.example/?X-Amz-Signature=secret")

    found = next(examine([Check("a", lambda: wrong("no", "x"), fix=fix)], fix=True)).finding
    assert (found.verdict, "AccessDenied" in found.says, "secret" in found.says) == (WRONG, True, False)


def test_owner_may_name_some_and_gets_what_they_need(checks: list[Check]) -> None:
    checks += [
        Check("bucket.reached", lambda: good("there")),
        Check("bucket.cors", lambda: good("tight"), needs=("bucket.reached",)),
        Check("stripe.key", lambda: good("known")),
    ]
    assert [line.split()[1] for line in run("bucket.cors")[1].splitlines()[:2]] == ["bucket.reached", "bucket.cors"]
    assert "No check is called mail. There are: bucket.reached" in run("mail")[1]


def test_names_are_unlike_and_needs_come_first() -> None:
    seen: set[str] = set()
    for check in (*doctor.CHECKS, *doctor.billing.RINGING):
        assert check.name not in seen
        assert set(check.needs) <= seen, check.name
        seen.add(check.name)
    assert len(seen) > 50
