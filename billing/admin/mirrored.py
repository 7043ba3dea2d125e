"""What the admins of mirrored rows have in common."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest


class MirroredAdmin(admin.ModelAdmin):
    """Rows that come from Stripe: seen, searched, and nothing else."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Asking Stripe again changes our rows, so it takes the right to change them."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))
