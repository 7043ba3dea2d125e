"""Stripe's side of the wire: takes events to the site over many connections at once, again and again until each is answered with 2xx."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.stripe.sender import signature
from sandbox.stripe.terms import public

Object = dict[str, Any]
PATH = "/stripe/webhook/"
# How often an old bell goes out before a new one.
LATE = 0.3


class Postman:
    """Delivers each event `copies` times: some at once and side by side, some much later, so that old bells ring among new ones."""

    def __init__(
        self, connect: Callable[[], http.client.HTTPConnection], secret: str, *, copies: int, hands: int
    ) -> None:
        self.connect, self.secret, self.copies = connect, secret, copies
        self.fresh: list[Object] = []
        self.late: list[Object] = []
        self.lock = threading.Condition()
        self.closing = threading.Event()
        self.busy = self.given = 0
        self.answered: Counter[str] = Counter()  # Deliveries that got a 2xx, by event.
        self.statuses: Counter[str] = Counter()
        self.times: list[float] = []
        self.hands = [threading.Thread(target=self.work, daemon=True) for _ in range(hands)]

    def start(self) -> None:
        for hand in self.hands:
            hand.start()

    def give(self, events: list[Object], copies: int = 0) -> None:
        """Take new events: two copies of each go out now, the others among later ones. `copies` is how many, where not as many as ever."""
        copies = copies or self.copies
        with self.lock:
            self.given += len(events)
            for event in events:
                self.fresh += [event] * min(2, copies)
                self.late += [event] * max(0, copies - 2)
            self.lock.notify_all()

    def waiting(self) -> int:
        with self.lock:
            return len(self.fresh) + len(self.late) + self.busy

    def backlog(self) -> int:
        """Return how many deliveries of new events have not begun."""
        with self.lock:
            return len(self.fresh)

    def rest(self, seconds: float) -> None:
        """Wait until every event has gone out once, but no longer than this."""
        end = time.monotonic() + seconds
        while (self.backlog() or self.given > len(self.answered)) and time.monotonic() < end:
            time.sleep(0.005)

    def deliver_all(self, seconds: float) -> None:
        """Deliver what is left, however long a busy machine takes; raise TimeoutError when none was taken for so many seconds."""
        fewest, since = self.waiting(), time.monotonic()
        while left := self.waiting():
            if left < fewest:
                fewest, since = left, time.monotonic()
            if time.monotonic() - since > seconds:
                raise TimeoutError(f"{left} deliveries are left, and none was taken for {seconds} s")
            time.sleep(0.05)

    def finish(self, seconds: float) -> None:
        """Deliver what is left, as `deliver_all`, and stop."""
        self.deliver_all(seconds)
        self.closing.set()
        with self.lock:
            self.lock.notify_all()
        for hand in self.hands:
            hand.join(60)

    def take(self) -> Object | None:
        """Wait for a delivery to make; None when there will be no more."""
        with self.lock:
            while not self.closing.is_set():
                pool = self.late if self.late and (not self.fresh or random.random() < LATE) else self.fresh
                if pool:
                    self.busy += 1
                    return pool.pop(random.randrange(len(pool)) if pool is self.late else 0)
                self.lock.wait(1)
        return None

    def work(self) -> None:
        connection = self.connect()
        while event := self.take():
            status = self.deliver(connection, event)
            taken = status.startswith("2")
            if not taken:
                connection.close()
                time.sleep(random.uniform(0.05, 0.3))
            with self.lock:
                self.busy -= 1
                self.statuses[status] += 1
                if taken:
                    self.answered[event["id"]] += 1
                else:
                    self.late.append(event)
                    self.lock.notify()
        connection.close()

    def deliver(self, connection: http.client.HTTPConnection, event: Object) -> str:
        """POST one event, signed now; return the status, or the name of what went wrong on the way."""
        body = json.dumps(public(event)).encode()
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature(body, [self.secret], int(time.time())),
        }
        began = time.monotonic()
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            self.times.append(time.monotonic() - began)
        return str(answer.status)
