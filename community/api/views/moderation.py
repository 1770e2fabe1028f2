"""Reports of members, and what moderators do: each state is a noun that PUT makes and DELETE ends, with a reason."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.models.sessions import Door
from accounts.permissions import member
from accounts.visits import Visit
from common.api import PrivateView, answer, validated
from common.forms import PlaceForm, asked_place
from common.openapi import OF_ONE_PERSON, Limit, Listed, described
from common.paging import Page
from common.permissions import Member
from community import moderation
from community.api import shapes
from community.api.moderation import (
    DecisionSerializer,
    MoveSerializer,
    PinSerializer,
    ReasonSerializer,
    SilenceSerializer,
    TextSerializer,
    case_item,
    case_outcome,
    report_item,
)
from community.api.views import find_category, find_comment, find_post
from community.models import Case, Comment, Post, Standing, State
from community.querysets.posts import may_moderate
from community.services import moderating, reporting


class Moderates(Member):
    """Whoever works in the queue; asked before what they sent is looked at."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        if isinstance(request.user, User) and may_moderate(request.user):
            return True
        self.message = moderating.NOT_A_MODERATOR
        return False


class ModeratorsView(PrivateView):
    permission_classes = (Moderates,)
    area = "community"
    group = "Moderation"


REPORTS = (Limit(reporting.RATE, OF_ONE_PERSON),)


class PostReportsView(PrivateView):
    """Reported again, the text has your new reason."""

    area = "community"

    @described("Report a post", takes=ReasonSerializer, gives={201: shapes.ReportGiven}, limits=REPORTS)
    def post(self, request: Request, pk: int) -> Response:
        return report(request, find_post(request, pk))


class CommentReportsView(PrivateView):
    """Reported again, the text has your new reason."""

    area = "community"

    @described("Report a comment", takes=ReasonSerializer, gives={201: shapes.ReportGiven}, limits=REPORTS)
    def post(self, request: Request, pk: int) -> Response:
        return report(request, find_comment(request, pk))


def report(request: Request, text: Post | Comment) -> Response:
    fields = validated(ReasonSerializer(data=request.data))
    given = reporting.report(by=member(request), text=text, **fields)
    return Response(report_item(given), status=status.HTTP_201_CREATED)


class CasesView(ModeratorsView):
    """What waits for a moderator, who waits longest first."""

    @described("List what waits", query=PlaceForm, gives=Listed(shapes.CaseListed))
    def get(self, request: Request) -> Response:
        items, page = moderation.queue(**asked_place(PlaceForm(request.query_params)))
        shown = [case_item(item) for item in items]
        return answer(request, Page(shown, next=page.next, previous=page.previous), lambda row: row)


class DecisionView(ModeratorsView):
    """What was held is published by `approved` and `dismissed`, what was reported stays."""

    @described("Decide a case", takes=DecisionSerializer, gives=shapes.CaseOutcome)
    def put(self, request: Request, pk: int) -> Response:
        cases: Any = Case.objects.all()
        case: Case = get_object_or_404(cases, pk=pk)
        fields = validated(DecisionSerializer(data=request.data))
        sanction = fields.pop("sanction") or ""
        decided = moderating.decide(by=member(request), case=case, sanction=sanction, visit=visit_of(request), **fields)
        return Response(case_outcome(decided))


class LockView(ModeratorsView):
    @described("Lock a thread", takes=ReasonSerializer, gives=shapes.Lock)
    def put(self, request: Request, pk: int) -> Response:
        moderating.lock(by=member(request), post=find_post(request, pk), **reason(request))
        return Response({"locked": True})

    @described("Unlock a thread", takes=ReasonSerializer, gives=shapes.Lock)
    def delete(self, request: Request, pk: int) -> Response:
        moderating.unlock(by=member(request), post=find_post(request, pk), **reason(request))
        return Response({"locked": False})


