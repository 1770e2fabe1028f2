"""The page of one's e-mail address, at allauth's address of it, and the link that changes it."""

from __future__ import annotations

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms.signing_in import AddressForm
from accounts.models.sessions import Door
from accounts.permissions import member
from accounts.services import addresses, people
from accounts.visits import Visit
from common.forms import submit
from common.problems import explained


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    if "action_send" in request.POST:
        user = member(request)
        people.send_confirmation(user=user, request=request)
        messages.success(request, f"We have mailed a link to {user.email}. Open it to confirm the address.")
        return redirect("account_email")
    if request.method == "POST":
        return cast("HttpResponse", change_email(request))
    return render(request, "account/email_change.html", {"form": AddressForm()})


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def change_email(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST)
    submit(form, lambda: addresses.ask_change(user=member(request), email=form.cleaned_data["email"]))
    if not form.is_valid():
        return render(request, "account/email_change.html", {"form": form})
    messages.success(request, f"Open the link that we have mailed to {form.cleaned_data['email']}.")
    return redirect("account_email")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_change(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button, since mail scanners open links."""
    if request.method != "POST":
        return show_change(request, addresses.find_change(token))
    try:
        person = addresses.confirm_change(token=token, visit=Visit.of(request, Door.PAGE))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if person is None:
            return show_change(request, None)
        messages.success(request, f"Your address is {person.email} now.")
    return redirect("account_email" if request.user.is_authenticated else "account_login")


def show_change(request: HttpRequest, change: addresses.Change | None) -> HttpResponse:
    """What the link would change, or that it is good no more, in words that stand in development too."""
    page = render(request, "accounts/confirm_change.html", {"change": change}, status=200 if change else 404)
    return explained(page)
