"""Write what Owner, Editor and Support may do into the database. Run it after `migrate`; it may run as often as you like."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import roles


class Command(BaseCommand):
    help = "Make the groups Owner, Editor and Support, and give each exactly its rights. Run it after migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.sync()
        if options["verbosity"]:
            self.stdout.write(f"{', '.join(roles.ROLES)}: in order.")
