"""What became of a subscription's latest payments, as a table: all of it given back closes, a part of it does not, a dispute does."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.entitlements import taken_back
from billing.gateway import InvoiceSnapshot
from tests.billing.snapshots import JUNE, invoice

MAY, JULY = JUNE - timedelta(days=31), JUNE + timedelta(days=30)


def paid(until: datetime | None, **fields: Any) -> InvoiceSnapshot:
    """An invoice over $12, paid, for a time up to `until`."""
    return invoice(covers_until=until, **fields)


CASES: dict[str, tuple[Iterable[InvoiceSnapshot], str]] = {
    "nothing billed": ([], ""),
    "kept": ([paid(JUNE)], ""),
    "all given back": ([paid(JUNE, amount_refunded=1200)], "refunded"),
    "more than all given back": ([paid(JUNE, amount_refunded=1300)], "refunded"),
    "all but a cent given back": ([paid(JUNE, amount_refunded=1199)], ""),
    "disputed": ([paid(JUNE, disputed=True)], "disputed"),
    "disputed and given back": ([paid(JUNE, disputed=True, amount_refunded=1200)], "disputed"),
    "an earlier time given back": ([paid(JUNE), paid(MAY, amount_refunded=1200)], ""),
    "an earlier time disputed": ([paid(MAY, disputed=True), paid(JUNE)], ""),
    "the latest of two given back": ([paid(MAY), paid(JUNE, amount_refunded=1200)], "refunded"),
    "one of two for the same time given back": ([paid(JUNE), paid(JUNE, amount_refunded=1200)], ""),
    "both for the same time given back": ([paid(JUNE, amount_refunded=1200)] * 2, "refunded"),
    "one of two for the same time disputed": ([paid(JUNE), paid(JUNE, disputed=True)], "disputed"),
    "the next one is not paid yet": ([paid(JUNE, amount_refunded=1200), paid(JULY, status="open")], "refunded"),
    "the next one was void": ([paid(JUNE, disputed=True), paid(JULY, status="void")], "disputed"),
    "the next one was nothing": ([paid(JUNE, disputed=True), paid(JULY, total=0, amount_paid=0)], "disputed"),
    "the next one was a credit": ([paid(JUNE, disputed=True), paid(JULY, total=-1, amount_paid=0)], "disputed"),
    "the next one was a single cent": ([paid(JUNE, disputed=True), paid(JULY, total=1, amount_paid=1)], ""),
    "a single cent, given back": ([paid(JUNE, total=1, amount_paid=1, amount_refunded=1)], "refunded"),
    "paid from the balance, so that nothing can be given back": ([paid(JUNE, amount_paid=0)], ""),
    "disputed, for no time": ([paid(None, disputed=True)], ""),
    "given back, for no time": ([paid(None, amount_refunded=1200)], ""),
    "for no time, beside one that is given back": ([paid(None), paid(JUNE, amount_refunded=1200)], "refunded"),
    "an open one for no time": ([paid(None, status="open", disputed=True)], ""),
}


@pytest.mark.parametrize(("invoices", "became"), CASES.values(), ids=CASES)
def test_latest_payments_became(invoices: list[InvoiceSnapshot], became: str) -> None:
    assert taken_back(invoices) == became
    assert taken_back(reversed(invoices)) == became
