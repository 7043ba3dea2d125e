"""Queries that are written with the ORM, compiled by it once a process, and then run with fresh parameters.

A click on Download asks four small questions, and Django spends several times longer building their SQL than the database spends
answering. The SQL is still Django's own, for whichever database is in use; only the building is not repeated.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Row = tuple[Any, ...]
FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Prepared:
    """A query with named parameters. `build(**parameters)` returns a `values_list` QuerySet, and must put each into it as it comes.

    >>> names = Prepared(lambda *, since: User.objects.filter(date_joined__gt=since).values_list("email"), since=datetime)
    >>> names.rows(since=now)
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Any]"], **types: type) -> None:
        self.build, self.types = build, types
        self.compiled: dict[str, tuple[str, list[Any], Any, Any]] = {}

    def rows(self, **values: Any) -> list[Row]:
        """Run the query and return its rows, converted as `values_list` converts them."""
        sql, names, compiler, converters = self.compiled.get(connection.vendor) or self.compile()
        adapted = {name: adapt(value) for name, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, [adapted[part] if isinstance(part, Name) else part for part in names])
            found = cursor.fetchall()
        return list(map(tuple, compiler.apply_converters(found, converters))) if converters else found

    def compile(self) -> tuple[str, list[Any], Any, Any]:
        """Build the query with marks for parameters, and remember where Django put each. Raises ValueError if one went missing."""
        marks = {name: mark(kind, place) for place, (name, kind) in enumerate(self.types.items())}
        compiler = self.build(**marks).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        known = {adapt(value): Name(name) for name, value in marks.items()}
        parts = [known.get(parameter, parameter) for parameter in parameters]
        if missing := set(marks) - {part for part in parts if isinstance(part, Name)}:
            raise ValueError(f"the query does not use {', '.join(sorted(missing))} as given")
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        self.compiled[connection.vendor] = sql, parts, compiler, converters
        return self.compiled[connection.vendor]


class Name(str):
    """Stands in a compiled query's parameters for the value of that name."""

    __slots__ = ()


def mark(kind: type, place: int) -> Any:
    """Return a value of this type that no query holds of itself, another one for each place."""
    marks: dict[type, Any] = {
        int: -(10**15) - place,
        str: f"mark:{place}",
        datetime: FAR + timedelta(seconds=place),
        uuid.UUID: uuid.UUID(int=2**127 + place),
    }
    return marks[kind]


def adapt(value: Any) -> Any:
    """Return the value as this database's driver takes it in Django's own queries."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, uuid.UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
