"""Invoices, their lines, and what paid them."""

from sandbox.stripe.shapes.base import LIVEMODE, Object, base, page
from sandbox.stripe.store import new_id


def invoice(now: int, of: Object, reason: str, period: tuple[int, int], parent: Object | None) -> Object:
    """A draft. `of` is the customer."""
    return base(
        "invoice",
        "in",
        now,
        account_country="US",
        account_name="Lectern (stand-in)",
        account_tax_ids=None,
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_paid_off_stripe=0,
        amount_remaining=0,
        amount_shipping=0,
        application=None,
        attempt_count=0,
        attempted=False,
        auto_advance=True,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
        automatically_finalizes_at=now + 3600,
        billing_reason=reason,
        collection_method="charge_automatically",
        currency="usd",
        custom_fields=None,
        customer=of["id"],
        customer_account=None,
        customer_address=of.get("address"),
        customer_email=of["email"],
        customer_name=of["name"],
        customer_phone=None,
        customer_shipping=None,
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_payment_method=None,
        default_source=None,
        default_tax_rates=[],
        description=None,
        discounts=[],
        due_date=None,
        effective_at=None,
        ending_balance=None,
        footer=None,
        from_invoice=None,
        hosted_invoice_url=None,
        invoice_pdf=None,
        issuer={"type": "self"},
        last_finalization_error=None,
        latest_revision=None,
        lines=page([], ""),
        metadata={},
        next_payment_attempt=now + 3600,
        number=None,
        on_behalf_of=None,
        parent=parent,
        payment_settings={"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        period_end=period[1],
        period_start=period[0],
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        receipt_number=None,
        rendering=None,
        shipping_cost=None,
        shipping_details=None,
        starting_balance=0,
        statement_descriptor=None,
        status="draft",
        status_transitions={"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None},
        subtotal=0,
        subtotal_excluding_tax=0,
        test_clock=of["test_clock"],
        total=0,
        total_discount_amounts=[],
        total_excluding_tax=0,
        total_pretax_credit_amounts=[],
        total_taxes=[],
        webhooks_delivered_at=None,
    )


def line(
    invoice_id: str,
    of: Object | None,
    amount: int,
    period: tuple[int, int],
    parent: Object | None,
    *,
    currency: str,
    quantity: int = 1,
    description: str | None = None,
) -> Object:
    """`of` is the price, or None for an amount that was named outright."""
    each = amount // quantity if quantity else amount
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": LIVEMODE,
        "metadata": {},
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": pricing(of, each),
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
    }


def pricing(of: Object | None, each: int) -> Object | None:
    if of is None:
        return None
    details = {"price": of["id"], "product": of["product"]}
    return {"price_details": details, "type": "price_details", "unit_amount_decimal": str(each)}


def parent_of_line(
    *, item: str | None, subscription: str | None, subscription_item: str | None, proration: bool
) -> Object:
    """Where a line comes from: an item of a subscription, or an invoice item (`item`) made by itself or by a proration."""
    if subscription_item is not None and item is None:
        link = {"invoice_item": None, "proration": proration, "proration_details": {"credited_items": None}}
        link |= {"subscription": subscription, "subscription_item": subscription_item}
        return {"invoice_item_details": None, "subscription_item_details": link, "type": "subscription_item_details"}
    details = {"invoice_item": item, "proration": proration, "proration_details": {"credited_items": None}}
    details["subscription"] = subscription
    return {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}


def invoice_item(now: int, customer: Object, of: Object | None, amount: int, params: Object) -> Object:
    """An amount waiting for its invoice. Params: currency, description, period, quantity, subscription, item, proration, metadata."""
    subscription = params.get("subscription")
    details = {"subscription": subscription} | ({"subscription_item": params["item"]} if params.get("item") else {})
    quantity = params.get("quantity", 1)
    period = params.get("period", (now, now))
    return {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": params["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "date": now,
        "description": params.get("description"),
        "discountable": not params.get("proration"),
        "discounts": [],
        "invoice": params.get("invoice"),
        "livemode": LIVEMODE,
        "metadata": params.get("metadata") or {},
        "net_amount": amount,
        "parent": {"subscription_details": details, "type": "subscription_details"} if subscription else None,
        "period": {"start": period[0], "end": period[1]},
        "pricing": pricing(of, amount // quantity),
        "proration": bool(params.get("proration")),
        "proration_details": {"discount_amounts": []},
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": [],
        "test_clock": customer["test_clock"],
    }


def invoice_payment(now: int, of: Object, intent: Object) -> Object:
    """How an invoice is to be paid: open until the intent succeeds."""
    return base(
        "invoice_payment",
        "inpay",
        now,
        amount_paid=None,
        amount_requested=of["amount_due"],
        currency=of["currency"],
        invoice=of["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )


def tax_of_invoice(amount: int, taxable: int, *, inclusive: bool) -> Object:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": "txr_sandbox"},
        "taxability_reason": "standard_rated" if amount else "not_collecting",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }
