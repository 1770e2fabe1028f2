"""What somebody has begun to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import member
from common.forms import cleaned, in_words
from community.categories import categories_for
from community.forms.composing import DraftForm
from community.models import Comment, Draft, Post, State
from community.services import drafts
from community.views import page_of
from tutorials.models import Tutorial

if TYPE_CHECKING:
    from accounts.models import User


@require_safe
def draft_list(request: HttpRequest) -> HttpResponse:
    """All of one's drafts (there are at most drafts.MOST), the latest first."""
    own = list(Draft.objects.filter(user=member(request)).order_by("-saved_at"))
    return render(
        request, "community/drafts.html", {"drafts": [(draft, where_to_go_on(draft, member(request))) for draft in own]}
    )


def where_to_go_on(draft: Draft, user: User) -> str:
    """Where one goes on with it; of what is gone, or was never open to its owner, where one can begin anew."""
    kind, _, pk = draft.place.rpartition("-")
    if kind == "comment" and (post := Post.objects.visible_to(user).filter(pk=pk, state=State.PUBLISHED).first()):
        return f"{post.get_absolute_url()}#write_comment"
    if kind == "reply" and Comment.objects.visible_to(user).filter(pk=pk).exists():
        return reverse("community:reply", args=[pk])
    if kind == "tutorial" and (tutorial := Tutorial.objects.visible_to(user).filter(pk=pk).only("slug").first()):
        return f"{reverse('community:new_post')}?tutorial={tutorial.slug}"
    return reverse("community:new_post")


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep what stands in a form: the button beside it, or htmx while one types."""
    form = DraftForm(request.POST, categories=categories_for(member(request)))
    try:
        values = cleaned(form)
        draft = drafts.save_draft(user=member(request), place=values.pop("place"), values=values, page=page_of(request))
        words = "Draft saved." if draft else "Nothing to keep yet."
    except ValidationError as error:
        words, draft = in_words(error), None
    if request.htmx:  # type: ignore[attr-defined]  # set by HtmxMiddleware
        return render(
            request, "community/_draft_status.html", {"words": words, "at": timezone.now() if draft else None}
        )
    messages.info(request, words)
    return redirect("community:drafts")


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    draft = get_object_or_404(Draft, pk=pk, user=member(request))
    drafts.discard_draft(user=member(request), place=draft.place)
    messages.success(request, "The draft is gone.")
    return redirect("community:drafts")
