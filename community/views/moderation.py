"""What moderators work with: the queue, a page for each text and person, and the staff log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Profile, User
from accounts.models.sessions import Door
from accounts.permissions import member
from accounts.visits import Visit
from common.forms import PlaceForm, asked_place, faults_in_words, submit
from common.paging import neighbours
from community import moderation
from community.categories import all_categories
from community.forms.moderation import (
    DecisionForm,
    DeedForm,
    LogForm,
    PersonForm,
    PostForm,
    ReasonForm,
    TextForm,
    deeds_on_person,
    deeds_on_post,
    deeds_on_text,
)
from community.models import Case, Comment, Decision, Deed, StaffAction, Standing, TrustLevel
from community.services import moderating
from community.views import find_comment, find_post

NOTHING = "It was so already: nothing has changed."
DONE = "Done. It stands in the staff log, where it can be undone."


def for_moderators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Raises PermissionDenied for everybody else, before anything is looked at."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        moderating.require_moderator(member(request))
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@require_safe
@for_moderators
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a moderator."""
    with faults_in_words():
        items, page = moderation.queue(**asked_place(PlaceForm(request.GET)))
    # One form for each, with names of its own.
    shown = [(item, DecisionForm(prefix=f"case-{item.case.pk}")) for item in items]
    return render(request, "community/moderation_queue.html", {"items": shown, **neighbours(request, page)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_moderators
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, and where it is decided."""
    found = get_object_or_404(Case, pk=pk)
    form = DecisionForm(request.POST or None, prefix=f"case-{pk}")
    if request.method == "POST" and submit(form, lambda: decide(request, found, form)):
        messages.success(request, "Decided. It stands in the staff log, where it can be undone.")
        return redirect("community:moderation")
    item = moderation.items_of([pk])[0]
    form.say_what_changed(item.text)
    return render(request, "community/moderation_case.html", {"item": item, "form": form})


def decide(request: HttpRequest, case: Case, form: DecisionForm) -> Case:
    sent = form.cleaned_data
    return moderating.decide(
        by=member(request),
        case=case,
        decision=Decision.HIDDEN if sent["decision"] == "hidden" else Decision.DISMISSED,
        reason=sent["reason"],
        sanction=sent["sanction"],
        version=sent["version"],
        visit=visit_of(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_moderators
def moderate_post(request: HttpRequest, pk: int) -> HttpResponse:
    post, by = find_post(request, pk), member(request)
    form = PostForm(request.POST or None, deeds=deeds_on_post(post), categories=all_categories())

    def act() -> StaffAction | None:
        sent = form.cleaned_data
        deed, why = sent["deed"], {"by": by, "post": post, "reason": sent["reason"]}
        if deed in (Deed.HIDE, Deed.SHOW):
            return hide_or_show(form, by=by, text=post)
        if deed == Deed.MOVE:
            return moderating.move(category=sent["category"], **why)
        if deed.startswith("pin-"):
            return moderating.pin(where=deed.removeprefix("pin-"), **why)
        return {Deed.LOCK: moderating.lock, Deed.UNLOCK: moderating.unlock, Deed.UNPIN: moderating.unpin}[deed](**why)

    if request.method == "POST" and tried(request, form, act):
        return redirect("community:moderate_post", pk)
    form.say_what_changed(post)
    return render(request, "community/moderation_text.html", {"form": form, "text": post, "post": post, **past(post)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_moderators
def moderate_comment(request: HttpRequest, pk: int) -> HttpResponse:
    comment, by = find_comment(request, pk), member(request)
    form = TextForm(request.POST or None, deeds=deeds_on_text(comment))

    def act() -> StaffAction | None:
        return hide_or_show(form, by=by, text=comment)

    if request.method == "POST" and tried(request, form, act):
        return redirect("community:moderate_comment", pk)
    form.say_what_changed(comment)
    context = {"form": form, "text": comment, "post": comment.post, **past(comment)}
    return render(request, "community/moderation_text.html", context)


def hide_or_show(form: TextForm, **what: Any) -> StaffAction | None:
    act = moderating.hide if form.cleaned_data["deed"] == Deed.HIDE else moderating.show
    return act(reason=form.cleaned_data["reason"], version=form.cleaned_data["version"], **what)


@require_http_methods(["GET", "HEAD", "POST"])
@for_moderators
def person(request: HttpRequest, handle: str) -> HttpResponse:
    """How somebody stands, and what moderators can do about it."""
    profile = get_object_or_404(Profile.objects.select_related("user"), handle=handle)
    subject, by = profile.user, member(request)
    standing = Standing.objects.filter(pk=subject.pk).first() or Standing(user=subject)
    form = PersonForm(request.POST or None, deeds=deeds_on_person(subject, standing))
    if request.method == "POST" and tried(request, form, lambda: act_on(subject, form, by=by, visit=visit_of(request))):
        return redirect("community:moderate_person", handle)
    lines, _ = moderation.log_of(person=subject, deed="", size=moderation.LINES_SHOWN)
    context = {"form": form, "profile": profile, "standing": standing, "lines": lines}
    return render(request, "community/moderation_person.html", context)


def act_on(person: User, form: PersonForm, *, by: User, visit: Visit) -> StaffAction | None:
    sent = form.cleaned_data
    deed: str = sent["deed"]
    why = {"by": by, "person": person, "reason": sent["reason"]}
    kind, _, choice = deed.partition("-")
    if kind == Deed.SILENCE:
        until = sent["until"] if choice == "until" else timezone.now() + moderating.SILENCES[choice]
        return moderating.silence(until=until, **why)
    if kind == "level":
        return moderating.set_level(level=None if choice == "earned" else TrustLevel(int(choice)), **why)
    if deed == Deed.UNSILENCE:
        return moderating.end_silence(**why)
    act = moderating.ban if deed == Deed.BAN else moderating.unban
    return act(visit=visit, **why)


@require_safe
@for_moderators
def log(request: HttpRequest) -> HttpResponse:
    form = LogForm(request.GET)
    lines: list[StaffAction] = []
    page = None
    if form.is_valid():
        asked = form.cleaned_data
        with faults_in_words():
            lines, page = moderation.log_of(person=asked["person"], deed=asked["deed"], **asked_place(form))
    context = {"form": form, "lines": lines, **(neighbours(request, page) if page else {})}
    return render(request, "community/moderation_log.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_moderators
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks why, then takes a deed back."""
    line = get_object_or_404(StaffAction.objects.with_people(), pk=pk)
    form = ReasonForm(request.POST or None)

    def act() -> StaffAction:
        return moderating.undo(
            by=member(request), action=line, reason=form.cleaned_data["reason"], visit=visit_of(request)
        )

    if request.method == "POST" and submit(form, act):
        messages.success(request, "Undone.")
        return redirect("community:staff_log")
    return render(request, "community/moderation_undo.html", {"line": line, "form": form})


def tried(request: HttpRequest, form: DeedForm, act: Callable[[], StaffAction | None]) -> bool:
    """Whether the service has done it; where it refuses, the form says why."""
    if not form.is_valid():
        return False
    done = submit(form, act)
    if form.errors:
        return False
    messages.success(request, DONE if done else NOTHING)
    return True


def past(text: Any) -> dict[str, Any]:
    """What moderators did to it before, and the case that is open."""
    return {
        "lines": StaffAction.objects.of(text).with_people()[: moderation.LINES_SHOWN],
        "case": Case.objects.open().of(text).first(),
        "is_comment": isinstance(text, Comment),
    }


def visit_of(request: HttpRequest) -> Visit:
    return Visit.of(request, Door.PAGE)
