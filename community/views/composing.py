"""Writing: new posts, comments, replies, edits, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import member
from common.client import client_address
from common.forms import cleaned, faults_in_words, submit
from community.categories import categories_to_begin_in
from community.forms.composing import CommentForm, EditCommentForm, EditPostForm, PostForm, initial_of
from community.models import Comment, Draft, Post
from community.services import drafts, texts, writing
from community.views import find_comment, find_post, page_of
from tutorials.models import Tutorial
from tutorials.querysets import TEXTS

if TYPE_CHECKING:
    from accounts.models import User

HELD = "Thank you. A moderator reads it first; you will be told."


@require_http_methods(["GET", "HEAD", "POST"])
def new_post(request: HttpRequest) -> HttpResponse:
    """A new post; with ?tutorial= and ?block= about a place in a tutorial."""
    user = member(request)
    tutorial, block = asked_about(request)
    place = f"tutorial-{tutorial.pk}" if tutorial else "post"
    form = PostForm(request.POST or None, categories=categories_to_begin_in(user), initial=begun(request, place))
    if request.method == "POST":
        post = submit(
            form,
            lambda: writing.publish_post(
                author=user, values=form.cleaned_data, tutorial=tutorial, block=block, address=client_address(request)
            ),
        )
        if post is not None:
            drafts.end_draft(user=user, place=place, page=page_of(request))
            return arrive(request, post)
    # Not "block": within {% block %} a template has that itself.
    context = {"form": form, "place": place, "tutorial": tutorial, "part": block}
    if tutorial is not None:
        context["heading"] = {each["id"]: each["text"] for each in tutorial.blocks}.get(block, "")
    return render(request, "community/new_post.html", context)


def asked_about(request: HttpRequest) -> tuple[Tutorial | None, str]:
    """The tutorial that a post is begun from, and the place there; a tutorial that is gone is none."""
    slug = request.POST.get("tutorial", request.GET.get("tutorial", "")).replace("\0", "")
    tutorial = Tutorial.objects.visible_to(request.user).defer(*TEXTS).filter(slug=slug).first() if slug else None
    block = request.POST.get("block", request.GET.get("block", ""))
    return (tutorial, block if tutorial.has_block(block) else "") if tutorial else (None, "")


def begun(request: HttpRequest, place: str) -> dict[str, Any]:
    """What the form begins with: a draft, else what the address says."""
    draft = Draft.objects.filter(user=member(request), place=place).select_related("category").first()
    if draft is None:
        return {"category": request.GET.get("category", ""), "tags": request.GET.get("tag", "")}
    return {
        "title": draft.title,
        "type": draft.type or None,
        "category": draft.category.slug if draft.category else "",
        "tags": draft.tags,
        "body": draft.body,
    }


def arrive(request: HttpRequest, text: Post | Comment) -> HttpResponse:
    """To what was just written."""
    if not text.is_published:
        messages.info(request, HELD)
    return redirect(text)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_post(request: HttpRequest, pk: int) -> HttpResponse:
    post, user = find_post(request, pk), member(request)
    writing.require_own(user, post)
    categories = categories_to_begin_in(user, besides=post.category_id)
    form = EditPostForm(request.POST or None, categories=categories, initial=initial_of(post))
    if request.method == "POST":
        edited = submit(form, lambda: save_edit(user, post, **form.cleaned_data))
        if edited is not None:
            return redirect(edited)
        form.say_what_changed(post)
    return render(request, "community/edit_post.html", {"form": form, "post": post})


def save_edit(user: User, post: Post, *, version: str, **changes: Any) -> Post:
    """`version` is that of the text in which the form was filled."""
    return writing.edit_post(by=user, post=post, changes=changes, version=version)


@require_POST
def add_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """An answer to a post; where something is wrong with it, its form stands on a page of its own."""
    post, user = find_post(request, pk), member(request)
    form = CommentForm(request.POST)
    comment = submit(
        form,
        lambda: writing.add_comment(author=user, post=post, address=client_address(request), **form.cleaned_data),
    )
    if comment is None:
        return render(request, "community/comment.html", {"form": form, "post": post, "place": f"comment-{post.pk}"})
    drafts.end_draft(user=user, place=f"comment-{post.pk}", page=page_of(request))
    return arrive(request, comment)


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """A reply to a comment, on a page of its own."""
    parent, user = find_comment(request, pk), member(request)
    place = f"reply-{parent.pk}"
    form = CommentForm(request.POST or None, initial=begun(request, place))
    if request.method == "POST":
        comment = submit(
            form,
            lambda: writing.add_comment(
                author=user, post=parent.post, parent=parent, address=client_address(request), **form.cleaned_data
            ),
        )
        if comment is not None:
            drafts.end_draft(user=user, place=place, page=page_of(request))
            return arrive(request, comment)
    context = {"form": form, "post": parent.post, "parent": parent, "place": place}
    return render(request, "community/comment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_comment(request: HttpRequest, pk: int) -> HttpResponse:
    comment, user = find_comment(request, pk), member(request)
    writing.require_own(user, comment)
    form = EditCommentForm(request.POST or None, initial={"body": comment.body})
    if request.method == "POST":
        edited = submit(form, lambda: writing.edit_comment(by=user, comment=comment, **form.cleaned_data))
        if edited is not None:
            return redirect(edited)
        form.say_what_changed(comment)
    return render(request, "community/edit_comment.html", {"form": form, "comment": comment, "post": comment.post})


@require_http_methods(["GET", "HEAD", "POST"])
def delete_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once, then takes the post back."""
    post, user = find_post(request, pk), member(request)
    writing.require_own(user, post)
    if request.method != "POST":
        return render(request, "community/delete.html", {"post": post, "text": post})
    with faults_in_words():
        writing.delete_text(by=user, text=post)
    messages.success(request, "Your post is gone. What others said beneath it stays.")
    return redirect("community:list")


@require_http_methods(["GET", "HEAD", "POST"])
def delete_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once, then takes the comment back."""
    comment, user = find_comment(request, pk), member(request)
    writing.require_own(user, comment)
    if request.method != "POST":
        return render(request, "community/delete.html", {"post": comment.post, "text": comment, "comment": comment})
    with faults_in_words():
        writing.delete_text(by=user, text=comment)
    messages.success(request, "Your comment is gone.")
    return redirect(comment.post)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """How a text will look."""
    form = CommentForm(request.POST)
    with faults_in_words():
        _, read = texts.read_body(cleaned(form)["body"])
    template = "community/_preview.html" if request.htmx else "community/preview.html"  # type: ignore[attr-defined]  # set by HtmxMiddleware
    # Sanitised as what is stored.
    return render(request, template, {"html": mark_safe(texts.html_of(read, author_id=member(request).pk))})  # noqa: S308
