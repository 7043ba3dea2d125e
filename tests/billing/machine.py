"""A person's life with a shop, played at random: what they do, what Stripe does, what the wire and the machine room do to it.

After each step everybody's access is held against what Stripe has told the site, and, once every bell has arrived, against what Stripe
says now. A new act is a method of Life that takes (who, number), named in one of the tuples below; whatever it changes at Stripe is read
by tests/billing/truth.py.
"""

from collections import Counter
from typing import Any, ClassVar

from django.db import transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import User
from billing.models import Price, Product
from courses.models import File
from sandbox.stripe import StripeServer
from tests import build
from tests.billing.ledger import contradictions
from tests.billing.shop import START, Shop
from tests.billing.till import Till
from tests.billing.truth import DAY, HOUR, Object

# The first of the two lives through more than the second.
WHO, ANY = st.sampled_from([0, 0, 0, 1]), st.integers(0, 1000)
CARDS = ("declines", "good", "none", "3ds")
CARD = st.sampled_from(CARDS)
DISPUTES = ("needs_response", "under_review", "lost", "won", "warning_needs_response")
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
    "refunds_all": 1,
    "refunds_part": 1,
    "disputes": 2,
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
        self.atomic = transaction.atomic()
        # A life may take tickets, each of which insists on a commit of its own; they all go back at its end.
        self.atomic._from_testcase = True
        self.atomic.__enter__()
        self.shop = Shop(self.stripe, self.traveller, self.catalogue)
        self.sessions: list[str] = []

    def teardown(self) -> None:
        try:
            self.shop.reconcile()
            self.shop.waiting.clear()
            self.shop.check(self.people)
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
        self.completes(number, settled=True)

    def promises(self, who: int, number: int) -> None:
        """Pay by bank debit: for what is sold outright the money comes days later, or never."""
        self.completes(number, settled=False)

    def completes(self, number: int, *, settled: bool) -> None:
        """Pay any session that was ever given out, the latest first, if Stripe still takes it."""
        if not self.sessions:
            return
        session = self.stripe.store.get("checkout.session", self.sessions[-1 - number % len(self.sessions)])
        if session["status"] == "open":
            settled = settled or session["mode"] == "subscription"
            fails = {} if settled else {"_fails": number % 2 == 1}
            with self.stripe.store.lock:
                self.shop.world.complete_session(session | fails, settled=settled)

    def changes_card(self, who: int, card: int | str) -> None:
        chosen = card if isinstance(card, str) else CARDS[card % len(CARDS)]
        for customer in self.shop.customers(self.people[who]):
            self.stripe.store.save(customer | {"_card": chosen})

    def change(self, who: int, method: str, path: str = "subscriptions/{}", **params: Any) -> None:
        for one in self.shop.standing(self.people[who]):
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
        self.change(who, "POST", items=[{"price": self.plans[number % len(self.plans)].stripe_id}])

    def pauses(self, who: int, number: int) -> None:
        if self.statuses(who) in (["active"], ["trialing"]):
            self.change(who, "POST", "subscriptions/{}/pause")

    def resumes(self, who: int, number: int) -> None:
        if self.statuses(who) == ["paused"]:
            self.change(who, "POST", "subscriptions/{}/resume")

    def statuses(self, who: int) -> list[str]:
        return [one["status"] for one in self.shop.standing(self.people[who])]

    def collection_rests(self, who: int, number: int) -> None:
        """The owner lets somebody have a month for nothing, or ends that: Stripe says they keep access."""
        self.change(who, "POST", pause_collection={"behavior": "void"} if number % 2 else "")

    def pays_what_is_open(self, who: int, number: int) -> None:
        for invoice in self.shop.objects("invoice", self.people[who]):
            if invoice["status"] == "open":
                with self.stripe.store.lock:
                    self.shop.world.try_to_pay(invoice)

    # --- What the owner and the bank do -------------------------------------------------------

    def charge(self, who: int, number: int) -> Object | None:
        charges = self.shop.objects("charge", self.people[who])
        return charges[number % len(charges)] if charges else None

    def refunds_all(self, who: int, number: int) -> None:
        charge = self.charge(who, number)
        if charge and (left := charge["amount"] - charge["amount_refunded"]):
            self.stripe.call("POST", "refunds", charge=charge["id"], amount=left)

    def refunds_part(self, who: int, number: int) -> None:
        charge = self.charge(who, number)
        if charge and (left := charge["amount"] - charge["amount_refunded"]) > 1:
            self.stripe.call("POST", "refunds", charge=charge["id"], amount=left // 2)

    def disputes(self, who: int, number: int) -> None:
        """A payment's dispute is opened, or goes on."""
        if charge := self.charge(who, number):
            dispute(self.stripe, charge, DISPUTES[number % len(DISPUTES)])

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


def dispute(stripe: StripeServer, charge: Object, status: str) -> None:
    """Let the buyer's bank take this payment's dispute to a state, and ring its bell, which names a charge and no customer."""
    with stripe.store.lock:
        stripe.store.save(charge | {"disputed": True})
        identity = f"dp_{charge['id'][3:]}"
        fields = {"id": identity, "object": "dispute", "charge": charge["id"], "status": status}
        fields |= {"payment_intent": charge["payment_intent"], "amount": charge["amount"], "created": charge["created"]}
        known = stripe.store.find("dispute", identity)
        stripe.store.save(fields)
        stripe.world.ring("charge.dispute.updated" if known else "charge.dispute.created", fields)


def prepared(stripe: StripeServer, traveller: Any) -> type[Life]:
    """Make the people, the plans and the files of a machine, once for all its lives."""
    traveller.move_to(START)
    stripe.reset()
    till = Till(stripe)
    basic = till.sell("Basic", amount=1200)
    yearly = till.price(basic.product.stripe_id, amount=12000, interval="year")
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
