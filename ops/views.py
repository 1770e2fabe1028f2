"""What a load balancer or a supervisor asks, and what a developer wants to see."""

from math import ceil

from csp.constants import NONE, SELF
from csp.decorators import csp, csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from common import problems
from ops import draining, health, mail_folder, maintenance
from ops.metrics import exposition

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
    """Whether traffic may be sent here; 503 names the parts that fail.

    A site that is closed answers 200 and asks nobody: a load balancer that took it out would show its own error in
    the place of our page, which needs neither database nor cache.
    """
    if draining.is_draining():
        return JsonResponse({"status": "draining", "parts": {}}, status=503)
    if maintenance.current() is not None:
        return JsonResponse({"status": "maintenance", "parts": {}})
    parts = health.check_parts()
    status = health.sum_up(parts)
    return JsonResponse({"status": status, "parts": parts}, status=503 if status == "failing" else 200)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus; whoever may not read it is answered by the middleware as if it were not there."""
    return HttpResponse(exposition.text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


@never_cache
def closed(request: HttpRequest, now: maintenance.Maintenance) -> HttpResponse:
    """What everybody but staff gets during maintenance, whatever they ask for."""
    wait = now.retry_after()
    if request.path.startswith(problems.API_PREFIX):
        detail = " ".join(filter(None, ("The site is closed for maintenance.", now.reason)))
        answer: HttpResponse = problems.response(request, status=503, code="maintenance", detail=detail)
    else:
        context = {"status": 503, "maintenance": now, "minutes": ceil(wait / 60)}
        answer = problems.explained(render(request, "errors/maintenance.html", context, status=503))
    answer["Retry-After"] = str(wait)
    # Meant so: Django would write an error into the log for each.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


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
