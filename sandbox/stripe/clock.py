"""The clocks: what time it is for whom, and doing what falls due as one moves."""

import time
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.terms import DAY, HOUR, SANDBOX_CLOCK, Object, period_end


class Clock:
    """Needs `store`, `moment`, and the acts of the other rooms."""

    def now(self, clock: str = SANDBOX_CLOCK) -> int:
        if clock in self.moment:
            return self.moment[clock]
        if clock == SANDBOX_CLOCK:
            return int(time.time()) + int(self.store.note("offset", 0))
        return int(self.store.get("test_helpers.test_clock", clock)["frozen_time"])

    def now_of(self, customer_id: str) -> int:
        return self.now(self.store.get("customer", customer_id, "customer")["test_clock"])

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
        self.run_until(clock, target)
        if clock == SANDBOX_CLOCK:
            self.store.set_note("offset", target - int(time.time()))
        else:
            self.store.save(self.store.get("test_helpers.test_clock", clock) | {"frozen_time": target})

    def run_until(self, clock: str, target: int) -> None:
        start = self.now(clock)
        try:
            for _ in range(100_000):
                due = self.next_due(clock, target)
                if due is None:
                    return
                moment, act, subject = due
                self.moment[clock] = max(start, moment)
                act(subject)
            raise RuntimeError("the clock does not come to rest")
        finally:
            self.moment.pop(clock, None)

    def next_due(self, clock: str, target: int) -> tuple[int, Any, Object] | None:
        """Return (when, what to do, with what) of the first thing that falls due by `target`, or None."""
        mine = {
            one["id"] for one in self.store.all("customer") if one["test_clock"] == clock and not one.get("deleted")
        }
        subscriptions = [one for one in self.store.all("subscription") if one["customer"] in mine]
        bills = [one for one in self.store.all("invoice") if one["customer"] in mine]
        found = [self.subscription_due(one) for one in subscriptions] + [self.invoice_due(one) for one in bills]
        for one in self.store.all("checkout.session"):
            if one["customer"] in mine or (one["customer"] is None and clock == SANDBOX_CLOCK):
                if one["status"] == "open":
                    found.append((one["expires_at"], self.expire_session, one))
                if one.get("_settles_at"):
                    found.append((one["_settles_at"], self.settle_session, one))
        ready = [due for due in found if due and due[0] <= target]
        return min(ready, key=lambda due: due[0]) if ready else None

    def subscription_due(self, one: Object) -> tuple[int, Any, Object] | None:
        if one["status"] == "incomplete":
            return one["created"] + 23 * HOUR, self.give_up_incomplete, one
        if one["status"] not in ("trialing", "active", "past_due"):
            return None
        moments = [(period_end(one), self.renew, one)]
        if one["cancel_at"] is not None:
            moments.insert(0, (one["cancel_at"], self.end_subscription, one))
        if one["trial_end"] and one["status"] == "trialing" and not one.get("_warned"):
            moments.insert(0, (one["trial_end"] - 3 * DAY, self.warn_of_trial_end, one))
        return min(moments, key=lambda due: due[0])

    def invoice_due(self, one: Object) -> tuple[int, Any, Object] | None:
        if one["status"] == "draft" and one["auto_advance"]:
            return one["automatically_finalizes_at"], self.collect, one
        if one["status"] == "open" and one["next_payment_attempt"]:
            return one["next_payment_attempt"], self.collect, one
        return None
