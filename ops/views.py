"""What a load balancer or a supervisor asks, and what a developer wants to see."""

from csp.constants import NONE, SELF
from csp.decorators import csp, csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from ops import health, mail_folder

# A mail brings its own styles, and is given nothing else.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": [],
}


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


@require_safe
@login_not_required
@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    return render(request, "ops/mails.html", {"mails": mail_folder.newest(), "folder": mail_folder.folder()})


@require_safe
@login_not_required
@never_cache
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def mail(request: HttpRequest, file: str, number: int) -> HttpResponse:
    return render(request, "ops/mail.html", {"mail": find_mail(file, number)})


@require_safe
@login_not_required
@never_cache
@xframe_options_sameorigin
@csp(MAIL_POLICY)  # type: ignore[arg-type]  # the same
def mail_html(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """The HTML part by itself, for the frame."""
    return HttpResponse(find_mail(file, number).html)


def find_mail(file: str, number: int) -> mail_folder.Mail:
    """Raises Http404 if there is no such mail."""
    found = mail_folder.find(file, number)
    if found is None:
        raise Http404
    return found
