"""How every hosted page answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.shortcuts import render

from counterparts.stripe.errors import Refused
from counterparts.world import world

View = Callable[..., HttpResponse]


def hosted(view: View) -> View:
    """A page that sees and changes the world with nobody else in between; what is refused is said on a page."""

    @wraps(view)
    def answer(request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            with world.at_one_moment():
                return view(request, **ids)
        except Refused as refused:
            return show(request, "over", {"message": str(refused)}, status=refused.status)

    return answer


def show(request: HttpRequest, name: str, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, f"counterparts/stripe/{name}.html", shown, status=status)


def lead_home(url: str) -> HttpResponse:
    """Back to the platform; 403 for any other address."""
    if not world.outbox.is_home(url):
        return HttpResponseForbidden("The return address is not one of the platform's.", content_type="text/plain")
    return HttpResponseRedirect(url)


def said(request: HttpRequest, *names: str) -> dict[str, str]:
    """These fields of a form, without the spaces around them."""
    return {name: str(request.POST.get(name, "")).strip() for name in names}
