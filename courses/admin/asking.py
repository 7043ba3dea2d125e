"""How the workshop's scripts are answered: JSON in, JSON out.

A refusal is {"error": sentence} with 400, 403, 404, 409 or 502. Staff with the permission to change files alone may ask, with CSRF.
Whatever else a body names (a key, a bucket, an ACL) is not read.
"""

import base64
import binascii
import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.utils.translation import gettext as _

from courses import storage, uploads
from courses.acceptance import UploadRefused
from courses.models import Course, File, FileVersion, Lesson, Publication

logger = logging.getLogger(__name__)
LARGEST_NUMBER = 2**62
LONGEST_OPENING = 4096
GONE = (FileVersion.DoesNotExist, File.DoesNotExist, Publication.DoesNotExist, Course.DoesNotExist, Lesson.DoesNotExist)


class BadRequest(Exception):
    """The body is not what was asked for; the message says what is."""


def answered(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """Hold the permission, and turn what goes wrong into a sentence and its status."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("courses.change_file"):
            return refusal(403, _("You may not upload files. Ask the owner."))
        try:
            response = JsonResponse(view(request, *args, **kwargs))
        except uploads.PartsMissing as error:
            response = refusal(409, str(error), missing=error.numbers)
        except (BadRequest, UploadRefused) as error:
            response = refusal(400, str(error))
        except GONE:
            response = refusal(404, _("This is not there any more. Reload the page."))
        except storage.StorageError as error:
            logger.warning("upload failed at the bucket: %s", error.code)
            response = refusal(502, _("The bucket did not answer as it should (%s). Try again.") % error.code)
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


def refusal(status: int, error: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": error} | more, status=status)


def body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError, RawPostDataException):
        # A form's body is read before us, where its token is looked for.
        body = None
    if not isinstance(body, dict):
        raise BadRequest(_("Send a JSON object."))
    return body


def whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
        raise BadRequest(_("“%s” must be a whole number.") % name)
    return value


def text(value: Any, name: str) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise BadRequest(_("“%s” must be text.") % name)
    return value


def listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(_("“%s” must be a list.") % name)
    return value


def octets(value: Any, name: str) -> bytes:
    """Return the bytes behind base64, a few thousand at most."""
    try:
        found = base64.b64decode(text(value, name), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(_("“%s” must be base64.") % name) from None
    return found[:LONGEST_OPENING]
