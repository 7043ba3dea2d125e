"""Failures on demand: the next requests that match fail in a chosen way, so that retries can be tested."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .request import Request

# hang: no answer for HANG seconds, then the line drops. reset: the line drops at once.
# lost: the work is done, but its answer never arrives. cut: the line drops in the middle of the bytes.
Kind = Literal["SlowDown", "InternalError", "hang", "reset", "lost", "cut"]
HANG = 60.0
# What was sent before the line drops has this long to be read, in seconds.
CUT = 0.3


@dataclass
class Order:
    left: int
    kind: Kind
    match: Callable[[Request], bool]


class Chaos:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.orders: list[Order] = []

    def add(self, order: Order) -> None:
        with self.lock:
            self.orders.append(order)

    def clear(self) -> None:
        with self.lock:
            self.orders.clear()

    def take(self, request: Request) -> Kind | None:
        """The failure this request is to have, used up by one."""
        with self.lock:
            for order in self.orders:
                if order.left > 0 and order.match(request):
                    order.left -= 1
                    return order.kind
        return None
