"""Where the providers tell us what happened: verified, kept, answered. A worker does the rest."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.gateways import gateway_of
from billing.gateways.base import Forged, ProviderAway
from billing.services import receiving

logger = logging.getLogger(__name__)

LARGEST_BODY = 512 * 1024  # bytes; theirs have some thousands


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """200: it is kept, or was before. 400: it is not the provider's. 404: that provider is not set up.

    503: it could not be told whose it is, as when PayPal's certificate cannot be had; they send it again.
    """
    if not gateway_of(provider).is_ready():
        raise Http404
    if len(request.body) > LARGEST_BODY:
        return JsonResponse({"error": "too large"}, status=413)
    try:
        event = receiving.receive(provider, request.body, request.headers)
    except Forged as forged:
        logger.warning("a webhook in the name of %s was refused: %s", provider, forged)
        return JsonResponse({"error": "not accepted"}, status=400)
    except ProviderAway as away:
        logger.warning("a webhook of %s waits to be sent again: %s", provider, away)
        return JsonResponse({"error": "try again later"}, status=503)
    return JsonResponse({"received": True, "new": event is not None})
