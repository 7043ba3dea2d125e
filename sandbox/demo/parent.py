"""Notice that `make`, which started us, is going: a script that interrupts make alone means all of it."""

import os
import re
import signal
from pathlib import Path


class Parent:
    """The process that started us, where that is make; any other may come and go."""

    def __init__(self) -> None:
        self.pid = os.getppid() if "MAKELEVEL" in os.environ else None
        self.blocked_before = self.blocks_interrupts()

    def is_leaving(self) -> bool:
        """Whether make is gone, or has been interrupted: it then blocks SIGINT, and only waits for us to end."""
        if self.pid is None:
            return False
        return os.getppid() != self.pid or self.blocks_interrupts() != self.blocked_before

    def blocks_interrupts(self) -> bool:
        """Linux tells; elsewhere the answer never changes."""
        try:
            found = re.search(r"^SigBlk:\s*(\w+)", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        except OSError:
            return False
        return found is not None and bool(int(found[1], 16) >> (signal.SIGINT - 1) & 1)
