"""How many threads of a process may wait for Stripe at once: never all of them, so that members download on while Stripe hangs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# deploy/gunicorn.conf.py gives a process eight threads; three are left for everybody who wants nothing of Stripe.
PLACES = 5
# Seconds after which a conversation is taken for a sign that Stripe is slow; that one may queue for a place; between two looks.
SLOW, QUEUE, LOOK = 3.0, 5.0, 0.25


class Full(Exception):
    """Enough threads of this process wait for Stripe already."""


class Turnstile:
    """Lets `places` threads through at once. Others queue, but are turned away as soon as Stripe turns out to be slow."""

    def __init__(self, places: int = PLACES) -> None:
        self.places = places
        self.change = threading.Condition()
        self.inside: dict[int, float] = {}

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Hold a place inside the block. Raises Full; a thread that is inside already keeps its one place."""
        mine = threading.get_ident()
        if mine in self.inside:
            yield
            return
        with self.change:
            patient_until = time.monotonic() + QUEUE
            while not self.has_place():
                if self.is_slow() or time.monotonic() > patient_until:
                    raise Full
                self.change.wait(LOOK)
            self.inside[mine] = time.monotonic()
        try:
            yield
        finally:
            with self.change:
                del self.inside[mine]
                self.change.notify()

    def has_place(self) -> bool:
        return len(self.inside) < self.places

    def is_slow(self) -> bool:
        return time.monotonic() - min(self.inside.values(), default=time.monotonic()) > SLOW
