"""What each mail about a payment says, from a real life at the embedded Stripe: amounts, dates, and the one link."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing.emails.letter import written
from billing.models import Invoice, Price, Refund, Subscription
from tests.billing.conftest import Postbox, links
from tests.billing.till import DAY, Till

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]
SITE = "http://testserver"


def day(moment: datetime | None) -> str:
    assert moment is not None
    return written(moment)


def test_member_is_welcomed_and_gets_a_receipt_b5_t5(member: User, post: Postbox) -> None:
    """Expectation 5: library link, amount, renewal date, and a link to invoices."""
    receipt, welcome = sorted(post.come(), key=lambda one: "Welcome" in one.subject)
    subscription = Subscription.objects.get()
    assert welcome.subject == "Welcome to Membership"
    assert links(welcome) == [f"{SITE}/library/", f"{SITE}/account/"]
    assert receipt.subject == "Your payment of $12 for Membership"
    for part in (receipt.body, receipt.alternatives[0].content):
        assert "$12" in part
        assert day(subscription.current_period_end) in part
        assert "Renews on" in part
        assert Invoice.objects.get().number in part
        assert f"{SITE}/library/" in part
        assert f"{SITE}/account/invoices/" in part


def test_links_of_the_receipt_lead_somewhere(member: User, post: Postbox, client_for: Any) -> None:
    post.come()
    browser = client_for(member)
    for path in ("/library/", "/account/", "/account/invoices/"):
        assert browser.get(path).status_code == 200


def test_member_whose_card_is_declined_reads_until_when_and_pays_by_one_link_b18(
    settled: Subscription, till: Till, post: Postbox, client_for: Any, member: User
) -> None:
    invoice = till.stripe.renew(settled.stripe_id, "declines")
    message = post.one()
    settled.refresh_from_db()
    assert message.subject == "Your payment of $12 for Membership did not go through"
    assert settled.unpaid_since is not None
    assert f"Everything stays open to you until {written(settled.unpaid_since + timedelta(days=7))}." in message.body
    assert f"We try again on {day(Invoice.objects.get(status='open').next_payment_attempt)}." in message.body
    assert links(message) == [f"{SITE}/account/invoices/{invoice['id']}/"]
    answer = client_for(member).get(links(message)[0].removeprefix(SITE))
    till.press(answer.headers["Location"], "pay")
    assert post.subjects() == ["Your payment of $12 for Membership"]
    settled.refresh_from_db()
    assert settled.status == "active"


def test_last_attempt_says_so_and_that_access_rests(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.configure(final_failure="unpaid")
    till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.advance(16 * DAY)
    last = post.come()[-1]
    assert "That was the last attempt" in last.body
    assert "Until it is paid, your access rests." in last.body
    assert "We try again" not in last.body
    assert "stays open" not in last.body


def test_each_attempt_that_fails_is_told_once(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.renew(settled.stripe_id, "declines")
    assert len(post.come()) == 1
    for days in (3, 5):
        till.stripe.advance(days * DAY)
        assert post.subjects() == ["Your payment of $12 for Membership did not go through"]


def test_bank_that_asks_for_a_yes_leads_to_one_mail(settled: Subscription, till: Till, post: Postbox) -> None:
    """Stripe rings for the action and for the failure: it is one thing to do, and one mail."""
    invoice = till.stripe.renew(settled.stripe_id, "3ds")
    message = post.one()
    assert message.subject == "Please confirm your payment of $12 for Membership"
    assert links(message) == [f"{SITE}/account/invoices/{invoice['id']}/"]
    assert "Everything stays open to you until" in message.body
    till.press(invoice["hosted_invoice_url"], "confirm")
    assert post.subjects() == ["Your payment of $12 for Membership"]


def test_bank_debit_on_its_way_has_not_failed(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.renew(settled.stripe_id, "bank")
    assert Invoice.objects.filter(on_its_way=True).count() == 0
    assert post.come() == []
    assert Invoice.objects.filter(on_its_way=True).count() == 1
    till.stripe.advance(4 * DAY)
    assert post.subjects() == ["Your payment of $12 for Membership"]


def test_bank_debit_that_comes_back_is_told_then(settled: Subscription, till: Till, post: Postbox) -> None:
    """It is still the first attempt; while it was on its way, nothing was to be said of it."""
    till.stripe.renew(settled.stripe_id, "bank_fails")
    assert post.come() == []
    till.stripe.advance(4 * DAY)
    assert post.subjects() == ["Your payment of $12 for Membership did not go through"]


def test_next_attempt_by_bank_debit_is_told_when_it_comes_back(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    till.stripe.renew(settled.stripe_id, "declines")
    assert len(post.come()) == 1
    till.stripe.use_card(settled.customer.stripe_id, "bank_fails")
    till.stripe.advance(3 * DAY)
    assert post.come() == []
    assert Invoice.objects.get(on_its_way=True).attempt_count == 2
    till.stripe.advance(4 * DAY)
    assert post.subjects() == ["Your payment of $12 for Membership did not go through"]


def test_debt_paid_by_bank_debit_is_not_dunned_while_that_takes_its_days(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    invoice = till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.pay_invoice(invoice["id"], "bank")
    assert post.come() == []
    till.stripe.advance(4 * DAY)
    assert post.subjects() == ["Your payment of $12 for Membership"]


def test_purchase_by_bank_debit_that_did_not_arrive(newcomer: User, till: Till, press: Press, post: Postbox) -> None:
    atlas = till.sell("Atlas", amount=3900, interval="once")
    till.press(press(newcomer, atlas).headers["Location"], "async", fails="1")
    assert post.come() == []
    till.stripe.advance(9 * DAY)
    message = post.one()
    assert message.subject == "Your payment for Atlas did not arrive"
    assert "$39" in message.body
    assert "you have not been charged" in message.body


def test_purchase_by_bank_debit_gets_its_receipt_when_the_money_is_there(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    atlas = till.sell("Atlas", amount=3900, interval="once")
    till.press(press(newcomer, atlas).headers["Location"], "async")
    assert post.come() == []
    till.stripe.advance(9 * DAY)
    message = post.one()
    assert message.subject == "Your payment of $39 for Atlas"
    assert "Renews on" not in message.body


def test_part_of_a_payment_refunded_changes_nothing(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.refund(Invoice.objects.get().stripe_id, 400)
    message = post.one()
    assert message.subject == "We have refunded $4"
    assert "A part of your payment" in message.body
    assert "Of: $12" in message.body
    assert "Your access stays as it is: Membership is open to you as before." in message.body


def test_whole_payment_refunded_takes_the_access_with_it(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.refund(Invoice.objects.get().stripe_id)
    message = post.one()
    assert message.subject == "We have refunded $12"
    assert "The whole payment" in message.body
    assert "With the refund, your access to Membership has ended." in message.body


def test_purchase_refunded_in_full(newcomer: User, till: Till, press: Press, post: Postbox) -> None:
    till.press(press(newcomer, till.sell("Atlas", interval="once")).headers["Location"], "pay")
    post.come()
    till.stripe.refund(Invoice.objects.get().stripe_id)
    assert "With the refund, your access to Atlas has ended." in post.one().body


def test_refund_that_takes_weeks_is_told_when_it_has_arrived(settled: Subscription, till: Till, post: Postbox) -> None:
    refund = till.stripe.refund(Invoice.objects.get().stripe_id, 400, outcome="pending")
    assert post.come() == []
    Refund.objects.update(created_at=timezone.now() - timedelta(days=12))
    till.stripe.settle_refund(refund["id"])
    assert post.subjects() == ["We have refunded $4"]


def test_refund_that_failed_is_told_to_nobody(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.refund(Invoice.objects.get().stripe_id, 400, outcome="failed")
    assert post.come() == []
