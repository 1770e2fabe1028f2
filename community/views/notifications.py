"""The notification centre, what one wants mail of, and the way out of it without signing in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import member
from common.forms import PlaceForm, asked_place, faults_in_words, submit
from common.paging import neighbours, page_of
from community.forms.following import CadencesForm
from community.models import Kind, Notification
from community.notices import notice_of
from community.querysets.following import NOTIFICATIONS_NEWEST_FIRST
from community.services import preferences, reading
from community.unsubscribing import read_token

ALL = "all"


@never_cache
@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    rows = Notification.objects.visible_to(member(request)).as_rows()
    with faults_in_words():
        page = page_of(rows, order=NOTIFICATIONS_NEWEST_FIRST, **asked_place(PlaceForm(request.GET)))
    notices = [notice_of(row) for row in page.rows]
    context = {
        "notices": notices,
        "unread": any(not notice.is_read for notice in notices),
        **neighbours(request, page),
    }
    return render(request, "community/notifications.html", context)


@never_cache
@require_safe
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """To what it tells of, which is to have read it. A link may do that: the mark is the owner's alone."""
    found = find(request, pk)
    row = Notification.objects.filter(pk=found.pk).as_rows().get()
    reading.mark_read(user=member(request), notification=found)
    return redirect(notice_of(row).address)


@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    reading.mark_read(user=member(request), notification=find(request, pk))
    return redirect("community:notifications")


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    reading.mark_all_read(user=member(request))
    return redirect("community:notifications")


def notification_settings(request: HttpRequest) -> HttpResponse:
    user = member(request)
    form = CadencesForm(user, request.POST or None)
    if request.method == "POST" and submit(
        form, lambda: preferences.set_cadences(user=user, cadences=form.cleaned_data)
    ):
        messages.success(request, "Saved.")
        return redirect("community:notification_settings")
    return render(request, "community/notification_settings.html", {"form": form})


@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing, since scanners of mail open every link; mail programs post by themselves (RFC 8058).

    Whoever has the link has the mail, and can do no more with it than stop such mail: hence without a sign-in, and
    from anywhere.
    """
    found = read_token(token)
    if found is None:
        raise Http404
    user, kinds = found
    if request.method == "POST":
        stopped = list(Kind) if ALL in request.POST else kinds
        preferences.stop_mail(user=user, kinds=stopped)
    context = {"kinds": [kind.label for kind in kinds], "done": request.method == "POST", "all": ALL in request.POST}
    return render(request, "community/unsubscribe.html", context)


def find(request: HttpRequest, pk: int) -> Notification:
    """Raises Http404."""
    return get_object_or_404(Notification.objects.visible_to(member(request)), pk=pk)
