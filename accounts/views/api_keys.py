"""A member's API keys.

A new key is shown in the answer to the very request that made it, and nowhere else: what goes
through a session, a message or an address is kept somewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms.own import ApiKeyForm, RotateApiKeyForm
from accounts.models import ApiKey
from accounts.models.sessions import Door
from accounts.permissions import member
from accounts.querysets import API_KEYS_NEWEST_FIRST
from accounts.services import api_keys, people
from accounts.views import proved_at
from accounts.visits import Visit
from common.forms import submit

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms

    from accounts.services.api_keys import NewKey

# Of the keys that are over, how many are still shown.
OVER_SHOWN = 10


def proof_is_old(request: HttpRequest) -> bool:
    return request.method == "POST" and not people.is_fresh(proved_at(request))


# Whoever is asked for the password goes on afterwards with the form as it was sent.
prove_again_if_old = reauthentication_required(allow_get=True, enabled=proof_is_old)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@prove_again_if_old  # type: ignore[untyped-decorator]  # allauth's
def api_key_list(request: HttpRequest) -> HttpResponse:
    user = member(request)
    form = ApiKeyForm(request.POST) if request.method == "POST" else ApiKeyForm()
    new = made_of(
        form,
        lambda: api_keys.make(user=user, **form.cleaned_data, proved_at=proved_at(request), visit=visit_of(request)),
    )
    return show_list(request, form=ApiKeyForm() if new else form, new=new)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@prove_again_if_old  # type: ignore[untyped-decorator]  # allauth's
def rotate_api_key(request: HttpRequest, key_id: int) -> HttpResponse:
    key = find(request, key_id)
    form = RotateApiKeyForm(request.POST) if request.method == "POST" else RotateApiKeyForm()
    new = made_of(
        form,
        lambda: api_keys.rotate(key=key, **form.cleaned_data, proved_at=proved_at(request), visit=visit_of(request)),
    )
    if new:
        return show_list(request, form=ApiKeyForm(), new=new)
    return render(request, "accounts/api_key_rotate.html", {"key": key, "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_api_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Asks once."""
    key = find(request, key_id)
    if request.method != "POST":
        return render(request, "accounts/api_key_revoke.html", {"key": key})
    api_keys.revoke(key=key, visit=visit_of(request))
    messages.success(request, f"“{key.name}” is revoked. Nothing gets in with it any more.")
    return redirect("accounts:api_keys")


def find(request: HttpRequest, key_id: int) -> ApiKey:
    """Raises Http404 for what is not the member's own."""
    return get_object_or_404(ApiKey.objects.select_related("user"), pk=key_id, user=request.user)


def visit_of(request: HttpRequest) -> Visit:
    return Visit.of(request, Door.PAGE)


def made_of(form: forms.Form, make: Callable[[], NewKey]) -> NewKey | None:
    """As `submit`, but why somebody may not make one stands in the form too, not on a page of its own."""
    try:
        new: NewKey | None = submit(form, make)
    except PermissionDenied as refusal:
        form.add_error(None, str(refusal))
        return None
    return new


def show_list(request: HttpRequest, *, form: ApiKeyForm, new: NewKey | None) -> HttpResponse:
    own = ApiKey.objects.filter(user=member(request)).order_by(*API_KEYS_NEWEST_FIRST)
    context = {
        "form": form,
        "new": new,
        "keys": own.alive().with_replaced(),
        "over": own.over()[:OVER_SHOWN],
        "most": ApiKey.MOST_PER_PERSON,
    }
    return render(request, "accounts/api_keys.html", context, status=201 if new else 200)
