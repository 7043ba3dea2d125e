"""Subscription schedules: phases that follow one another, as a switch at the period's end needs."""

from sandbox.stripe import shapes
from sandbox.stripe.errors import invalid
from sandbox.stripe.shapes import schedules
from sandbox.stripe.terms import Object, after, period_end, period_start

OVER = ("canceled", "completed", "released")


class Schedules:
    """Needs `store`, the clock, events and subscriptions."""

    def schedule_switch(self, one: Object, price: Object) -> Object:
        """Let the first item have another price from the end of this period on, and the subscription be its own master again then."""
        now_items = [(entry["price"], entry["quantity"]) for entry in one["items"]["data"]]
        end = period_end(one)
        first = schedules.phase(period_start(one), end, now_items)
        then = [(price, one["items"]["data"][0]["quantity"]), *now_items[1:]]
        second = schedules.phase(end, after(end, price["recurring"]), then, "none")
        return self.start_schedule(one["customer"], [first, second], end_behavior="release", of=one)

    def start_schedule(
        self, customer_id: str, phases: list[Object], *, end_behavior: str, of: Object | None = None
    ) -> Object:
        customer = self.store.get("customer", customer_id, "customer")
        now = self.now(customer["test_clock"])
        made = schedules.schedule(now, customer_id, phases, end_behavior=end_behavior, clock=customer["test_clock"])
        if of is not None:
            made |= {"subscription": of["id"], "status": "active", "current_phase": span(phases[0])}
            self.change(of, "customer.subscription.updated", schedule=made["id"])
        self.store.save(made)
        self.ring("subscription_schedule.created", made)
        if of is None and phases[0]["start_date"] <= now:
            self.begin_schedule(made)
        return self.store.get("subscription_schedule", made["id"])

    def begin_schedule(self, made: Object) -> None:
        customer = self.store.get("customer", made["customer"])
        bought = self.bought_in(made["phases"][0])
        one = self.subscribe(customer, bought, {"metadata": made["metadata"]})
        self.change(one, "customer.subscription.updated", schedule=made["id"])
        phase = made["phases"][0]
        self.change(
            made, "subscription_schedule.updated", subscription=one["id"], status="active", current_phase=span(phase)
        )

    def bought_in(self, phase: Object) -> list[tuple[Object, int]]:
        return [(self.store.get("price", row["price"]), row["quantity"]) for row in phase["items"]]

    def turn_schedule(self, one: Object, now: int) -> None:
        """At the period's end the next phase's prices apply, before the new period is billed."""
        made = self.store.find("subscription_schedule", one["schedule"])
        if made is None:
            return
        following = [phase for phase in made["phases"] if phase["start_date"] == now]
        if following:
            for entry, (price, quantity) in zip(one["items"]["data"], self.bought_in(following[0]), strict=False):
                entry |= {"price": price, "plan": shapes.plan(price), "quantity": quantity}
            self.change(made, "subscription_schedule.updated", current_phase=span(following[0]))
            if following[0] is made["phases"][-1] and made["end_behavior"] == "release":
                self.let_go(made, one)

    def let_go(self, made: Object, one: Object | None = None) -> Object:
        """Let a schedule go: its subscription lives on by itself."""
        self.change(made, None, status="released", released_at=self.now_at(made), current_phase=None)
        self.change(made, None, released_subscription=made["subscription"], subscription=None)
        if one is None:
            one = self.store.find("subscription", made["released_subscription"])
            if one:
                self.change(one, "customer.subscription.updated", schedule=None)
        else:
            one["schedule"] = None
        self.ring("subscription_schedule.released", made)
        return made

    def release_schedule(self, one: Object) -> None:
        """A subscription that ends takes its schedule along."""
        made = self.store.find("subscription_schedule", one["schedule"])
        if made and made["status"] not in OVER:
            self.change(made, None, status="canceled", canceled_at=self.now_at(made), current_phase=None)
            unpaid = one["cancellation_details"]["reason"] == "payment_failed"
            self.ring(f"subscription_schedule.{'aborted' if unpaid else 'canceled'}", made)

    def cancel_schedule(self, made: Object) -> Object:
        if made["status"] in OVER:
            raise invalid("schedule", f"You cannot cancel a subscription schedule that is {made['status']}.")
        one = self.store.find("subscription", made["subscription"])
        if one and one["status"] != "canceled":
            self.end_subscription(one)
            return self.store.get("subscription_schedule", made["id"])
        self.change(made, None, status="canceled", canceled_at=self.now_at(made))
        self.ring("subscription_schedule.canceled", made)
        return made

    def end_schedule(self, made: Object) -> None:
        """The last phase is over: the subscription ends with it, or lives on."""
        if made["end_behavior"] != "cancel":
            self.change(made, None, status="completed", completed_at=self.now_at(made), current_phase=None)
            self.ring("subscription_schedule.completed", made)
            self.let_go(made)
            return
        one = self.store.find("subscription", made["subscription"])
        self.change(made, None, status="completed", completed_at=self.now_at(made), current_phase=None)
        self.ring("subscription_schedule.completed", made)
        if one and one["status"] != "canceled":
            self.end_subscription(one)

    def warn_of_schedule_end(self, made: Object) -> None:
        self.store.save(made | {"_warned": True})
        self.ring("subscription_schedule.expiring", made)


def span(phase: Object) -> Object:
    return {"end_date": phase["end_date"], "start_date": phase["start_date"]}
