"""T6: what docs/going-live.md lets the keys do is what the site needs, and no more. tests/deploy holds the template to the same."""

import re

import pytest

from sandbox.s3.identities import BUCKET_ACTIONS, OBJECT_ACTIONS
from tests.house.scene import ROOT

PAGE = (ROOT / "docs" / "going-live.md").read_text()


@pytest.mark.parametrize("role", ["reader", "writer", "keeper"])
def test_t6_each_key_may_what_the_tests_let_it_and_nothing_else(role: str) -> None:
    """The embedded bucket holds every key to these, so a site that works in the tests works with the page's keys, and with no more."""
    (row,) = re.findall(rf"^\| {role} \| (.+) \|$", PAGE, re.MULTILINE)
    objects, _, bucket = row.partition(";")
    assert "on `content/*`" in objects
    assert set(re.findall(r"s3:\w+", objects)) == OBJECT_ACTIONS[role]
    # What else the keeper may read of the bucket's own settings stands in the template, which has tests of its own.
    assert set(re.findall(r"s3:\w+", bucket)) <= BUCKET_ACTIONS[role]
    assert not re.search(r"s3:\*|Acl|Policy", row)


def test_t6_signers_list_delete_and_share_nothing() -> None:
    for role in ("reader", "writer"):
        assert BUCKET_ACTIONS[role] == frozenset()
        assert not [action for action in OBJECT_ACTIONS[role] if re.search("List(?!Multipart)|Delete|Acl", action)]
