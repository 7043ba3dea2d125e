"""Builders: each makes one real, valid row with what a test does not care about filled in."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import User
from billing.models import Customer, Invoice, Notice, Price, Product, Subscription
from courses.models import Course, Ebook, File, FileVersion, Lesson, Section

PASSWORD = "correct horse battery staple"
numbers = count(1)


def person(email: str = "", **fields: Any) -> User:
    """A person with a confirmed e-mail and PASSWORD."""
    user = User.objects.create_user(email or f"person{next(numbers)}@example.com", PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def plan(**fields: Any) -> Product:
    number = next(numbers)
    return Product.objects.create(
        **{"stripe_id": f"prod_{number}", "name": f"Plan {number}", "kind": Product.Kind.PLAN} | fields
    )


def item(**fields: Any) -> Product:
    return plan(**{"kind": Product.Kind.ITEM} | fields)


def price(product: Product, **fields: Any) -> Price:
    values = {
        "stripe_id": f"price_{next(numbers)}",
        "currency": "usd",
        "unit_amount": 1200,
        "interval": Price.Interval.MONTH,
    }
    return Price.objects.create(product=product, **values | fields)


def customer(user: User | None, **fields: Any) -> Customer:
    return Customer.objects.create(user=user, **{"stripe_id": f"cus_{next(numbers)}"} | fields)


def subscribed(user: User, *products: Product, now: datetime, **fields: Any) -> User:
    """Give `user` a subscription to `products`, active and three weeks from its period's end unless `fields` say otherwise."""
    holder = user.customers.filter(current=True).first() or customer(user)
    values = {"status": "active", "current_period_end": now + timedelta(days=21), "created_at": now - timedelta(days=9)}
    subscription = Subscription.objects.create(customer=holder, stripe_id=f"sub_{next(numbers)}", **values | fields)
    subscription.products.set(products)
    return user


def invoice(of: Customer, *, now: datetime, **fields: Any) -> Invoice:
    """An open invoice over $12, due now."""
    values = {"stripe_id": f"in_{next(numbers)}", "status": "open", "currency": "usd", "created_at": now, "due_at": now}
    amounts = {"total": 1200, "amount_due": 1200, "amount_paid": 1200 if fields.get("status") == "paid" else 0}
    return Invoice.objects.create(customer=of, **values | amounts | fields)


def published(**fields: Any) -> dict[str, Any]:
    number = next(numbers)
    values = {"slug": f"title-{number}", "title": f"Title {number}", "state": "published"}
    return values | {"published_at": datetime.now(UTC) - timedelta(days=1)} | fields


def course(**fields: Any) -> Course:
    return Course.objects.create(**published(**fields))


def ebook(**fields: Any) -> Ebook:
    return Ebook.objects.create(**published(**fields))


def lesson(of: Course | None = None, **fields: Any) -> Lesson:
    parent = of or course()
    section = parent.sections.first() or Section.objects.create(course=parent, title="Beginnings")
    number = next(numbers)
    return Lesson.objects.create(section=section, **{"slug": f"lesson-{number}", "title": f"Lesson {number}"} | fields)


def file(of: Course | Ebook | Lesson | None = None, *, ready: bool = True, **fields: Any) -> File:
    """A file with one version, READY unless told otherwise. Its bytes exist in no bucket: see `stored_file`."""
    holder = of or ebook()
    publication = holder.course if isinstance(holder, Lesson) else holder
    values = {"name": "Manual", "role": File.Role.BOOK if isinstance(holder, Ebook) else File.Role.ATTACHMENT}
    made = File.objects.create(
        publication_id=publication.pk, lesson=holder if isinstance(holder, Lesson) else None, **values | fields
    )
    version(made, ready=ready)
    return made


def version(of: File, *, ready: bool = True, **fields: Any) -> FileVersion:
    values = {"size": 11, "content_type": "application/pdf", "state": "ready" if ready else "uploading"}
    values |= {"ready_at": datetime.now(UTC) if ready else None, "key": f"content/{uuid.uuid4()}"}
    return FileVersion.objects.create(file=of, **values | fields)


def notice(user: User, *, now: datetime, **fields: Any) -> Notice:
    values = {"kind": Notice.Kind.WELCOME, "about": "sub_1", "occurred_at": now}
    return Notice.objects.create(key=f"welcome:sub_{next(numbers)}", user=user, **values | fields)
