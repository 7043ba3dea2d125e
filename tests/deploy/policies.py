"""What Amazon would decide by the policies that were really deployed: an explicit deny wins, then an allow, else no.

It knows the parts that our template uses, and raises KeyError for any other, so that nothing is passed over in silence.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Statement = dict[str, Any]
# A condition about what a request does not tell is not met, but for a negated one; ours are not negated.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "Bool": lambda told, wanted: told.lower() == wanted.lower(),
    "StringEquals": lambda told, wanted: told == wanted,
    "StringLike": fnmatchcase,
    "ArnLike": fnmatchcase,
    "NumericGreaterThan": lambda told, wanted: float(told) > float(wanted),
    "NumericLessThan": lambda told, wanted: float(told) < float(wanted),
}
PARTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Request:
    """Who asks for what; `context` is what Amazon knows of the request. As a rule: https, TLS 1.3, signed a moment ago by version 4."""

    action: str
    resource: str
    principal: str = "arn:aws:iam::123456789012:user/somebody"
    context: dict[str, str] = field(default_factory=dict)

    def told(self, name: str) -> str | None:
        usual = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "s3:signatureversion": "AWS4-HMAC-SHA256"}
        return (usual | self.context).get(name)


def decide(request: Request, *, identity: list[Statement], bucket: list[Statement]) -> str:
    """Return "allow", "deny" (said by a statement) or "no" (nothing allows it)."""
    matching = [one for one in identity if applies(one, request)]
    matching += [one for one in bucket if applies(one, request) and is_about(one["Principal"], request.principal)]
    effects = {one["Effect"] for one in matching}
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else "no"


def applies(statement: Statement, request: Request) -> bool:
    if unknown := statement.keys() - PARTS:
        raise KeyError(*unknown)
    named = any(fnmatchcase(request.action.lower(), one.lower()) for one in many(statement["Action"]))
    there = any(fnmatchcase(request.resource, one) for one in many(statement["Resource"]))
    return named and there and all(met(*one, request) for one in statement.get("Condition", {}).items())


def met(operator: str, keys: dict[str, Any], request: Request) -> bool:
    compare = OPERATORS[operator]
    for name, wanted in keys.items():
        told = request.told(name)
        if told is None or not any(compare(told, str(one)) for one in many(wanted)):
            return False
    return True


def is_about(principal: Any, who: str) -> bool:
    if principal == "*":
        return True
    return who in [one for named in principal.values() for one in many(named)]


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
