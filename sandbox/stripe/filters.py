"""By which fields each list of Stripe's can be narrowed, and the index behind each: a list must not read everything to find a few."""

PATHS = {
    "billing_portal.configuration": ("active", "is_default"),
    "charge": ("payment_intent",),
    "checkout.session": ("payment_intent", "status", "subscription"),
    "customer": ("email", "test_clock"),
    "discount": ("subscription",),
    "dispute": ("charge", "payment_intent"),
    "event": ("type",),
    "invoice": ("collection_method", "status"),
    "invoice_payment": ("invoice", "status"),
    "invoiceitem": ("invoice",),
    "payment_method": ("type",),
    "price": ("active", "currency", "lookup_key", "product", "type"),
    "product": ("active",),
    "promotion_code": ("active", "code"),
    "radar.early_fraud_warning": ("charge", "payment_intent"),
    "refund": ("charge", "payment_intent"),
    "subscription": ("collection_method", "status", "test_clock"),
    "webhook_endpoint": ("status",),
}
DEEP = {
    "invoice": {"subscription": "parent.subscription_details.subscription"},
    "invoice_payment": {"payment_intent": "payment.payment_intent"},
    "invoiceitem": {"subscription": "parent.subscription_details.subscription"},
    "promotion_code": {"coupon": "promotion.coupon"},
}
FILTERS = {
    kind: {
        name: f"json_extract(body, '$.{DEEP.get(kind, {}).get(name, name)}')" for name in (*names, *DEEP.get(kind, {}))
    }
    for kind, names in PATHS.items()
}
STATEMENTS = [
    f"CREATE INDEX IF NOT EXISTS \"{kind}:{name}\" ON objects ({column}, seq) WHERE kind = '{kind}'"
    for kind, columns in FILTERS.items()
    for name, column in columns.items()
]
