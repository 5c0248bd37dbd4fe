"""What a person sees when there is no page: the desk's own words, and a way back.

These pages ask no database and no session, so that they come whatever is broken, and they tell
strangers nothing about the machine: an error of the database is named by its code only.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DataError
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.decorators import sync_and_async_middleware

from trading.base.services.database_trouble import database_trouble

GetResponse = (
    Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]
)
DETAIL_MAX: Final = 300
RETRY_AFTER_S: Final = 5
SAFE: Final = frozenset({"GET", "HEAD"})

_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    400: (
        "This request cannot be read",
        "Something in the address or in what was sent is not what the desk expects. Nothing was "
        "changed.",
    ),
    403: ("You may not do this", "Your account lacks the permission. Nothing was changed."),
    404: (
        "There is nothing here",
        "The address names something that does not exist, or no longer does.",
    ),
    405: (
        "This address takes no such request",
        "It is not opened this way. Nothing was changed.",
    ),
    429: (
        "Too many wrong passwords",
        "Logging in is locked for this name, or for any, from your address, also with the right "
        "password. Whoever runs the desk can unlock it on its machine: manage.py axes_reset.",
    ),
    500: (
        "The desk could not make this page",
        "The error is written down in logs/web.log. Sessions run in processes of their own and go "
        "on.",
    ),
    503: (
        "The database cannot be used now",
        "Nothing was changed. Sessions go on by themselves when it is back. On the desk's machine, "
        "manage.py status says what is wrong and what mends it.",
    ),
}


def error_page(
    request: HttpRequest, status: int, *, detail: str = "", title: str = "", text: str = ""
) -> HttpResponse:
    """Return the page of one status, with its usual words unless told others."""
    usual_title, usual_text = _WORDS[status]
    context = {
        "status": status,
        "title": title or usual_title,
        "text": text or usual_text,
        "detail": detail[:DETAIL_MAX],
        "exception": detail,
        "can_retry": status >= 500 and request.method in SAFE,
    }
    return render(request, "errors/page.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what was sent and cannot be read."""
    detail = str(exception) if isinstance(exception, BadAddressError) else ""
    return error_page(request, 400, detail=detail)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer somebody who may not."""
    return error_page(request, 403, detail=_said(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that names nothing."""
    return error_page(request, 404, detail=_said(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from a page of this desk, or from one too old."""
    return error_page(
        request,
        403,
        title="This form is out of date",
        text="It was opened before you logged in, or long ago, or cookies are refused. Nothing was "
        "changed: open the page again and send it once more.",
        detail=reason,
    )


def locked_out(request: HttpRequest, *_response_and_credentials: Any) -> HttpResponse:
    """Answer a login that is locked, with the longest time it can last."""
    wait_s = int(settings.LOGIN_LOCKED_FOR.total_seconds())
    response = error_page(request, 429, detail=f"It ends by itself within {wait_s // 60} minutes.")
    response["Retry-After"] = str(wait_s)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an error: 503 with its code when the database is the reason, 500 otherwise.

    Reading asks the database for nothing but what the address names. A number that it cannot hold
    therefore came from there, through pages of Django's admin, which check none.
    """
    error = sys.exc_info()[1]
    if isinstance(error, DataError | OverflowError) and request.method in SAFE:
        return error_page(request, 400)
    if not isinstance(error, DatabaseError):
        return error_page(request, 500)
    response = error_page(request, 503, detail=f"Code: {database_trouble(error).code}")
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _said(exception: Exception) -> str:
    # Django's own "no such address" carries a table of addresses; ours carry a sentence
    message = exception.args[0] if exception.args else ""
    return message if isinstance(message, str) else ""


class BadAddressError(SuspiciousOperation):
    """Something was sent that no database can keep; the message names it."""


@sync_and_async_middleware
def readable_only(get_response: GetResponse) -> GetResponse:
    """Refuse NUL signs wherever they stand, and give a refused method a page."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponse:
            _refuse_nul(request)
            return _with_page(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponse:
        _refuse_nul(request)
        return _with_page(request, get_response(request))  # type: ignore[arg-type]

    return answer


def _refuse_nul(request: HttpRequest) -> None:
    if "\x00" in request.path:
        raise BadAddressError("The address holds a NUL sign.")
    for values in (request.GET, request.POST):
        for name, texts in values.lists():
            if any("\x00" in str(text) for text in (name, *texts)):
                shown = name.replace("\x00", "")[:40]
                raise BadAddressError(f"The value of {shown!r} holds a NUL sign.")


def _with_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if not isinstance(response, HttpResponseNotAllowed) or response.content:
        return response
    page = error_page(request, 405)
    page["Allow"] = response["Allow"]
    return page
