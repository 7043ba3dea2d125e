"""A person's life with a shop, played at random: what they do, what Stripe does, what the wire and the machine room do to it.

After each step everybody's access is held against what Stripe has told the site, and, once every bell has arrived, against what Stripe
says now. A new act is a method of Life that takes (who, number), named in one of the tuples below; whatever it changes at Stripe is read
by tests/billing/truth.py.
"""

from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

from django.db import transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import User
from billing.models import Price, Product
from courses.models import File
from sandbox.stripe import StripeServer
from sandbox.stripe.errors import StripeError
from tests import build
from tests.billing.ledger import contradictions
from tests.billing.shop import START, Shop
from tests.billing.till import Till
from tests.billing.truth import DAY, HOUR, Object

# The first of the two lives through more than the second.
WHO, ANY = st.sampled_from([0, 0, 0, 1]), st.integers(0, 1000)
CARDS = ("declines", "good", "none", "3ds")
CARD = st.sampled_from(CARDS)
DISPUTES = ("won", "lost", "under_review", "needs_response", "warning_closed")
REFUNDS = ("succeeded", "succeeded", "pending", "failed")
DUNNING = ("cancel", "unpaid", "past_due", "pause")
POINTS = ("F1", "F2", "F3", "F4", "F5", "F6", "F7")
FAULTS = ("401", "429", "nonsense")
STEPS = (1, HOUR, DAY, 4 * DAY, 31 * DAY)
# Beside an edge, and past the hour that Stripe leaves between a renewal and collecting its money.
OFFSETS = (-1, 0, 1, 2 * HOUR)
# What may happen, and how often.
ACTS = {
    "last_bell_arrives": 4,  # The first is drawn most often.
    "opens_checkout": 3,
    "wants_the_book": 2,
    "pays": 4,
    "promises": 1,
    "changes_card": 2,
    "cancels_in_the_portal": 2,
    "cancels_at_the_end": 1,
    "cancels_now": 1,
    "takes_it_back": 2,
    "swaps": 2,
    "pauses": 1,
    "resumes": 1,
    "collection_rests": 1,
    "pays_what_is_open": 2,
    "forgives_what_is_open": 1,
    "dunning_will_end": 1,
    "refunds": 2,
    "refunds_part": 1,
    "refund_settles": 1,
    "disputes": 2,
    "dispute_goes_on": 2,
    "any_bell_arrives": 3,
    "bell_arrives_again": 1,
    "bell_is_lost": 1,
    "night_comes": 1,
    "answer_is_slow": 6,
    "process_breaks": 4,
    "stripe_is_away": 2,
    "time_passes": 3,
    "time_passes_to_an_edge": 5,
    "clicks": 2,
}


