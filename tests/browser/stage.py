"""The whole product on real sockets for a story in a browser: the site, its bucket, its Stripe, and a shop with something to sell."""

import http.client
import json
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Page

from billing.models import Product
from courses import storage
from courses.models import File, FileVersion


@dataclass
class Stage:
    """Addresses of the three, and what an owner does before the curtain rises."""

    site: str
    stripe: str
    bucket: str

    def call_stripe(self, path: str, **parameters: Any) -> dict[str, Any]:
        """POST to the embedded Stripe's API and return its answer."""
        request = urllib.request.Request(f"{self.stripe}/v1/{path}", urlencode(parameters).encode(), method="POST")
        request.add_header("Authorization", "Basic " + b64encode(f"{settings.STRIPE_SECRET_KEY}:".encode()).decode())
        with urllib.request.urlopen(request) as response:
            return dict(json.load(response))

    def sell(self, name: str, *, monthly: int, yearly: int = 0, **fields: Any) -> Product:
        """Make a plan at Stripe, and mirror it into the site."""
        product = self.call_stripe("products", name=name, **fields)
        price = {"currency": "usd", "unit_amount": monthly, "recurring[interval]": "month", "product": product["id"]}
        self.call_stripe("prices", **price)
        if yearly:
            self.call_stripe("prices", **price | {"unit_amount": yearly, "recurring[interval]": "year"})
        call_command("sync_billing", "--catalogue")
        return Product.objects.get(stripe_id=product["id"])

    def store(self, file: File, body: bytes) -> FileVersion:
        """Put these bytes into the bucket behind the file's version, through a presigned part URL."""
        version = file.versions.get()
        upload = storage.create_multipart(version.key, version.content_type)
        target = urlsplit(storage.sign_part(version.key, upload, 1, size=len(body), ttl=300).url)
        client = http.client.HTTPConnection(target.netloc, timeout=10)
        client.request("PUT", f"{target.path}?{target.query}", body=body)
        assert client.getresponse().status == 200
        client.close()
        storage.complete_multipart(version.key, upload, storage.list_parts(version.key, upload))
        FileVersion.objects.filter(pk=version.pk).update(size=len(body))
        return version

    def status(self, page: Page, path: str) -> int:
        """Return the status that this browser's person gets for a path, redirects not followed."""
        return page.request.get(self.site + path, max_redirects=0).status
