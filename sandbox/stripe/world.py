"""One Stripe account: its objects, the events they raise, and everything that happens to them."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.stripe.cards import Cards
from sandbox.stripe.changes import Changes
from sandbox.stripe.clock import Clock
from sandbox.stripe.disputes import Disputes
from sandbox.stripe.dunning import Dunning
from sandbox.stripe.invoices import Invoices
from sandbox.stripe.pauses import Pauses
from sandbox.stripe.payments import Payments
from sandbox.stripe.refunds import Refunds
from sandbox.stripe.schedules import Schedules
from sandbox.stripe.sessions import Sessions
from sandbox.stripe.store import Store, new_id
from sandbox.stripe.subscriptions import Subscriptions
from sandbox.stripe.terms import API_VERSION, Object, public
from sandbox.stripe.totals import Totals


class World(
    Clock,
    Cards,
    Payments,
    Refunds,
    Disputes,
    Totals,
    Invoices,
    Dunning,
    Subscriptions,
    Changes,
    Pauses,
    Schedules,
    Sessions,
):
    """One Stripe account. Call its methods with `store.step()` entered; they return objects as stored."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.moment: dict[str, int] = {}  # While a clock advances, its time stands at the thing being done.
        self.held: list[tuple[str, Object, Object | None]] | None = None
        self.version, self.request_id, self.request_key = API_VERSION, None, None  # Of the call that is being answered.
        store.due_of = self.due_of

    def ring(self, type_: str, body: Object, previous: Object | None = None) -> None:
        """Store an event about this object, and put it into the post to every address that wants it."""
        if self.held is not None:
            self.held.append((type_, copy.deepcopy(body), copy.deepcopy(previous)))
            return
        data: Object = {"object": public(body)}
        if previous is not None:
            data["previous_attributes"] = public(previous)
        clock = self.clock_of(body)
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(clock),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.request_id, "idempotency_key": self.request_key},
            "type": type_,
        }
        event["pending_webhooks"] = self.post(event) or 0
        self.store.save(event)

    def post(self, event: Object) -> int | None:
        """Queue the event for each address, and return for how many; the sender takes it from there. Replaced by the server."""
        return 0

    @contextmanager
    def holding(self) -> Iterator[list[tuple[str, Object, Object | None]]]:
        """Keep the bells still that ring inside, so that another can ring first."""
        outer, self.held = self.held, []
        try:
            yield self.held
        finally:
            self.held = outer

    def release(self, held: list[tuple[str, Object, Object | None]], *, without: str = "") -> None:
        for type_, body, previous in held:
            if type_ != without:
                self.ring(type_, body, previous)

    def change(self, body: Object, event: str | None = None, **fields: Any) -> Object:
        """Save new values, and ring this bell when they differ."""
        previous = {name: body.get(name) for name, value in fields.items() if body.get(name) != value}
        body |= fields
        self.store.save(body)
        shown = {name: value for name, value in previous.items() if not name.startswith("_")}
        if event and shown:
            self.ring(event, body, shown)
        return body
