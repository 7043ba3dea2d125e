"""Products and prices: made at Stripe, mirrored here with one button; a product without a Stripe id serves grants only."""

import logging

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import gateway
from billing.admin.mirrored import MirroredAdmin
from billing.catalogue import mirror_catalogue
from billing.models import Price, Product
from billing.money import formatted

logger = logging.getLogger(__name__)
FROM_STRIPE = ("stripe_id", "kind", "name", "description", "features", "active")


class PriceInline(admin.TabularInline):
    model = Price
    fields = readonly_fields = (
        "stripe_id",
        "currency",
        "unit_amount",
        "interval",
        "interval_count",
        "trial_days",
        "active",
    )
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    change_list_template = "billing/admin/catalogue.html"
    list_display = ("name", "kind", "active", "position", "stripe_id")
    list_editable = ("position",)
    list_filter = ("kind", "active")
    search_fields = ("name", "stripe_id")
    inlines = (PriceInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if isinstance(obj, Product) and obj.stripe_id:
            return FROM_STRIPE
        return ("stripe_id",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return isinstance(obj, Product) and not obj.stripe_id and super().has_delete_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        return [path("mirror/", self.admin_site.admin_view(self.mirror), name="billing_mirror"), *super().get_urls()]

    def mirror(self, request: HttpRequest) -> HttpResponse:
        """Fetch the catalogue from Stripe: the button above the list of products."""
        if request.method != "POST" or not request.user.has_perm("billing.change_product"):
            raise PermissionDenied
        try:
            with gateway.within(9):
                count = len(mirror_catalogue())
        except gateway.GatewayError:
            logger.exception("catalogue not mirrored")
            messages.error(request, _("Stripe did not answer as hoped. Nothing was changed; please try again."))
        else:
            text = ngettext("%(count)d product mirrored.", "%(count)d products mirrored.", count) % {"count": count}
            messages.success(request, text)
        return redirect(reverse("admin:billing_product_changelist"))


@admin.register(Price)
class PriceAdmin(MirroredAdmin):
    list_display = ("product", "amount", "interval", "interval_count", "trial_days", "active", "stripe_id")
    list_filter = ("active", "interval", "currency")
    search_fields = ("stripe_id", "product__name")
    list_select_related = ("product",)

    @admin.display(description="amount", ordering="unit_amount")
    def amount(self, price: Price) -> str:
        return formatted(price.unit_amount, price.currency)
