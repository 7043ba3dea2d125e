"""T4, T6: what docs/going-live.md lets the keys do is what the site needs, no more, and its policy refuses what the site never makes."""

import json
import re
from typing import Any

import pytest

from courses.storage.signing import LONGEST
from sandbox.s3.identities import BUCKET_ACTIONS, OBJECT_ACTIONS
from tests.house.scene import ROOT

PAGE = (ROOT / "docs" / "going-live.md").read_text()
(POLICY,) = [found for found in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "Statement" in found]


@pytest.mark.parametrize("role", ["reader", "writer", "keeper"])
def test_t6_each_key_may_what_the_tests_let_it_and_nothing_else(role: str) -> None:
    """The embedded bucket holds every key to these, so a site that works in the tests works with the page's keys, and with no more."""
    (row,) = re.findall(rf"^\| {role} \| (.+) \|$", PAGE, re.MULTILINE)
    objects, _, bucket = row.partition(";")
    assert "on `content/*`" in objects
    assert set(re.findall(r"s3:\w+", objects)) == OBJECT_ACTIONS[role]
    assert set(re.findall(r"s3:\w+", bucket)) == BUCKET_ACTIONS[role]
    assert not re.search(r"s3:\*|Acl|Policy", row)


def test_t6_signers_list_delete_and_share_nothing() -> None:
    for role in ("reader", "writer"):
        assert BUCKET_ACTIONS[role] == frozenset()
        assert not [action for action in OBJECT_ACTIONS[role] if re.search("List(?!Multipart)|Delete|Acl", action)]


def condition(name: str) -> dict[str, Any]:
    statements = {one["Sid"]: one for one in json.loads(POLICY)["Statement"]}
    assert {(one["Effect"], one["Principal"], one["Action"]) for one in statements.values()} == {("Deny", "*", "s3:*")}
    return dict(statements[name]["Condition"])


def test_t4_bucket_refuses_links_that_live_longer_than_any_of_ours() -> None:
    """Milliseconds, and greater than: the other way round it would refuse every link of ours."""
    assert condition("LinksLiveMinutes") == {"NumericGreaterThan": {"s3:signatureAge": str(LONGEST * 1000)}}


def test_t4_bucket_refuses_old_signatures_and_open_lines() -> None:
    assert condition("NewSignaturesAlone") == {"StringEquals": {"s3:signatureversion": "AWS"}}
    assert condition("EncryptedLinesAlone") == {"Bool": {"aws:SecureTransport": "false"}}
