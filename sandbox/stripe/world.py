"""One Stripe account: its objects, the events they raise, and everything that happens to them."""

from typing import Any

from sandbox.stripe.clock import Clock
from sandbox.stripe.invoices import Invoices
from sandbox.stripe.sessions import Sessions
from sandbox.stripe.store import Store, new_id
from sandbox.stripe.subscriptions import Subscriptions
from sandbox.stripe.terms import API_VERSION, SANDBOX_CLOCK, Object, public


class World(Clock, Subscriptions, Invoices, Sessions):
    """One Stripe account. Call its methods with `store.lock` held; they return objects as stored."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.moment: dict[str, int] = {}  # While a clock advances, its time stands at the thing being done.

    def ring(self, type_: str, body: Object, previous: Object | None = None) -> Object:
        """Store an event about this object, and put it into the post to every address that wants it."""
        data: Object = {"object": public(body)}
        if previous is not None:
            data["previous_attributes"] = previous
        customer = body if body["object"] == "customer" else self.store.find("customer", body.get("customer"))
        clock = customer["test_clock"] if customer else SANDBOX_CLOCK
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(clock),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type_,
        }
        self.store.save(event)
        self.post(event)
        return event

    def post(self, event: Object) -> None:
        """Queue the event for each address; the sender takes it from there. Replaced by the server."""

    def change(self, body: Object, event: str | None = None, **fields: Any) -> Object:
        """Save new values, and ring `<kind>.updated`'s bell when they differ."""
        previous = {name: body.get(name) for name, value in fields.items() if body.get(name) != value}
        body |= fields
        self.store.save(body)
        if event and previous:
            self.ring(event, body, {name: value for name, value in previous.items() if not name.startswith("_")})
        return body
