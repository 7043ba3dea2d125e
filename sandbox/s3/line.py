"""How fast bytes come in, all connections together: a line as an owner has one, where this machine's own would have no limit."""

import threading
import time


class Line:
    """Carries `rate` bytes a second; None carries them as fast as they come."""

    def __init__(self, rate: int | None = None) -> None:
        self.rate = rate
        self.lock = threading.Lock()
        self.free_at = 0.0

    def carry(self, count: int) -> None:
        """Return when the line would have brought these bytes, those of other connections before them."""
        if not self.rate:
            return
        with self.lock:
            self.free_at = max(self.free_at, time.monotonic()) + count / self.rate
            wait = self.free_at - time.monotonic()
        time.sleep(max(0, wait))
