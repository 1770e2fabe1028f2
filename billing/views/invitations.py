"""Where the link of an invitation leads to.

The link goes on at once to a page without its token, which would stand in the address of signing in otherwise, and so
in the logs of proxies. The session keeps which invitation it is, by the hash that is kept of it anyway.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import member
from billing import organisation_sections
from billing.models import Invitation
from billing.services import invitations, standing
from common.problems import explained

# In the session: the hash of the token of the link that was followed last, in hexadecimal digits.
FOLLOWED = "invitation"


@login_not_required
@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """On to the page without the token; a link that is no good is said to be so here, and no session begins."""
    token_hash = Invitation.hash_of(token)
    found = invitations.find(token_hash)
    if found is None or not found.is_good(timezone.now()):
        return show(request, found)
    request.session[FOLLOWED] = token_hash.hex()
    answer = redirect("billing:join")
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Says what it is and who will see what; a button accepts, since mail scanners open links."""
    token_hash = bytes.fromhex(request.session.get(FOLLOWED, ""))
    if not token_hash:
        return explained(render(request, "billing/organisations/no_invitation.html", status=404))
    found = invitations.find(token_hash)
    if request.method != "POST":
        return show(request, found)
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    try:
        membership = invitations.accept(token_hash=token_hash, user=member(request))
    except PermissionDenied as refusal:
        return show(request, found, refusal=str(refusal))
    except ValidationError as refusal:
        return show(request, found, refusal=" ".join(refusal.messages))
    del request.session[FOLLOWED]
    messages.success(request, f"Welcome to {membership.organisation}.")
    return redirect(membership.organisation)


def show(request: HttpRequest, found: Invitation | None, *, refusal: str = "") -> HttpResponse:
    """Whoever is in already goes on to the organisation; a link that is no good is a 404 in words."""
    user = request.user
    if found and user.is_authenticated and standing.membership_of(user, found.organisation):
        return redirect(found.organisation)
    words = invitations.refusal(found, user) if found else invitations.GONE
    is_good = words != invitations.GONE
    back = urlencode({"next": reverse("billing:join")})
    context = {
        "invitation": found if is_good else None,
        "refusal": refusal or words,
        "needs_confirmation": words == invitations.UNCONFIRMED,
        "is_theirs": not words,
        "told": organisation_sections.told,
        "signs_in_at": f"{reverse('account_login')}?{back}",
        "signs_up_at": f"{reverse('account_signup')}?{back}",
    }
    status = 404 if not is_good else 400 if refusal else 200
    return explained(render(request, "billing/organisations/invitation.html", context, status=status))
