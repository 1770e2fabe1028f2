"""What moderators have had to do, and what waits for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count

from accounts.models import LoginHistory, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from billing.access import FREE
from community.models import Case, CaseKind, Comment, Decision, Deed, Post, PostType, Report, StaffAction, State
from community.services import texts
from ops.demo.community import Community
from ops.demo.people import Member, People
from ops.demo.season import DAY, HOUR, MINUTE, Season, read_data


class Moderation:
    def __init__(self, season: Season, people: People, community: Community) -> None:
        self.season, self.people, self.community = season, people, community
        self.said = read_data("moderation.yaml")
        self.moderator = people.cast["moderator"].user

    def make(self) -> None:
        first, second = self.people.spammers
        spam = self.advertise(first, first.joined + 40 * MINUTE, State.HIDDEN)
        self.hide(spam, first)
        self.dismiss()
        for each in self.said["waiting"]:
            self.report_comment(each)
        again = self.advertise(second, second.joined + 20 * MINUTE, State.HELD)
        Case.objects.create(
            kind=CaseKind.HELD, post=again, cause=self.said["held"]["cause"], opened_at=again.created_at
        )

    def advertise(self, author: Member, at: datetime, state: State) -> Post:
        said = self.said["spam"]
        post = Post(
            title=said["title"],
            type=PostType.DISCUSSION,
            category=self.community.categories["Show and tell"],
            author=author.user,
            state=state,
            created_at=at,
            active_at=at,
            announced_at=at if state == State.HIDDEN else None,
        )
        source, read = texts.read_body(said["body"].strip())
        texts.put_body(post, source, read)
        post.save()
        return post

    def hide(self, post: Post, author: Member) -> None:
        """And ban who wrote it."""
        said, at = self.said["spam"], post.created_at + 5 * HOUR
        case = self.open_case(at - HOUR, [said["report"]], post=post)
        self.close(case, at, Decision.HIDDEN)
        self.log(Deed.HIDE, at, said["reason"], author, post=post, case=case, changes=("state", "published", "hidden"))
        self.log(Deed.BAN, at + MINUTE, said["ban"], author, changes=("is_active", True, False))
        User.objects.filter(pk=author.pk).update(is_active=False)
        LoginHistory.objects.create(user=author.user, event=Event.BANNED, door=Door.PAGE, at=at + MINUTE)

    def dismiss(self) -> None:
        """A report that was none."""
        said = self.said["dismissed"]
        objections = set(read_data("replies.yaml")["object"])
        said_openly = Comment.objects.filter(body__in=objections, post__category__access=FREE)
        objection = said_openly.filter(created_at__lt=self.season.ago(8)).latest("created_at")
        at = objection.created_at + 2 * DAY
        case = self.open_case(at - 9 * HOUR, [said["report"]], comment=objection)
        self.close(case, at, Decision.DISMISSED)
        author = next(member for member in self.people.members if member.user == objection.author)
        self.log(Deed.DISMISS, at, said["reason"], author, comment=objection, case=case)

    def report_comment(self, said: dict[str, Any]) -> None:
        """A comment of yesterday, in a thread that people look at, and nobody has decided about it."""
        at = self.season.ago(self.season.chance.uniform(0.6, 1.4))
        lately = Post.objects.filter(created_at__range=(at - 25 * DAY, at - DAY), category__access=FREE, pinned="")
        looked_at = lately.exclude(comments__cases__isnull=False).annotate(said=Count("comments"))
        post = looked_at.latest("said", "pk")
        writers = set(post.comments.values_list("author", flat=True)) | {post.author_id}
        there = [member for member in self.people.there(at) if member not in self.people.cast.values()]
        author = self.season.chance.choice([member for member in there if member.pk not in writers])
        comment = Comment(post=post, author=author.user, created_at=at, announced_at=at)
        source, read = texts.read_body(said["body"].strip())
        texts.put_body(comment, source, read)
        comment.save()
        self.open_case(at + 2 * HOUR, said["reports"], comment=comment)

    def open_case(self, at: datetime, reasons: list[str], **text: Any) -> Case:
        """With a report of a member for each reason."""
        case = Case.objects.create(kind=CaseKind.REPORTED, opened_at=at, reports_count=len(reasons), **text)
        cast = self.people.cast.values()
        able = [each for each in self.people.there(at) if each not in cast and each.user != case.text.author]
        reporters = self.season.chance.sample(able, len(reasons))
        for number, (reason, member) in enumerate(zip(reasons, reporters, strict=True)):
            Report.objects.create(case=case, reporter=member.user, reason=reason, at=at + number * 25 * MINUTE)
        return case

    def close(self, case: Case, at: datetime, decision: Decision) -> None:
        case.closed_at, case.closed_by, case.decision = at, self.moderator, decision
        case.save(update_fields=["closed_at", "closed_by", "decision"])

    def log(
        self,
        deed: Deed,
        at: datetime,
        reason: str,
        person: Member,
        *,
        changes: tuple[str, Any, Any] | None = None,
        **what: Any,
    ) -> None:
        """`changes`: what was changed, from what to what."""
        before = {changes[0]: changes[1]} if changes else {}
        after = {changes[0]: changes[2]} if changes else {}
        StaffAction.objects.create(
            at=at, by=self.moderator, deed=deed, reason=reason, person=person.user, before=before, after=after, **what
        )