class Life(RuleBasedStateMachine):
    """Two people, two plans, three prices, one book that is sold outright. Made ready by `prepared`."""

    stripe: ClassVar[StripeServer]
    traveller: ClassVar[Any]
    people: ClassVar[list[User]]
    plans: ClassVar[list[Price]]
    book: ClassVar[Price]
    files: ClassVar[dict[str, File]]
    catalogue: ClassVar[list[Object]]
    cells: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.atomic: Any = transaction.atomic()
        # A life may take tickets, each of which insists on a commit of its own; they all go back at its end.
        self.atomic._from_testcase = True  # type: ignore[attr-defined]
        self.atomic.__enter__()
        self.shop = Shop(self.stripe, self.traveller, self.catalogue)
        self.sessions: list[str] = []

    def teardown(self) -> None:
        try:
            self.shop.settle(self.people)
            assert contradictions() == []
        finally:
            self.cells.update(self.shop.cells)
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @invariant()
    def everybody_has_what_they_should(self) -> None:
        self.shop.check(self.people)

    @initialize(price=ANY, trial=st.booleans(), card=CARD, told=st.booleans())
    def begins(self, price: int, trial: bool, card: str, told: bool) -> None:
        """The first of them subscribes, with a trial or without; the site may have been told, and the card may fail from now on."""
        self.opens_checkout(0, price * 2 + trial)
        self.pays(0, 0)
        self.changes_card(0, card)
        if told:
            self.last_bell_arrives(0, 0)

    @rule(who=WHO, act=st.sampled_from([act for act, often in ACTS.items() for _ in range(often)]), number=ANY)
    def then(self, who: int, act: str, number: int) -> None:
        getattr(self, act)(who, number)
        self.shop.listen()

    # --- What people do -----------------------------------------------------------------------

    def opens_checkout(self, who: int, number: int) -> None:
        chosen = self.plans[number // 2 % len(self.plans)]
        chosen.trial_days = 14 * (number % 2)
        self.remember(self.shop.click_on_price(self.people[who], chosen))

    def wants_the_book(self, who: int, number: int) -> None:
        self.remember(self.shop.click_on_price(self.people[who], self.book))

    def remember(self, address: str) -> None:
        if address:
            self.sessions.append(address.rsplit("/", 1)[-1])

    def pays(self, who: int, number: int) -> None:
        self.completes(number, "good")

    def promises(self, who: int, number: int) -> None:
        """Pay by bank debit: the money comes days later, or never."""
        self.completes(number, "bank_fails" if number % 2 else "bank")

    def completes(self, number: int, card: str) -> None:
        """Pay any session that was ever given out, the latest first, if Stripe still takes it."""
        if not self.sessions:
            return
        session = self.stripe.store.get("checkout.session", self.sessions[-1 - number % len(self.sessions)])
        if session["status"] == "open":
            with self.stripe.store.step():
                self.shop.world.complete_session(session, card=card)

    def changes_card(self, who: int, card: int | str) -> None:
        chosen = card if isinstance(card, str) else CARDS[card % len(CARDS)]
        for customer in self.shop.customers(self.people[who]):
            self.stripe.use_card(customer["id"], chosen)

    def change(self, who: int, method: str, path: str = "subscriptions/{}", **params: Any) -> None:
        for one in self.shop.standing(self.people[who]):
            with suppress(StripeError):  # What Stripe refuses has not happened.
                self.stripe.call(method, path.format(one["id"]), **params)

    def cancels_in_the_portal(self, who: int, number: int) -> None:
        """The portal sets `cancel_at` alone."""
        for one in self.shop.standing(self.people[who]):
            end = max(item["current_period_end"] for item in one["items"]["data"])
            now = int(self.shop.now())
            self.shop.world.change(one, "customer.subscription.updated", cancel_at=end, canceled_at=now)

    def cancels_at_the_end(self, who: int, number: int) -> None:
        self.change(who, "POST", cancel_at_period_end=True)

    def cancels_now(self, who: int, number: int) -> None:
        self.change(who, "DELETE")

    def takes_it_back(self, who: int, number: int) -> None:
        self.change(who, "POST", cancel_at_period_end=False)

    def swaps(self, who: int, number: int) -> None:
        for one in self.shop.standing(self.people[who]):
            item = {"id": one["items"]["data"][0]["id"], "price": self.plans[number % len(self.plans)].stripe_id}
            with suppress(StripeError):
                self.stripe.call("POST", f"subscriptions/{one['id']}", items=[item])

    def pauses(self, who: int, number: int) -> None:
        self.change(who, "POST", "subscriptions/{}/pause", type="subscription")

    def resumes(self, who: int, number: int) -> None:
        self.change(who, "POST", "subscriptions/{}/resume")

    def collection_rests(self, who: int, number: int) -> None:
        """The owner lets somebody have a month for nothing, or ends that: Stripe says they keep access."""
        self.change(who, "POST", pause_collection={"behavior": "void"} if number % 2 else "")

    def open_invoices(self, who: int) -> list[str]:
        return [one["id"] for one in self.shop.objects("invoice", self.people[who]) if one["status"] == "open"]

    def pays_what_is_open(self, who: int, number: int) -> None:
        for invoice in self.open_invoices(who):
            self.stripe.pay_invoice(invoice)

    # --- What the owner and the bank do -------------------------------------------------------

    def forgives_what_is_open(self, who: int, number: int) -> None:
        for invoice in self.open_invoices(who):
            self.stripe.call("POST", f"invoices/{invoice}/{'void' if number % 2 else 'mark_uncollectible'}")

    def dunning_will_end(self, who: int, number: int) -> None:
        self.stripe.configure(final_failure=DUNNING[number % len(DUNNING)])

    def charge(self, who: int, number: int) -> str:
        paid = [one["id"] for one in self.shop.objects("charge", self.people[who]) if one["paid"]]
        return paid[number % len(paid)] if paid else ""

    def refunds(self, who: int, number: int) -> None:
        """Give all that is left back: it arrives, is on its way, or comes back because the bank will not take it."""
        if charge := self.charge(who, number):
            with suppress(StripeError):
                self.stripe.refund(charge, outcome=REFUNDS[number % len(REFUNDS)])

    def refunds_part(self, who: int, number: int) -> None:
        if charge := self.charge(who, number):
            with suppress(StripeError):
                self.stripe.refund(charge, 500)

    def refund_settles(self, who: int, number: int) -> None:
        """A refund that was on its way arrives, or one that seemed done comes back."""
        charges = [one["id"] for one in self.shop.objects("charge", self.people[who])]
        for refund in self.stripe.store.all("refund", charge=charges):
            with suppress(StripeError):
                self.stripe.settle_refund(refund["id"], succeeds=number % 3 == 0)

    def disputes(self, who: int, number: int) -> None:
        if charge := self.charge(who, number):
            with suppress(StripeError):
                self.stripe.dispute(charge, inquiry=number % 3 == 0)

    def dispute_goes_on(self, who: int, number: int) -> None:
        charges = [one["id"] for one in self.shop.objects("charge", self.people[who])]
        for found in self.stripe.store.all("dispute", charge=charges):
            with suppress(StripeError):
                self.stripe.decide(found["id"], DISPUTES[number % len(DISPUTES)])

    # --- What the wire does -------------------------------------------------------------------

    def any_bell_arrives(self, who: int, number: int) -> None:
        """Bells keep no order."""
        if self.shop.waiting:
            self.shop.deliver(self.shop.waiting[number % len(self.shop.waiting)])

    def last_bell_arrives(self, who: int, number: int) -> None:
        """The last bell about somebody arrives; those before it are lost."""
        mine = {one["id"] for one in self.shop.customers(self.people[who])}
        bells = [event for event in self.shop.waiting if self.shop.owner(event) in mine]
        for late in bells[:-1]:
            self.shop.drop(late)
        if bells:
            self.shop.deliver(bells[-1])

    def bell_arrives_again(self, who: int, number: int) -> None:
        if self.shop.done:
            self.shop.deliver(self.shop.done[number % len(self.shop.done)])

    def bell_is_lost(self, who: int, number: int) -> None:
        if self.shop.waiting:
            self.shop.drop(self.shop.waiting[number % len(self.shop.waiting)])

    def night_comes(self, who: int, number: int) -> None:
        self.shop.reconcile()

    def answer_is_slow(self, who: int, number: int) -> None:
        """Stripe has answered, and the answer is held back on its way; or one that was held back arrives."""
        if self.shop.under_way and number % 3:
            self.shop.land(number % len(self.shop.under_way))
        elif customers := sorted(self.shop.known):
            self.shop.ask(customers[number % len(customers)])

    # --- What breaks --------------------------------------------------------------------------

    def process_breaks(self, who: int, number: int) -> None:
        if fresh := self.shop.fresh():
            point, killed = POINTS[number % len(POINTS)], number % 2 == 0
            self.shop.deliver_broken(fresh[-1 - number % len(fresh)], point, killed=killed)

    def stripe_is_away(self, who: int, number: int) -> None:
        if fresh := self.shop.fresh():
            self.shop.deliver_during(fresh[-1 - number % len(fresh)], FAULTS[number % len(FAULTS)])

    # --- Time, and clicks ---------------------------------------------------------------------

    def time_passes(self, who: int, number: int) -> None:
        self.shop.forward(STEPS[number % len(STEPS)])

    def time_passes_to_an_edge(self, who: int, number: int) -> None:
        """Go to a moment at which something ends as the site knows it, or a second beside it, or past Stripe's collecting."""
        if edges := self.shop.edges():
            target = edges[number % min(3, len(edges))] + OFFSETS[number % len(OFFSETS)]
            self.shop.forward(max(0, int(target - self.shop.now())))

    def clicks(self, who: int, number: int) -> None:
        """Press Download: a link for whom the rule lets in, else the page with an offer."""
        person, what = self.people[who], sorted(self.files)[number % len(self.files)]
        browser = Client()
        browser.force_login(person)
        status = browser.get(self.files[what].get_absolute_url()).status_code
        held = self.shop.may_hold(person)
        pro, book = self.plans[2].product.stripe_id, self.book.product.stripe_id
        opens = {"members": bool(held - {book}), "pro": pro in held, "book": book in held}
        assert status == (302 if opens[what] else 403), (what, status, held)


def prepared(stripe: StripeServer, traveller: Any) -> type[Life]:
    """Make the people, the plans and the files of a machine, once for all its lives."""
    traveller.move_to(START)
    stripe.reset()
    till = Till(stripe)
    basic = till.sell("Basic", amount=1200)
    yearly = till.price(str(basic.product.stripe_id), amount=12000, interval="year")
    pro = till.sell("Pro", amount=3000)
    book = till.sell("Atlas", amount=1900, interval="once")
    files = {
        "members": build.file(build.ebook(access="members")),
        "pro": build.file(restricted(pro.product)),
        "book": build.file(restricted(book.product)),
    }
    made = {
        "stripe": stripe,
        "traveller": traveller,
        "people": [build.person(f"life{number}@example.com") for number in (1, 2)],
        "plans": [basic, yearly, pro],
        "book": book,
        "files": files,
        "catalogue": [*stripe.store.all("product"), *stripe.store.all("price")],
        "cells": Counter(),
    }
    return type("Life", (Life,), made)


def restricted(product: Product) -> Any:
    made = build.ebook(access="restricted")
    made.products.set([product])
    return made
