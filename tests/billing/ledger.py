"""What our own rows must say of each other, whatever happened: nothing twice, nothing half, every movement accounted for."""

from collections import Counter

from billing.models import Customer, Notice, Purchase, RevenueChange, Subscription, WebhookEvent
from billing.revenue import monthly


def contradictions() -> list[str]:
    """Return what is doubled, half-written or unaccounted for in our rows, one line each."""
    return [*doubled(), *unaccounted(), *unfinished()]


def doubled() -> list[str]:
    """Rows that stand for the same thing. Most are kept apart by constraints, which this would notice the loss of."""
    columns = {
        "event": WebhookEvent.objects.values_list("stripe_id"),
        "customer": Customer.objects.values_list("stripe_id"),
        "current customer of a person": Customer.objects.filter(current=True, deleted=False)
        .exclude(user=None)
        .values_list("user"),
        "subscription": Subscription.objects.values_list("stripe_id"),
        "purchase": Purchase.objects.values_list("session_id", "product"),
        "notice": Notice.objects.values_list("key"),
    }
    return [
        f"{what} {key} stands {count} times"
        for what, rows in columns.items()
        for key, count in Counter(rows).items()
        if count > 1
    ]


def unaccounted() -> list[str]:
    """Movements of revenue that do not add up to what each subscription brings in now."""
    now: Counter[int] = Counter()
    found = []
    for change in RevenueChange.objects.order_by("pk"):
        if now[change.subscription_id] != change.before:
            found.append(f"revenue of subscription {change.subscription_id} jumps to {change.before}")
        now[change.subscription_id] = change.after
    for one in Subscription.objects.all():
        stands = monthly(one.amount, one.interval, one.interval_count, status=one.status)
        if now[one.pk] != stands:
            found.append(f"revenue of subscription {one.pk} is {stands}, and its movements make {now[one.pk]}")
    return found


def unfinished() -> list[str]:
    """Customers of whom something was written while none of Stripe's answers was applied."""
    half = Customer.objects.filter(applied_ticket=0)
    return [f"customer {one.pk} has rows and no answer" for one in half if one.subscriptions.exists()]
