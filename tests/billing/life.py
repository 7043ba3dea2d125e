"""One buyer's life at the embedded Stripe: what they and the owner do there, by its API, its hosted pages and its clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from billing import checkout, entitlements
from billing.models import Price
from tests.billing.till import DAY, HOUR, Till, ring

Object = dict[str, Any]
Story = Iterator[None]


@dataclass
class Life:
    """`person` and what they do; access is asked at the time of Stripe's clock, which moves here as the world's would."""

    till: Till
    person: User

    # --- What is asked ------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.till.stripe.now(), UTC)

    def is_open(self, *, at: datetime | None = None) -> bool:
        return bool(list(entitlements.held(self.person.pk, now=at or self.now)))

    def catch_up(self) -> None:
        """Let every bell ring that has not yet."""
        self.till.ring_all()

    def ring_only(self, kind: str) -> int:
        """Ring the bells of one kind that have not rung, and no others; return how many there were."""
        waiting = [event for event in self.till.stripe.events(kind) if event["id"] not in self.till.rung]
        for event in waiting:
            assert ring(event).status_code == 200
            self.till.rung.add(event["id"])
        return len(waiting)

    # --- What is bought -----------------------------------------------------------------------

    def press(self, price: Price, outcome: str = "pay", **fields: str) -> str:
        """Click a price on the site, press a button on the hosted page, and return the session's id."""
        address = checkout.start(self.person.pk, self.person.email, price)
        self.till.press(address, outcome, **fields)
        return self.till.session_of(address)

    def subscribe(self, outcome: str = "pay", **fields: Any) -> Object:
        """Buy a plan and return the subscription."""
        self.press(self.till.sell(**fields), outcome)
        return self.subscription

    def buy(self, outcome: str = "pay", **fields: str) -> str:
        return self.press(self.till.sell("Atlas", interval="once", amount=1900), outcome, **fields)

    def start_trial(self, *, card: str, missing_payment_method: str = "cancel") -> Object:
        """Begin a fortnight's trial in Checkout, with a card or without."""
        price = self.till.sell(metadata={"trial_days": "14"})
        order = {
            "subscription_data": {"trial_period_days": 14, "metadata": {}},
            "payment_method_collection": "if_required",
        }
        order["subscription_data"] |= {
            "trial_settings": {"end_behavior": {"missing_payment_method": missing_payment_method}}
        }
        customer = checkout.customer_for(self.person.pk, self.person.email).stripe_id
        lines = [{"price": price.stripe_id, "quantity": 1}]
        session = self.call(
            "POST",
            "checkout/sessions",
            mode="subscription",
            customer=customer,
            line_items=lines,
            success_url="http://testserver/checkout/done/",
            **order,
        )
        self.till.press(session["url"], "pay")
        self.card(card)
        return self.subscription

    def subscribe_by_api(self, method: str) -> Object:
        """Let the owner make the subscription, with this of Stripe's test cards."""
        customer = checkout.customer_for(self.person.pk, self.person.email).stripe_id
        card = self.call("POST", f"payment_methods/{method}/attach", customer=customer)["id"]
        price = self.till.sell().stripe_id
        return self.call(
            "POST",
            "subscriptions",
            customer=customer,
            items=[{"price": price}],
            default_payment_method=card,
            payment_behavior="default_incomplete",
        )

    def owe(self) -> None:
        """Be a subscriber whose renewal has failed."""
        self.subscribe()
        self.card("declines")
        self.to_the_end_of_the_period()

    def pause(self) -> None:
        self.call("POST", f"subscriptions/{self.subscription['id']}/pause", type="subscription")

    def switch_that_waits(self) -> None:
        """Switch to a dearer plan with a card that asks: the change waits for its payment."""
        self.subscribe()
        self.card("3ds")
        other = self.till.sell("Patron", amount=2400)
        item = self.subscription["items"]["data"][0]["id"]
        self.change(
            items=[{"id": item, "price": other.stripe_id}],
            payment_behavior="pending_if_incomplete",
            proration_behavior="always_invoice",
        )

    # --- What is there ------------------------------------------------------------------------

    @property
    def customer(self) -> Object:
        return self.till.stripe.store.all("customer")[0]

    @property
    def subscription(self) -> Object:
        return self.till.subscription_of(self.customer["id"])

    @property
    def open_invoice(self) -> Object:
        return self.call("GET", "invoices", customer=self.customer["id"], status="open")["data"][0]

    def pay_open_invoice(self) -> None:
        """Pay on the hosted page, as the mail's link leads to."""
        self.till.press(self.open_invoice["hosted_invoice_url"], "pay")

    @property
    def world(self) -> Any:
        return self.till.stripe.world

    @property
    def charge(self) -> Object:
        return self.till.stripe.store.all("charge")[0]

    def call(self, method: str, path: str, **params: Any) -> Object:
        return self.till.stripe.call(method, path, **params)

    def change(self, **params: Any) -> Object:
        return self.call("POST", f"subscriptions/{self.subscription['id']}", **params)

    def card(self, kind: str) -> None:
        """Use another card from now on: good, declines, 3ds or none."""
        self.world.use_card(self.customer["id"], kind)

    def portal(self, **fields: str) -> None:
        """Press a button in the Billing Portal."""
        session = self.call("POST", "billing_portal/sessions", customer=self.customer["id"])
        self.till.press(session["url"], "", **fields)

    def refund(self, amount: int | None = None) -> Object:
        amounts = {} if amount is None else {"amount": amount}
        return self.call("POST", "refunds", charge=self.charge["id"], **amounts)

    # --- Time ---------------------------------------------------------------------------------

    def to_the_end_of_the_period(self, *, and_hours: int = 2) -> None:
        """Let Stripe's clock run to the renewal, and on until it has tried to collect."""
        end = max(item["current_period_end"] for item in self.subscription["items"]["data"])
        self.till.stripe.advance(end - self.till.stripe.now() + and_hours * HOUR)

    def days(self, count: int) -> None:
        self.till.stripe.advance(count * DAY)

    def after(self, **span: int) -> datetime:
        return self.now + timedelta(**span)


Act = Callable[[Life], Story]
