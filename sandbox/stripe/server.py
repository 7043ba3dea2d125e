"""The embedded Stripe as a server: the API under /v1, the hosted pages, and the thread that sends webhooks."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.stripe.api import answer
from sandbox.stripe.errors import StripeError
from sandbox.stripe.levers import Levers
from sandbox.stripe.sender import Sender
from sandbox.stripe.store import Store
from sandbox.stripe.terms import SANDBOX_CLOCK, public
from sandbox.stripe.wire import Handler, Listener
from sandbox.stripe.world import World

logger = logging.getLogger(__name__)


@dataclass
class Fault:
    """Trouble for the next calls of the API.

    `kind` is hang, reset, nonsense, lock (429, an object is in use), slow (asked after `seconds`), late (asked now, and the answer
    is on its way for `seconds` or until it is released), lost (done, but the answer never arrives), or an HTTP status.
    """

    kind: str
    times: int
    path: str
    seconds: float
    released: threading.Event = field(default_factory=threading.Event)


class StripeServer(Levers):
    """One embedded Stripe. `start` and `stop` it, or use it as a context manager."""

    def __init__(
        self,
        root: Path,
        *,
        api_key: str,
        webhook_secret: str,
        webhook_url: str | None,
        mail_dir: Path | None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.api_key, self.mail_dir = api_key, mail_dir
        self.store = Store(root)
        self.httpd = Listener((host, port), Handler)
        self.httpd.stripe = self
        self.url = f"http://{host}:{self.httpd.server_address[1]}"
        self.world = World(self.store, self.url)
        self.sender = Sender(self.store, url=webhook_url, secret=webhook_secret)
        self.world.post = self.sender.post  # type: ignore[method-assign]
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self.limit = 0  # Calls a second, like Stripe's rate limit; 0 for none.
        self.recent: deque[float] = deque()
        self.in_flight: set[str] = set()  # Idempotency keys of calls that have not been answered yet.
        self.gate = threading.Lock()
        self.begin()

    def begin(self) -> None:
        with self.store.lock:
            if self.store.note("began") is None:
                self.store.set_note("began", int(time.time()))
        if self.store.upgraded:
            with self.store.step():
                for kind in self.world.planned:
                    for one in self.store.all(kind):
                        self.store.save(one)

    # --- Life ---------------------------------------------------------------------------------

    def start(self) -> "StripeServer":
        self.sender.start()
        threading.Thread(target=self.httpd.serve_forever, name="stripe", daemon=True).start()
        threading.Thread(target=self.tick, name="stripe clock", daemon=True).start()
        return self

    def tick(self) -> None:
        """The sandbox's clock runs with real time: do what falls due."""
        while not self.sender.stopped.wait(1):
            try:
                with self.store.step():
                    self.world.run_until(SANDBOX_CLOCK, self.world.now())
            except StripeError:
                logger.exception("what fell due could not be done")

    def stop(self) -> None:
        self.sender.stop()
        self.httpd.shutdown()
        self.httpd.server_close()
        self.store.close()

    def __enter__(self) -> "StripeServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Forget everything, faults and switches too."""
        with self.store.lock:
            self.store.clear()
            self.begin()
        self.faults, self.calls, self.limit = [], [], 0
        self.sender.switches.clear()

    # --- For tests ----------------------------------------------------------------------------

    def now(self) -> int:
        with self.store.lock:
            return self.world.now()

    def advance(self, seconds: int) -> None:
        """Move the sandbox's clock forward by so many seconds."""
        with self.store.step():
            self.world.advance(SANDBOX_CLOCK, self.world.now() + seconds)

    def call(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """Call the API without a socket: `call("POST", "customers", email=…)`. Raises StripeError."""
        with self.store.step():
            return answer(self.world, method, f"/v1/{path}", texts(params))

    def settle(self, timeout: float = 10) -> None:
        """Wait until every webhook is answered or given up; raise TimeoutError when some are not."""
        end = time.monotonic() + timeout
        while self.sender.pending():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.sender.pending()} webhooks are still on their way")
            self.sender.hurry()
            time.sleep(0.02)

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Return the events so far, oldest first."""
        found = [public(one) for one in reversed(self.store.all("event"))]
        return [one for one in found if not types or one["type"] in types]

    def fail_next(self, kind: str, *, times: int = 1, path: str = "", seconds: float = 30) -> Fault:
        """Make the next calls whose path holds `path` go wrong; `kind` as in Fault: "hang", "reset", "nonsense", "lost", "429" …"""
        self.faults.append(Fault(kind, times, path, seconds))
        return self.faults[-1]

    def is_too_much(self) -> bool:
        """Count a call, and say whether it is over the limit of this second."""
        if not self.limit:
            return False
        with self.gate:
            now = time.monotonic()
            while self.recent and self.recent[0] < now - 1:
                self.recent.popleft()
            self.recent.append(now)
            return len(self.recent) > self.limit

    def fault_for(self, path: str) -> Fault | None:
        with self.gate:
            for fault in self.faults:
                if fault.times and fault.path in path:
                    fault.times -= 1
                    return fault
        return None


def texts(value: Any) -> Any:
    """Turn Python values into what a form would carry."""
    if isinstance(value, dict):
        return {name: texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
