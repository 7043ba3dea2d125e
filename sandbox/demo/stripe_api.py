"""Stripe's API in a few lines of plain HTTP, for what the demo asks of it: the embedded one, or the reader's own sandbox."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

TIMEOUT = 30


class StripeRefused(RuntimeError):
    """Stripe answered with an error; the message is Stripe's."""


class StripeAPI:
    def __init__(self, base: str, key: str) -> None:
        self.base = base or "https://api.stripe.com"
        self.authorization = "Basic " + b64encode(f"{key}:".encode()).decode()

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"{self.base}/v1/{path}?{urlencode(parameters)}"))

    def post(self, path: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(
            urllib.request.Request(f"{self.base}/v1/{path}", urlencode(parameters).encode(), method="POST")
        )

    def delete(self, path: str) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"{self.base}/v1/{path}", method="DELETE"))

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        request.add_header("Authorization", self.authorization)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            body = json.loads(error.read() or b"{}")
            raise StripeRefused(body.get("error", {}).get("message", str(error))) from None
