"""The Billing Portal, and the one thing of it that we ask for by ourselves: to wake a subscription that waited for a card."""

from typing import Any

from billing.gateway.client import asking, v1

# The portal's steps that can be opened by one button; those in OF_ONE need to be told which subscription they are about.
OF_ONE = ("subscription_cancel", "subscription_update", "subscription_pause")
FLOWS = ("payment_method_update", *OF_ONE)


def create_portal_session(
    customer_id: str, *, return_url: str, flow: str = "", subscription_id: str = "", done_url: str = ""
) -> str:
    """Return the short-lived address of the Billing Portal; make it on the click and never store it.

    `flow` is empty or one of FLOWS; where it has been gone through, Stripe leads to `done_url`.
    """
    params: dict[str, Any] = {"customer": customer_id, "return_url": return_url}
    if flow in OF_ONE and subscription_id:
        params["flow_data"] = {"type": flow, flow: {"subscription": subscription_id}}
    elif flow == "payment_method_update":
        params["flow_data"] = {"type": flow}
    if "flow_data" in params and done_url:
        params["flow_data"]["after_completion"] = {"type": "redirect", "redirect": {"return_url": done_url}}
    with asking():
        return str(v1().billing_portal.sessions.create(params).url)


def resume_subscription(subscription_id: str) -> None:
    """Let a paused subscription go on from now; its next period is billed at once. Raises GatewayDown or GatewayRefused."""
    with asking():
        v1().subscriptions.resume(subscription_id, {"billing_cycle_anchor": "now"})
