"""Invoices, what they are made of, and what pays them."""

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import PAGING, listing
from sandbox.stripe.api.routes import route
from sandbox.stripe.errors import StripeError, invalid, missing, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import DAY, Object
from sandbox.stripe.world import World

ITEMS = "subscription_details.items[].id subscription_details.items[].price subscription_details.items[].quantity "
PREVIEW = f"customer subscription {ITEMS} subscription_details.proration_behavior subscription_details.proration_date currency expand[]"


@route("GET", "invoices")
def list_invoices(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "invoice", "/v1/invoices", own="customer subscription status collection_method")


@route("GET", "invoices/{}")
def get_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("invoice", ids[0])


@route("GET", "invoices/{}/lines")
def list_lines(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, PAGING)
    lines = world.store.get("invoice", ids[0])["lines"]
    names = [line["id"] for line in lines["data"]]
    after = params.get("starting_after")
    if after and after not in names:
        raise missing("line_item", after, "starting_after")
    rest = lines["data"][names.index(after) + 1 if after else 0 :]
    limit = integer(params, "limit", 10, low=1)
    return shapes.page(rest[:limit], f"/v1/invoices/{ids[0]}/lines", more=len(rest) > limit)


@route("POST", "invoices")
def create_invoice(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "customer description metadata.* auto_advance collection_method days_until_due pending_invoice_items_behavior currency "
        "automatic_tax.enabled default_payment_method expand[]",
    )
    customer = world.store.get("customer", params.get("customer", ""), "customer")
    now = world.now(customer["test_clock"])
    invoice = world.draft(customer, "manual", (now, now), params.get("currency") or customer["currency"] or "usd")
    invoice |= {"description": params.get("description"), "metadata": params.get("metadata") or {}}
    invoice["collection_method"] = params.get("collection_method", "charge_automatically")
    if not boolean(params, "auto_advance"):
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
    if days := integer(params, "days_until_due", 0):
        invoice["due_date"] = now + days * DAY
    if params.get("default_payment_method"):
        invoice |= {
            "_method": params["default_payment_method"],
            "default_payment_method": params["default_payment_method"],
        }
    take = params.get("pending_invoice_items_behavior", "exclude") == "include"
    lines = world.waiting_lines(invoice, None) if take else []
    world.total(invoice, lines, [], tax=(params.get("automatic_tax") or {}).get("enabled") == "true")
    world.store.save(invoice)
    world.ring("invoice.created", invoice)
    return invoice


@route("POST", "invoices/create_preview")
def preview_invoice(world: World, params: Object, _: list[str]) -> Object:
    hold(params, PREVIEW)
    if not params.get("subscription"):
        raise needs("subscription")
    one = world.store.get("subscription", params["subscription"], "subscription")
    if world.is_over(one) or (one["cancel_at"] and not params.get("subscription_details")):
        raise StripeError(404, "No upcoming invoices for customer.", code="invoice_upcoming_none")
    details = params.get("subscription_details") or {}
    switches = world.switches(one, details["items"]) if details.get("items") else None
    return world.preview(one, switches, proration=details.get("proration_behavior", "create_prorations"))


@route("POST", "invoices/{}")
def update_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "metadata.* description auto_advance expand[]")
    found = world.store.get("invoice", ids[0])
    fields: Object = {"description": params["description"]} if "description" in params else {}
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if "auto_advance" in params:
        fields["auto_advance"] = boolean(params, "auto_advance")
        now = world.now_at(found)
        if fields["auto_advance"] and found["status"] == "draft":
            fields["automatically_finalizes_at"] = now
    return world.change(found, "invoice.updated", **fields)


@route("DELETE", "invoices/{}")
def delete_invoice(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("invoice", ids[0])
    if found["status"] != "draft":
        raise StripeError(400, "You can only delete draft invoices.", code="invoice_not_editable", param="invoice")
    world.store.forget(found["id"])
    world.ring("invoice.deleted", found)
    return {"id": ids[0], "object": "invoice", "deleted": True}


@route("POST", "invoices/{}/finalize")
def finalize_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "auto_advance expand[]")
    found = world.store.get("invoice", ids[0])
    if found["status"] != "draft":
        raise invalid("invoice", f"This invoice is already finalized: it is {found['status']}.")
    found = world.finalize(found)
    if error := found["last_finalization_error"]:
        raise StripeError(400, error["message"], code=error["code"])
    if found["amount_due"] == 0:
        world.paid(found)
    elif boolean(params, "auto_advance", default=found["auto_advance"]):
        world.change(found, None, auto_advance=True, next_payment_attempt=world.now_at(found) + 3600)
    else:
        world.change(found, None, next_payment_attempt=None)
    return world.store.get("invoice", ids[0])


