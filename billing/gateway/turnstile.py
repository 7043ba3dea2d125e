"""How many threads of a process may wait for Stripe at once: never all of them, so that members download on while Stripe hangs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# deploy/gunicorn.conf.py gives a process eight threads; three are left for everybody who wants nothing of Stripe.
PLACES = 5
# Seconds after which a conversation is taken for a sign that Stripe is slow, and that one may queue for a place while it is not.
SLOW, QUEUE = 2.0, 0.5


class Full(Exception):
    """Enough threads of this process wait for Stripe already."""


class Turnstile:
    """Lets `places` threads through at once. Others queue for a moment; while Stripe is slow they are turned away at once."""

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
            self.change.wait_for(lambda: self.has_place() or self.is_slow(), timeout=QUEUE)
            if not self.has_place():
                raise Full
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
