"""What can be earned, and what was."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import Http404
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Profile
from accounts.permissions import member
from common.api import PrivateView, answer_from
from common.forms import PlaceForm
from common.openapi import Listed, described
from common.permissions import Public
from tutorials.api.representations import ACHIEVEMENT_COLUMNS, achievement_item, award_item
from tutorials.api.shapes import Achievement as AchievementShape
from tutorials.api.shapes import Award as AwardShape
from tutorials.models import Achievement, Award
from tutorials.querysets import AWARDS_NEWEST_FIRST


class AchievementsView(APIView):
    """All that can be earned now."""

    permission_classes = (Public,)
    area = "tutorials"
    group = "Learning"

    @described("List achievements", query=PlaceForm, gives=Listed(AchievementShape))
    def get(self, request: Request) -> Response:
        rows = Achievement.objects.filter(is_active=True).values(*ACHIEVEMENT_COLUMNS, "position")
        order = ("position", "threshold", "code")
        return answer_from(request, rows, order=order, item=lambda row: achievement_item(row, request))


class MyAchievementsView(PrivateView):
    area = "tutorials"
    group = "Learning"

    @described("List your achievements", query=PlaceForm, gives=Listed(AwardShape))
    def get(self, request: Request) -> Response:
        return awards_of(member(request).pk, request)


class AchievementsOfPersonView(PrivateView):
    """Somebody's, if they show to whoever asks what they learned."""

    permission_classes = (Public,)
    area = "tutorials"
    group = "Learning"

    @described("List somebody's achievements", query=PlaceForm, gives=Listed(AwardShape))
    def get(self, request: Request, user_id: int) -> Response:
        people: Any = Profile.objects.public()
        profile: Profile = get_object_or_404(people, pk=user_id)
        if not profile.shows("learning", to=request.user):
            raise Http404
        return awards_of(profile.user_id, request)


def awards_of(user_id: int, request: Request) -> Response:
    """One page of what a person has earned, the newest first."""
    earned = {name: F(f"achievement__{name}") for name in ACHIEVEMENT_COLUMNS}
    rows: Any = Award.objects.filter(user=user_id).values("id", "earned_at", **earned)
    return answer_from(request, rows, order=AWARDS_NEWEST_FIRST, item=lambda row: award_item(row, request))
