"""The pages of billing: find, call one service, respond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from billing.services.asking import ProviderDown
from common.problems import explained

if TYPE_CHECKING:
    from django.http import HttpRequest

# What the services of billing say no with; `show` says it on the page.
REFUSALS = (ValidationError, PermissionDenied, ProviderDown)


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, refusal: Exception | None = None
) -> HttpResponse:
    """A page, with what a service refused in its own words above the form, and the status that fits."""
    context = context | {
        "refusals": words_of(refusal) if refusal else [],
        "payments_are_pretended": settings.PAYMENTS_ARE_PRETENDED,
    }
    page = render(request, template, context, status=status_of(refusal))
    if isinstance(refusal, ProviderDown):
        page["Retry-After"] = str(refusal.retry_after)
    return explained(page)


def words_of(refusal: Exception) -> list[str]:
    return refusal.messages if isinstance(refusal, ValidationError) else [str(refusal)]


def status_of(refusal: Exception | None) -> int:
    if refusal is None:
        return 200
    if isinstance(refusal, ProviderDown):
        return 503
    return 403 if isinstance(refusal, PermissionDenied) else 400


def addresses(request: HttpRequest, *, plan: str, interval: str) -> dict[str, str]:
    """Where a provider sends somebody back to: always pages of ours, whoever asked and however."""
    back = f"{reverse('billing:checkout_return')}?{urlencode({'plan': plan, 'interval': interval})}"
    return {
        "return_url": request.build_absolute_uri(back),
        "cancel_url": request.build_absolute_uri(reverse("billing:checkout_cancelled")),
    }
