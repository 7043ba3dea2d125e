"""Form bodies with brackets, as the SDK sends them, into nested dicts and lists; and parameters held against an allow-list."""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import StripeError, invalid, unknown_parameter

STEP = re.compile(r"\[([^\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    """Return the nested parameters of a query string or body. Raises StripeError (400) where a name is used in two shapes."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head = name.split("[", 1)[0]
        put(tree, [head, *STEP.findall(name[len(head) :])], value, name)
    return {name: listed(value) for name, value in tree.items()}


def put(tree: dict[str, Any], steps: list[str], value: str, name: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step if step else str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(name, f"Invalid object: {name}")
    last = steps[-1] if steps[-1] else str(len(tree))
    tree[last] = value


def listed(value: Any) -> Any:
    """Turn dicts whose names are 0, 1, 2… into lists."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [listed(value[name]) for name in sorted(value, key=int)]
    return {name: listed(inner) for name, inner in value.items()}


def hold(params: dict[str, Any], allowed: str) -> None:
    """Refuse any parameter that is not in `allowed`: names in blanks, with dots for nesting, `x.*` for free-form, `[]` for lists.

    A sandbox that takes what it does not understand would let the site rely on what Stripe never does.
    """
    rules = set(allowed.split())
    for path in paths(params):
        plain = re.sub(r"\.\d+(?=\.|$)", "[]", path)
        if plain not in rules and not any(rule.endswith(".*") and plain.startswith(rule[:-1]) for rule in rules):
            raise unknown_parameter(bracketed(path))


def paths(value: Any, prefix: str = "") -> list[str]:
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = ((str(index), item) for index, item in enumerate(value))
    else:
        return [prefix]
    return [path for name, item in inner for path in paths(item, f"{prefix}.{name}" if prefix else name)]


def bracketed(path: str) -> str:
    head, *rest = path.split(".")
    return head + "".join(f"[{step}]" for step in rest)


def integer(params: dict[str, Any], name: str, default: int | None = None, *, low: int = 0) -> int:
    value = params.get(name)
    if value is None or value == "":
        if default is None:
            raise StripeError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        return default
    if not re.fullmatch(r"-?\d{1,15}", str(value)) or int(value) < low:
        raise invalid(name, f"Invalid integer: {value}")
    return int(value)


def boolean(params: dict[str, Any], name: str, *, default: bool = False) -> bool:
    value = params.get(name, default)
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise invalid(name, f"Invalid boolean: {value}")
