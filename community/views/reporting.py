"""Members report a text."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.permissions import member
from common.forms import submit
from community.forms.moderation import ReportForm
from community.models import Comment, Post
from community.services import reporting
from community.views import find_comment, find_post

THANKS = "Thank you. The moderators have your report."


@require_http_methods(["GET", "HEAD", "POST"])
def report_post(request: HttpRequest, pk: int) -> HttpResponse:
    post = find_post(request, pk)
    return report(request, post, post)


@require_http_methods(["GET", "HEAD", "POST"])
def report_comment(request: HttpRequest, pk: int) -> HttpResponse:
    comment = find_comment(request, pk)
    return report(request, comment, comment.post)


def report(request: HttpRequest, text: Post | Comment, post: Post) -> HttpResponse:
    form = ReportForm(request.POST or None)
    if request.method == "POST":
        given = submit(form, lambda: reporting.report(by=member(request), text=text, reason=form.in_words()))
        if given is not None:
            messages.success(request, THANKS)
            return redirect(post)
    context = {"form": form, "text": text, "post": post, "is_comment": isinstance(text, Comment)}
    return render(request, "community/report.html", context)
