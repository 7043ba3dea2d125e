"""The clocks: what time it is for whom, and doing what falls due as one moves."""

import time
from collections.abc import Callable
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.terms import DAY, HOUR, SANDBOX_CLOCK, Object, period_end, period_start

Due = tuple[int, Callable[[Object], Any]]
# A clock of the API's moves two of its shortest subscription's intervals at a time, as at Stripe.
INTERVALS = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}


class Clock:
    """Needs `store`, `moment`, and the acts of the other rooms."""

    def now(self, clock: str = SANDBOX_CLOCK) -> int:
        if clock in self.moment:
            return self.moment[clock]
        if clock == SANDBOX_CLOCK:
            return int(time.time()) + int(self.store.note("offset", 0))
        return int(self.store.get("test_helpers.test_clock", clock)["frozen_time"])

    def now_of(self, customer_id: str | None) -> int:
        return (
            self.now(self.store.get("customer", customer_id, "customer")["test_clock"]) if customer_id else self.now()
        )

    def now_at(self, body: Object) -> int:
        """Return what time it is for whatever this is."""
        return self.now(self.clock_of(body))

    def clock_of(self, body: Object) -> str:
        """Find the clock that something lives by: its own, its customer's, that of the payment it is about, or the sandbox's."""
        if body.get("test_clock"):
            return str(body["test_clock"])
        if customer := self.store.find("customer", body.get("customer")):
            return str(customer["test_clock"])
        for link in ("payment_intent", "charge", "invoice"):
            found = self.store.find_any(body.get(link))
            if found and found["object"] == link:
                return self.clock_of(found)
        return SANDBOX_CLOCK

    def sandbox_clock(self) -> Object:
        return {
            "id": SANDBOX_CLOCK,
            "object": "test_helpers.test_clock",
            "created": int(self.store.note("began", int(time.time()))),
            "deletes_after": self.now() + 30 * DAY,
            "frozen_time": self.now(),
            "livemode": False,
            "name": "The sandbox's clock: everybody without another one lives by it",
            "status": "ready",
            "status_details": {},
        }

    def advance(self, clock: str, target: int) -> None:
        """Move a clock forward, doing everything that falls due on the way in its order."""
        if target < self.now(clock):
            raise StripeError(400, "The new time must be later than the clock's.", param="frozen_time")
        if clock == SANDBOX_CLOCK:
            self.run_until(clock, target)
            self.store.set_note("offset", target - int(time.time()))
            return
        made = self.change(self.store.get("test_helpers.test_clock", clock), None, status="advancing")
        self.ring("test_helpers.test_clock.advancing", made)
        self.run_until(clock, target)
        made = self.change(made, None, status="ready", frozen_time=target)
        self.ring("test_helpers.test_clock.ready", made)

    def furthest(self, clock: str) -> int:
        """Return how far a clock may be moved at once."""
        now = self.now(clock)
        if clock == SANDBOX_CLOCK:
            return now + 2 * 366 * DAY
        items = [
            entry["price"]["recurring"]
            for one in self.store.all("subscription", test_clock=clock)
            for entry in one["items"]["data"]
        ]
        steps = [INTERVALS[item["interval"]] * item["interval_count"] for item in items]
        return now + 2 * min(steps, default=366 * DAY)

    def run_until(self, clock: str, target: int) -> None:
        start = self.now(clock)
        try:
            for _ in range(1_000_000):
                one = self.store.first_due(clock, target)
                if one is None:
                    return
                moment, act = self.next_of(one)
                self.moment[clock] = max(start, moment)
                act(one)
            raise RuntimeError("the clock does not come to rest")
        finally:
            self.moment.pop(clock, None)

    def due_of(self, body: Object) -> tuple[str, int] | None:
        """Return by which clock and when something happens to this object by itself."""
        due = self.next_of(body) if body["object"] in self.planned else None
        return (self.clock_of(body), due[0]) if due else None

    def next_of(self, body: Object) -> Due | None:
        """Return when something happens to this object by itself, and what."""
        found: list[Due] = self.planned[body["object"]](body)
        return min(found, key=lambda due: due[0], default=None)

    @property
    def planned(self) -> dict[str, Callable[[Object], list[Due]]]:
        return {
            "subscription": self.plans_of_subscription,
            "invoice": self.plans_of_invoice,
            "checkout.session": self.plans_of_session,
            "payment_intent": lambda one: [(one["_settles_at"], self.settle_intent)] if one.get("_settles_at") else [],
            "subscription_schedule": self.plans_of_schedule,
        }

    def plans_of_subscription(self, one: Object) -> list[Due]:
        """Of two things at the same moment the first in this list comes first."""
        if one["status"] == "incomplete":
            # What waits for a bank debit is not given up before that has arrived or come back.
            return [] if one.get("_debit") else [(one["created"] + 23 * HOUR, self.give_up_incomplete)]
        if one["status"] == "paused":
            return [(one[name], act) for name, act in self.plans_of_paused(one) if one.get(name)]
        if one["status"] not in ("trialing", "active", "past_due", "unpaid"):
            return []
        plans: list[Due] = []
        if one["cancel_at"] is not None:
            plans.append((one["cancel_at"], self.end_subscription))
        if (one["pause_collection"] or {}).get("resumes_at"):
            plans.append((one["pause_collection"]["resumes_at"], self.end_pause_of_collection))
        if one["pending_update"]:
            plans.append((one["pending_update"]["expires_at"], self.expire_pending))
        if one["trial_end"] and one["status"] == "trialing" and not one.get("_warned"):
            plans.append((one["trial_end"] - 3 * DAY, self.warn_of_trial_end))
        if self.is_to_be_announced(one):
            plans.append((period_end(one) - one.get("_notice", 7) * DAY, self.announce))
        return [*plans, (min(entry["current_period_end"] for entry in one["items"]["data"]), self.renew)]

    def plans_of_paused(self, one: Object) -> list[tuple[str, Callable[[Object], Any]]]:
        ends: list[tuple[str, Callable[[Object], Any]]] = [("cancel_at", self.end_subscription)]
        return [*ends, ("_resumes_at", self.resume_by_itself), ("_gives_up_at", self.give_up_resuming)]

    def is_to_be_announced(self, one: Object) -> bool:
        """A renewal is announced a week before, where the period is longer than that and nothing ends it."""
        end = period_end(one)
        ends = one["cancel_at"] is not None and one["cancel_at"] <= end
        longer = end - period_start(one) > one.get("_notice", 7) * DAY
        return one["status"] in ("active", "trialing") and longer and not ends and one.get("_upcoming") != end

    def plans_of_invoice(self, one: Object) -> list[Due]:
        if one["status"] == "draft" and one["auto_advance"] and one["automatically_finalizes_at"]:
            return [(one["automatically_finalizes_at"], self.collect)]
        if one["status"] == "open" and one["next_payment_attempt"]:
            return [(one["next_payment_attempt"], self.collect)]
        if one["status"] == "open" and one["due_date"] and not one.get("_overdue"):
            return [(one["due_date"], self.overdue)]
        return []

    def overdue(self, invoice: Object) -> None:
        self.store.save(invoice | {"_overdue": True})
        self.ring("invoice.overdue", invoice)

    def plans_of_session(self, one: Object) -> list[Due]:
        return [(one["expires_at"], self.expire_session)] if one["status"] == "open" else []

    def plans_of_schedule(self, one: Object) -> list[Due]:
        first, last = one["phases"][0], one["phases"][-1]
        if one["status"] == "not_started":
            return [(first["start_date"], self.begin_schedule)]
        if one["status"] != "active":
            return []
        plans: list[Due] = [(last["end_date"], self.end_schedule)]
        if not one.get("_warned"):
            plans.append((last["end_date"] - 7 * DAY, self.warn_of_schedule_end))
        return plans
