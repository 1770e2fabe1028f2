"""What the community holds about people."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, QuerySet

from accounts.personal_data import Holding, register
from community.models import (
    Case,
    Comment,
    Draft,
    Like,
    Mailing,
    MailPreference,
    Notification,
    Post,
    PostImage,
    Report,
    Revision,
    StaffAction,
    Standing,
    State,
    Watch,
)
from community.services import indexing, states
from community.services.texts import show_anew

DERIVED = "it is made from the text"
KEPT_BY_OTHERS = "it is kept by what others do, or says how the platform treats the text"
SOMEBODY_ELSES = "it is about somebody else"
STAFFS = "it says who of the staff did it, or by what it is undone"
OF_MAIL = "it only says how far the mail about it has come"


def forget_author(texts: QuerySet[Any]) -> int:
    """What somebody wrote to others stays as that of a former member, or threads could not be read any more.

    What its author had taken back already goes for good. Images go too: they may show somebody.
    """
    for text in texts.filter(images__isnull=False).distinct():
        text.author = None
        show_anew(text)
    gone = texts.filter(state=State.DELETED)
    words = list(gone.values_list("text", flat=True))
    gone.update(body="", body_html="", text="")
    indexing.forget(*words)
    return texts.update(author=None)


def forget_revisions(revisions: QuerySet[Revision]) -> int:
    """They go, and with them the words that stood nowhere else."""
    words = list(revisions.values_list("body", flat=True))
    deleted, _ = revisions.delete()
    indexing.forget(*words)
    return deleted


def take_back_likes(likes: QuerySet[Like]) -> int:
    """They go, and are counted no more: the standings of whom they pleased first, as everybody locks them."""
    pleased = {person for pair in likes.values_list("post__author", "comment__author") for person in pair}
    states.lock_standings(pleased)
    for model, link in ((Post, "post"), (Comment, "comment")):
        liked = likes.filter(**{f"{link}__isnull": False}).order_by().values_list(link).annotate(number=Count("pk"))
        for pk, number in liked.order_by(link):
            model._base_manager.filter(pk=pk).update(likes_count=F("likes_count") - number)
            author = model._base_manager.filter(pk=pk).values_list("author", flat=True).get()
            Standing.objects.filter(pk=author).update(likes_received=F("likes_received") - number)
    return likes.delete()[0]


def forget_decider(cases: QuerySet[Case]) -> int:
    return cases.update(closed_by=None)


def forget_reporter(reports: QuerySet[Report]) -> int:
    return reports.update(reporter=None)


def forget_hand(actions: QuerySet[StaffAction]) -> int:
    return actions.update(by=None)


def forget_person(actions: QuerySet[StaffAction]) -> int:
    """The log of the staff stays as long as the platform; it names nobody who is gone."""
    return actions.update(person=None)


def forget_actor(notifications: QuerySet[Notification]) -> int:
    return notifications.update(actor=None)


register(
    Holding(
        Post,
        title="Posts that you wrote",
        path="author",
        exported=(
            *("id", "title", "type", "category__slug", "tags", "body", "tutorial__slug", "block", "state"),
            *("created_at", "edited_at", "likes_count", "comments_count"),
        ),
        left_out=dict.fromkeys(("body_html", "text", "day", "score", "answered_at_top"), DERIVED)
        | dict.fromkeys(("pinned", "locked_at", "active_at", "announced_at", "accepted_answer"), KEPT_BY_OTHERS),
        anonymise=forget_author,
    ),
    Holding(
        Comment,
        title="Comments that you wrote",
        path="author",
        exported=(
            "id",
            "post__id",
            "post__title",
            "parent__id",
            "body",
            "state",
            "created_at",
            "edited_at",
            "likes_count",
        ),
        left_out=dict.fromkeys(("body_html", "text", "is_top", "replies_to_top"), DERIVED)
        | {"announced_at": KEPT_BY_OTHERS},
        anonymise=forget_author,
    ),
    Holding(
        Revision,
        title="What your posts and comments said before you edited them",
        path="by",
        exported=("post__id", "comment__id", "title", "tags", "body", "written_at"),
        anonymise=forget_revisions,
    ),
    Holding(
        Draft,
        title="Your drafts",
        path="user",
        exported=("place", "title", "type", "category__slug", "tags", "body", "saved_at"),
    ),
    Holding(
        PostImage,
        title="Images that you uploaded for posts and comments",
        path="user",
        exported=("name", "file", "width", "height", "size", "uploaded_at"),
        left_out={"digest": "it is made from the file that you sent"},
    ),
    Holding(
        Like,
        title="What you like",
        path="user",
        exported=("post__id", "comment__id", "created_at"),
        left_out={"is_told": "it only says whether a worker has told somebody of it"},
        anonymise=take_back_likes,
    ),
    Holding(
        Watch,
        title="What you follow and mute",
        path="user",
        exported=("level", "post__id", "category__slug", "person__profile__handle", "tag", "created_at"),
    ),
    Holding(
        Watch,
        title="Who follows you",
        path="person",
        left_out=dict.fromkeys(("user", "level", "post", "category", "tag", "created_at"), SOMEBODY_ELSES),
    ),
    Holding(
        Notification,
        title="What you were told",
        path="user",
        exported=("kind", "others", "post__id", "comment__id", "words", "at", "read_at"),
        left_out={"actor": SOMEBODY_ELSES} | dict.fromkeys(("since", "mailing", "mail_at"), OF_MAIL),
    ),
    Holding(
        Notification,
        title="What others were told of you",
        path="actor",
        left_out=dict.fromkeys(
            ("user", "kind", "others", "post", "comment", "words", "at", "since", "read_at", "mailing", "mail_at"),
            SOMEBODY_ELSES,
        ),
        anonymise=forget_actor,
    ),
    Holding(MailPreference, title="How often you want mail", path="user", exported=("kind", "cadence")),
    Holding(
        Mailing,
        title="Mails about the community that were sent to you",
        path="user",
        exported=("made_at", "sent_at"),
        left_out=dict.fromkeys(("message_id", "attempts", "try_at", "handed_over_at", "given_up_at"), OF_MAIL),
    ),
    Holding(
        Standing,
        title="How you stand in the community",
        path="user",
        exported=(
            *("trust_level", "level_is_fixed", "silenced_until", "posts_count", "comments_count", "likes_received"),
            *("accepted_count", "hidden_count"),
        ),
    ),
    Holding(
        Case,
        title="Cases that you decided as a moderator",
        path="closed_by",
        left_out=dict.fromkeys(
            ("kind", "post", "comment", "cause", "reports_count", "opened_at", "closed_at", "decision"), SOMEBODY_ELSES
        ),
        anonymise=forget_decider,
    ),
    Holding(
        Report,
        title="What you reported",
        path="reporter",
        exported=("case__post__id", "case__comment__id", "reason", "at"),
        anonymise=forget_reporter,
    ),
    Holding(
        StaffAction,
        title="What moderators did about you",
        path="person",
        exported=("at", "deed", "reason", "post__id", "comment__id", "category__slug"),
        left_out=dict.fromkeys(("by", "before", "after", "undoes", "case"), STAFFS),
        anonymise=forget_person,
    ),
    Holding(
        StaffAction,
        title="What you did as a moderator",
        path="by",
        left_out=dict.fromkeys(
            ("at", "deed", "reason", "person", "post", "comment", "category", "before", "after", "undoes", "case"),
            SOMEBODY_ELSES,
        ),
        anonymise=forget_hand,
    ),
)
