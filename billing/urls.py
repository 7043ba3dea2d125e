"""Addresses of what is paid for."""

from django.urls import path

from billing.views import checkout, plans, portal, webhook

app_name = "billing"
urlpatterns = [
    path("plans/", plans.plans, name="plans"),
    path("checkout/done/", checkout.done, name="done"),
    path("checkout/<slug:price_id>/", checkout.checkout, name="checkout"),
    path("portal/", portal.portal, name="portal"),
    path("portal/done/", portal.portal_done, name="portal_done"),
    path("stripe/webhook/", webhook.webhook, name="webhook"),
]
