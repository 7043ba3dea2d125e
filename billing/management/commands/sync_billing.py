"""Make our rows match Stripe: every night, after an outage, and whenever in doubt."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import gateway, sync
from billing.catalogue import mirror_catalogue


class Command(BaseCommand):
    help = "Fetch products and prices, then all customers with what they hold, from Stripe's lists. Safe to run at any time and twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--catalogue", action="store_true", help="only products and prices")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            products = mirror_catalogue()
            self.stdout.write(
                f"{len(products)} products mirrored, {sum(product.active for product in products)} of them for sale"
            )
            if not options["catalogue"]:
                self.reconcile()
        except gateway.GatewayError as error:
            raise CommandError(
                f"Stripe did not answer as hoped, so this is not finished; run it again. ({error})"
            ) from error

    def reconcile(self) -> None:
        report = sync.reconcile()
        self.stdout.write(f"{report.applied} customers confirmed, {report.overtaken} overtaken by newer news")
        if report.unknown:
            raise CommandError(
                f"{report.unknown} of our customers are unknown to Stripe; nothing was taken from them. "
                "Is STRIPE_SECRET_KEY that of another account?"
            )
