"""Snapshots into rows, many at once: what is the same already is not written again."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

Fields = dict[str, Any]


def mirror(model: type[Model], rows: Iterable[Fields], *, key: tuple[str, ...] = ("stripe_id",)) -> dict[Any, int]:
    """Insert or update rows by their unique `key`, in three queries, and return each one's pk by its key (a tuple of several).

    Foreign keys are given by their column (`customer_id`), and every row names the same fields. Call it in a transaction that holds
    the customer's lock: it looks first and writes then.
    """
    wanted = {_named(row, key): row for row in rows}
    if not wanted:
        return {}
    fields = list(next(iter(wanted.values())))
    narrowed = {f"{key[0]}__in": [row[key[0]] for row in wanted.values()]}
    there = {_named(row, key): row for row in model._default_manager.filter(**narrowed).values("pk", *fields)}
    changed = [row for name, row in wanted.items() if name not in there or there[name] | row != there[name]]
    if changed:
        model._default_manager.bulk_create(
            [model(**row) for row in changed],
            update_conflicts=True,
            unique_fields=key,
            update_fields=[_field(model, name) for name in fields if name not in key],
        )
        there = {_named(row, key): row for row in model._default_manager.filter(**narrowed).values("pk", *key)}
    return {name: there[name]["pk"] for name in wanted}


def _named(row: Fields, key: tuple[str, ...]) -> Any:
    return row[key[0]] if len(key) == 1 else tuple(row[name] for name in key)


def _field(model: type[Model], column: str) -> str:
    """Return the field whose column this is: updates are told the field, `customer`, and rows the column, `customer_id`."""
    return model._meta.get_field(column).name
