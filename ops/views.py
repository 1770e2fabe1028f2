"""What a load balancer or a supervisor asks."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ops import health


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up. Touches nothing else, so that a slow database does not get us killed."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether traffic may be sent here; 503 names the parts that fail."""
    parts = health.check_parts()
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "failing", "parts": parts}, status=200 if ready else 503)
