"""Migrations that a running site lives through: the old code works over each new schema, and each can be taken back."""

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_migration_linter import MigrationLinter

from billing import grants
from tests import build
from tests.effort import COMPLETE
from tests.house.scene import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
OURS = ("config", "accounts", "courses", "billing")
# Older than the first release, and over no database that anybody has: columns without a default in the database, and a constraint.
BEFORE_ANY_RELEASE = ["0002_money_and_notices", "0003_trials_without_a_card", "0004_mail", "0004_workshop"]


def test_old_code_works_over_every_new_schema_t41() -> None:
    linter = MigrationLinter(
        str(ROOT), include_apps=OURS, ignore_name=BEFORE_ANY_RELEASE, no_cache=True, quiet=["ok", "ignore", "warning"]
    )
    linter.lint_all_migrations()
    assert linter.nb_valid + linter.nb_warnings >= 16
    assert linter.nb_erroneous == 0


def nothing(now: datetime) -> None:
    """An empty database."""


def a_shelf(now: datetime) -> None:
    lesson, book = build.lesson(seconds=90), build.ebook(access="members")
    for holder in (lesson, book):
        build.file(holder)


def a_shop(now: datetime) -> None:
    plan = build.plan()
    build.price(plan)
    member = build.subscribed(build.person(), plan, now=now)
    build.invoice(member.customers.get(), now=now)
    build.notice(member, now=now)
    grants.give(member.pk, plan, reason="a test", given_by=None, ends_at=None, now=now)


@pytest.mark.parametrize("fill", [nothing, a_shelf, a_shop] if COMPLETE else [a_shop])
def test_every_migration_can_be_taken_back_and_done_again_t41(fill: Any) -> None:
    fill(timezone.now())
    before = rows()
    with connection.cursor() as cursor:
        # Else tables with fresh rows could not be altered in the same transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] in OURS]
    for app, _ in reversed(newest):
        call_command("migrate", app, "0001", verbosity=0)
    assert MigrationExecutor(connection).migration_plan(newest)
    as_old_as_that = set(connection.introspection.table_names())
    call_command("migrate", verbosity=0)
    assert MigrationExecutor(connection).migration_plan(newest) == []
    assert {table: count for table, count in before.items() if table in as_old_as_that}.items() <= rows().items()


def rows() -> dict[str, int]:
    """Return how many rows each of our tables holds, without those that hold none."""
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    found = {model._meta.db_table: model._default_manager.count() for model in models}
    return {table: count for table, count in found.items() if count}
