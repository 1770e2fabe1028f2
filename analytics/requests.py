"""What a request tells about whoever made it, each thing found when it is asked for: most requests count nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property

from analytics.agents import Agent, agent_of
from analytics.audiences import audience_of
from analytics.events import AudienceOf
from analytics.keeping_out import Reason, is_prefetch, refusal_of
from analytics.visitors import visitor_of


class VisitOfRequest:
    """An analytics.visits.Visit."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def member(self) -> Any | None:
        """Whoever is signed in. Pages have asked for them long before, for their header."""
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def agent(self) -> Agent:
        return agent_of(self.request.META.get("HTTP_USER_AGENT", ""))

    @cached_property
    def kept_out(self) -> str:
        """The Reason why nothing of this request is counted; empty if it is."""
        if is_prefetch(self.request):
            return Reason.PREFETCH
        # Who is signed in is a person, or works for one, whatever the program is called.
        if self.member is None and self.agent.is_robot:
            return Reason.MONITORING if self.agent.is_monitoring else Reason.ROBOT
        if refusal := refusal_of(self.request):
            return refusal
        return Reason.STAFF if self.member is not None and self.member.is_staff else ""

    @cached_property
    def visitor(self) -> int | None:
        return visitor_of(self.request)

    @cached_property
    def audience(self) -> AudienceOf:
        return self.audience_in("")

    def audience_in(self, time_zone: str) -> AudienceOf:
        """As a script says the time zone of its browser; empty where none does."""
        return audience_of(self.member, self.agent, time_zone)

    @property
    def user_id(self) -> int | None:
        return None if self.member is None else int(self.member.pk)
