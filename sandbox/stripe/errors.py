"""Errors as Stripe answers them: a status, and a body of type, code, message and param."""

from typing import Any

from sandbox.stripe.terms import public


class StripeError(Exception):
    """`extra` are further fields of the error, such as the payment intent that a decline is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        type_: str = "invalid_request_error",
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.type, self.extra = status, code, param, type_, extra or {}

    def body(self) -> dict[str, Any]:
        fields = {"type": self.type, "message": str(self), "code": self.code, "param": self.param} | self.extra
        return {"error": public({name: value for name, value in fields.items() if value})}


def missing(kind: str, identifier: str, param: str = "id") -> StripeError:
    return StripeError(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def unknown_parameter(param: str) -> StripeError:
    return StripeError(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def needs(param: str) -> StripeError:
    return StripeError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param: str, message: str) -> StripeError:
    return StripeError(400, message, code="parameter_invalid", param=param)