@route("POST", "invoices/{}/pay")
def pay_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[] paid_out_of_band payment_method off_session forgive")
    invoice = world.store.get("invoice", ids[0])
    if invoice["status"] in ("paid", "void"):
        raise invalid("invoice", f"Invoice is already {invoice['status']}.")
    if invoice["status"] == "draft":
        invoice = world.finalize(invoice)
    if boolean(params, "paid_out_of_band"):
        world.paid(invoice, out_of_band=True)
        return world.store.get("invoice", ids[0])
    method = world.method(params["payment_method"]) if params.get("payment_method") else None
    if not world.try_to_pay(invoice, method=method, by_hand=True):
        intent = world.intent_of(invoice)
        if intent and intent["status"] == "requires_action":
            message, code = (
                "This payment requires additional user action before it can be completed successfully.",
                "invoice_payment_intent_requires_action",
            )
        else:
            message, code = "Your card was declined.", "card_declined"
        raise StripeError(402, message, code=code, type_="card_error", extra={"payment_intent": intent})
    return world.store.get("invoice", ids[0])


@route("POST", "invoices/{}/send")
def send_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    invoice = world.store.get("invoice", ids[0])
    if invoice["status"] == "draft":
        invoice = world.finalize(invoice)
        invoice = world.change(invoice, None, next_payment_attempt=None)
    world.ring("invoice.sent", invoice)
    return invoice


@route("POST", "invoices/{}/void")
def void_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.void(world.store.get("invoice", ids[0]))


@route("POST", "invoices/{}/mark_uncollectible")
def give_invoice_up(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.give_up(world.store.get("invoice", ids[0]))


@route("GET", "invoice_payments")
def list_invoice_payments(world: World, params: Object, _: list[str]) -> Object:
    intent = (params.get("payment") or {}).get("payment_intent")
    own = "invoice status payment.type payment.payment_intent"
    filters = {"payment_intent": intent} if intent else {}
    return listing(world, params, "invoice_payment", "/v1/invoice_payments", own=own, filters=filters)


@route("GET", "invoice_payments/{}")
def get_invoice_payment(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("invoice_payment", ids[0])


@route("POST", "invoiceitems")
def create_item(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "customer amount currency description metadata.* subscription invoice pricing.price quantity expand[]")
    customer = world.store.get("customer", params.get("customer", ""), "customer")
    price = None
    quantity = integer(params, "quantity", 1, low=1)
    wishes: Object = {
        "description": params.get("description"),
        "metadata": params.get("metadata"),
        "quantity": quantity,
    }
    if params.get("pricing"):
        price = world.store.get("price", params["pricing"].get("price", ""), "pricing[price]")
        amount = world.each(price, params.get("currency") or price["currency"]) * quantity
    else:
        amount = integer(params, "amount", low=-(10**9))
    wishes |= {
        "currency": params.get("currency") or (price or {}).get("currency", "usd"),
        "subscription": params.get("subscription"),
    }
    made = world.store.save(shapes.invoice_item(world.now_of(customer["id"]), customer, price, amount, wishes))
    world.ring("invoiceitem.created", made)
    return made


@route("GET", "invoiceitems")
def list_items(world: World, params: Object, _: list[str]) -> Object:
    waiting = boolean(params, "pending") if "pending" in params else None
    return listing(
        world,
        params,
        "invoiceitem",
        "/v1/invoiceitems",
        own="customer invoice pending",
        wanted=lambda one: waiting is None or (one["invoice"] is None) is waiting,
    )


@route("DELETE", "invoiceitems/{}")
def delete_item(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("invoiceitem", ids[0])
    if found["invoice"]:
        raise StripeError(400, "This invoice item is on an invoice already.", param="invoiceitem")
    world.store.forget(found["id"])
    world.ring("invoiceitem.deleted", found)
    return {"id": ids[0], "object": "invoiceitem", "deleted": True}
