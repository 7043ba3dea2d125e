"""What every bad input is held against: a plain answer, one line in the log, and no row that was touched."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session

Rows = dict[str, list[str]]
NEVER = ("Traceback", "<Error>", "X-Amz-", "AccessDenied", "NoSuchKey", "content/")


@dataclass
class Visit:
    """One request as its sender, the operator and the database saw it."""

    response: Any
    lines: list[str]
    before: Rows
    after: Rows

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def page(self) -> str:
        return "" if self.response.streaming else self.response.content.decode(errors="replace")

    @property
    def location(self) -> str:
        return str(self.response.headers.get("Location", ""))

    def refused(self, status: int) -> "Visit":
        """Hold the answer against what is promised of every refusal."""
        assert self.status == status, self.page[:300]
        assert self.before == self.after
        assert len(self.lines) == 1, self.lines
        assert not [word for word in NEVER if word in self.page or word in self.lines[0]]
        assert "X-Amz" not in self.location
        return self


def rows() -> Rows:
    """Return everything the database holds but sessions, which every visit may touch."""
    models = [model for model in apps.get_models() if model is not Session]
    return {model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in models}
