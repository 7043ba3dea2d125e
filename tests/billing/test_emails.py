"""What each mail says, from a real life at the embedded Stripe: amounts, dates, links, and what it means for the reader."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import notices
from billing.emails.letter import written
from billing.models import Claim, Customer, Grant, Invoice, Notice, Price, Refund, Subscription
from tests import build
from tests.billing.conftest import Guest, Postbox
from tests.billing.till import DAY, HOUR, Till

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]
SITE = "http://testserver"


def links(message: Any) -> list[str]:
    return [one.rstrip(".") for one in re.findall(r"https?://\S+", message.body) if one != SITE]


def day(moment: datetime | None) -> str:
    assert moment is not None
    return written(moment)


@pytest.fixture
def settled(member: User, post: Postbox) -> Subscription:
    """Nadia's membership, her first mails read."""
    post.come()
    return Subscription.objects.get()


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


def test_trial_starts_with_its_price_and_ends_with_three_days_notice(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    price = till.sell(metadata={"trial_days": "14"})
    till.press(press(newcomer, price).headers["Location"], "pay")
    welcome = post.one()
    ends = day(Subscription.objects.get().trial_end)
    assert f"It is free until {ends}, and $12 a month after that." in welcome.body
    till.stripe.advance(11 * DAY + HOUR)
    till.ring_all()
    warning = post.one()
    assert warning.subject == f"Your trial of Membership ends on {ends}"
    assert "on that day we charge $12, and it goes on at $12 a month" in warning.body
    assert "Cancel the plan" in warning.body
    assert links(warning) == [f"{SITE}/account/"]
    till.stripe.advance(HOUR)
    assert post.come() == []


def test_charge_that_a_trial_ends_in_is_what_stripe_would_charge(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    """A first invoice at half the price: the warning names what will be charged, and then what it costs after that."""
    price = till.sell(metadata={"trial_days": "14"})
    till.press(press(newcomer, price).headers["Location"], "pay")
    post.come()
    half = till.stripe.call("POST", "coupons", percent_off=50, duration="once")["id"]
    subscription = Subscription.objects.get()
    till.stripe.call("POST", f"subscriptions/{subscription.stripe_id}", discounts=[{"coupon": half}])
    till.stripe.advance(11 * DAY + HOUR)
    till.stripe.fail_next("401", path="create_preview")
    till.ring_all()
    assert post.come() == []
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        warning = post.one(duties=True)
    assert "on that day we charge $6, and it goes on at $12 a month" in warning.body


def test_trial_without_a_card_is_told_what_a_card_would_do(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    price = till.sell(metadata={"trial_days": "14", "trial_card": "optional"})
    till.press(press(newcomer, price).headers["Location"], "pay", email="nadia@example.com")
    post.come()
    till.stripe.use_card(Customer.objects.get().stripe_id, "none")
    till.stripe.advance(11 * DAY + HOUR)
    till.ring_all()
    warning = post.one()
    assert "no card is on file, so nothing is charged by itself" in warning.body
    assert "we charge" not in warning.body


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


def test_member_who_cancels_reads_the_last_day_and_how_to_undo_it(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    till.stripe.call("POST", f"subscriptions/{settled.stripe_id}", cancel_at_period_end=True)
    message = post.one()
    ends = day(settled.current_period_end)
    assert message.subject == f"Membership ends on {ends}"
    assert "You will not be charged again." in message.body
    assert "undo it on your account page" in message.body
    assert links(message) == [f"{SITE}/account/"]


def test_member_whose_plan_ended_reads_what_stays_and_how_to_come_back(
    settled: Subscription, till: Till, press: Press, post: Postbox, member: User
) -> None:
    till.press(press(member, till.sell("Atlas", interval="once")).headers["Location"], "pay")
    till.stripe.call("POST", f"subscriptions/{settled.stripe_id}", cancel_at_period_end=True)
    post.come()
    till.stripe.advance(32 * DAY)
    message = post.one()
    assert message.subject == "Membership has ended"
    assert "- Atlas" in message.body
    assert f"{SITE}/plans/" in links(message)
    assert "A payment was missing" not in message.body


def test_plan_that_ended_unpaid_says_why(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.advance(16 * DAY)
    message = post.one()
    assert message.subject == "Membership has ended"
    assert "A payment was missing" in message.body


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


def test_person_given_access_reads_what_until_when_and_the_owners_words(
    newcomer: User, till: Till, post: Postbox, now: datetime
) -> None:
    ends = now + timedelta(days=60)
    grant = Grant.objects.create(
        user=newcomer, product=build.item(name="Atlas"), reason="proofs", message="Dear N,\n\nthank you.", ends_at=ends
    )
    notices.grant_given(grant)
    message = post.one()
    assert message.subject == "Atlas is open to you"
    assert f"You have been given Atlas, free, until {written(ends)}." in message.body
    assert "> Dear N,\n> thank you." in message.body
    assert "proofs" not in message.body
    assert links(message) == [f"{SITE}/library/"]


def test_guest_gets_a_code_that_opens_what_they_bought_b4(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    claim, receipt = sorted(post.come("gus@example.com"), key=lambda one: one.subject)
    assert claim.subject == "Open Membership with this code"
    (code,) = re.findall(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", claim.body, re.MULTILINE)
    assert links(claim) == [f"{SITE}/account/claim/{code}/"]
    assert code not in receipt.body
    assert f"{SITE}/library/" not in receipt.body
    assert "use the code that we sent to this address" in receipt.body
    assert code.replace("-", "") not in str(list(Claim.objects.values())) + str(list(Notice.objects.values()))
    assert guest.browser.get(f"/account/claim/{code}/").status_code == 200
    guest.browser.post(f"/account/claim/{code}/")
    assert Customer.objects.get().user == User.objects.get(email="gus@example.com")


def test_amounts_and_dates_are_the_languages_own(
    settled: Subscription, till: Till, post: Postbox, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "de"
    till.stripe.refund(Invoice.objects.get().stripe_id, 450)
    body = post.one().body
    assert "4,50\xa0$" in body
    assert re.search(r"\d{1,2}\. [A-ZÄ][a-zä]+ 20\d\d", body)


NAMES = {
    "line ends": "Atlas\r\nBcc: everybody@example.com\r\n\r\nHello",
    "separators": "At\u2028las\x0b\x85of\x1eknots",
    "turned around": "Atlas \u202efdp.exe",
    "markup": '<img src="x" onerror="alert(1)"> & Sons',
    "endless": "Atlas " * 40,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_break_out_of_nothing_a129(newcomer: User, till: Till, press: Press, post: Postbox, name: str) -> None:
    price = till.sell(interval="once")
    type(price.product).objects.update(name=name)
    till.press(press(newcomer, price).headers["Location"], "pay")
    till.ring_all()
    type(price.product).objects.update(name=name[:255])
    message = post.one()
    assert len(message.subject.splitlines()) == 1
    assert len(message.subject) <= 150
    assert "\u202e" not in message.subject + message.body
    assert set(message.message().keys()) == {
        *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date"),
        *("Message-ID", "Reply-To", "Auto-Submitted", "X-Auto-Response-Suppress"),
    }
    assert "\nBcc:" not in message.body
    assert "<img" not in message.alternatives[0].content


def test_every_mail_is_whole_in_text_and_holds_no_secret_t3_t37(
    settled: Subscription, till: Till, press: Press, post: Postbox, guest: Guest, member: User, settings: Any
) -> None:
    """A year's mail of a member and of a guest: no signed URL, no secret, no link but to this site, both parts alike."""
    till.stripe.refund(Invoice.objects.get().stripe_id, 100)
    guest.pay(till.sell("Atlas", interval="once"))
    post.come()
    till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.use_card(settled.customer.stripe_id, "3ds")
    till.stripe.advance(3 * DAY)
    post.come()
    till.stripe.advance(16 * DAY)
    post.come()
    assert len(mail.outbox) >= 8
    for message in mail.outbox:
        html = message.alternatives[0].content
        for part in (message.body, html, str(message.message())):
            for secret in (settings.SECRET_KEY, settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS):
                assert secret not in part
            assert "X-Amz" not in part
            assert till.stripe.url not in part
        assert {one.split("/")[2] for one in re.findall(r"https?://[^\s\"<]+", message.body + html)} == {"testserver"}
        assert set(re.findall(r'href="([^"]+)"', html)) <= set(links(message))
        assert "{{" not in message.body + html
        assert "None" not in message.body
        assert message.extra_headers["Reply-To"] == "help@testserver"
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "List-Unsubscribe" not in message.extra_headers


def test_date_is_the_day_of_the_sites_own_clock(now: datetime) -> None:
    with time_machine.travel("2026-12-31 23:30:00+00:00"):
        assert written(timezone.now()) == "December 31, 2026"