class PinView(ModeratorsView):
    @described("Pin a post", takes=PinSerializer, gives=shapes.Pinned)
    def put(self, request: Request, pk: int) -> Response:
        post = find_post(request, pk)
        fields = validated(PinSerializer(data=request.data))
        moderating.pin(by=member(request), post=post, **fields)
        return Response({"pinned": fields["where"]})

    @described("Unpin a post", takes=ReasonSerializer, gives=shapes.Pinned)
    def delete(self, request: Request, pk: int) -> Response:
        moderating.unpin(by=member(request), post=find_post(request, pk), **reason(request))
        return Response({"pinned": None})


class CategoryOfPostView(ModeratorsView):
    @described("Move a post", takes=MoveSerializer, gives=shapes.CategoryOfPost)
    def put(self, request: Request, pk: int) -> Response:
        post = find_post(request, pk)
        fields = validated(MoveSerializer(data=request.data))
        category = find_category(request, fields["category"])
        moderating.move(by=member(request), post=post, category=category, reason=fields["reason"])
        return Response({"category": category.slug})


class PostHiddenView(ModeratorsView):
    @described("Hide a post", takes=TextSerializer, gives=shapes.Visibility)
    def put(self, request: Request, pk: int) -> Response:
        return hide(request, find_post(request, pk))

    @described("Show a post again", takes=TextSerializer, gives=shapes.Visibility)
    def delete(self, request: Request, pk: int) -> Response:
        return show(request, find_post(request, pk))


class CommentHiddenView(ModeratorsView):
    @described("Hide a comment", takes=TextSerializer, gives=shapes.Visibility)
    def put(self, request: Request, pk: int) -> Response:
        return hide(request, find_comment(request, pk))

    @described("Show a comment again", takes=TextSerializer, gives=shapes.Visibility)
    def delete(self, request: Request, pk: int) -> Response:
        return show(request, find_comment(request, pk))


def hide(request: Request, text: Post | Comment) -> Response:
    moderating.hide(by=member(request), text=text, **validated(TextSerializer(data=request.data)))
    return Response({"state": State.HIDDEN})


def show(request: Request, text: Post | Comment) -> Response:
    moderating.show(by=member(request), text=text, **validated(TextSerializer(data=request.data)))
    return Response({"state": State.PUBLISHED})


class SilenceView(ModeratorsView):
    @described("Silence somebody", takes=SilenceSerializer, gives=shapes.Silence)
    def put(self, request: Request, user_id: int) -> Response:
        person = find_person(user_id)
        fields = validated(SilenceSerializer(data=request.data))
        moderating.silence(by=member(request), person=person, **fields)
        return Response({"silenced_until": Standing.objects.get(pk=person.pk).silenced_until})

    @described("End a silence", takes=ReasonSerializer, gives=shapes.Silence)
    def delete(self, request: Request, user_id: int) -> Response:
        moderating.end_silence(by=member(request), person=find_person(user_id), **reason(request))
        return Response({"silenced_until": None})


class BanView(ModeratorsView):
    @described("Ban somebody", takes=ReasonSerializer, gives=shapes.Ban)
    def put(self, request: Request, user_id: int) -> Response:
        person = find_person(user_id)
        moderating.ban(by=member(request), person=person, visit=visit_of(request), **reason(request))
        return Response({"banned": True})

    @described("End a ban", takes=ReasonSerializer, gives=shapes.Ban)
    def delete(self, request: Request, user_id: int) -> Response:
        person = find_person(user_id)
        moderating.unban(by=member(request), person=person, visit=visit_of(request), **reason(request))
        return Response({"banned": False})


def reason(request: Request) -> dict[str, Any]:
    return validated(ReasonSerializer(data=request.data))


def find_person(user_id: int) -> User:
    """Raises Http404."""
    people: Any = User.objects.all()
    person: User = get_object_or_404(people, pk=user_id)
    return person


def visit_of(request: Request) -> Visit:
    return Visit.of(request._request, Door.API)
