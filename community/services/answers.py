"""Accepting an answer to one's question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from analytics import track
from community.models import Comment, Kind, Post, PostType, State
from community.querysets.posts import may_moderate
from community.services import notifying, states, writing

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.querysets.threads import Opening

NOT_YOURS = "Only who asked the question may accept an answer."
NO_QUESTION = "Only a question has an accepted answer."
NOT_HERE = "This answer does not stand in this thread."
NO_ANSWER = "A reply to an answer cannot be accepted; accept the answer itself."
NOT_READABLE = "This answer is not there to be read any more."


def may_accept(user: User | AnonymousUser, post: Post | Opening) -> bool:
    return post.type == PostType.QUESTION and (post.author_id == user.pk or may_moderate(user))


@transaction.atomic
def accept_answer(*, by: User, post: Post, comment: Comment) -> Post:
    """Mark the comment that answers a question, in the place of another if there was one.

    Raises PermissionDenied; ValidationError on `comment`, or in general for what is no question or cannot be read.
    """
    require_may_accept(by, post)
    if comment.post_id != post.pk:
        raise ValidationError({"comment": ValidationError(NOT_HERE, code="other_thread")})
    if comment.parent_id is not None:
        raise ValidationError({"comment": ValidationError(NO_ANSWER, code="not_an_answer")})
    row = lock_with_answers(post, comment)
    # Its author may have made it something else meanwhile.
    require_may_accept(by, row)
    if row.accepted_answer_id == comment.pk:
        return row
    if not row.is_published:
        raise ValidationError(writing.NOT_READABLE, code="not_published")
    answer = Comment.objects.select_related("author").filter(pk=comment.pk, state=State.PUBLISHED).first()
    if answer is None:
        raise ValidationError({"comment": ValidationError(NOT_READABLE, code="not_published")})
    set_answer(row, answer)
    track.engagement(by.pk, "answer_accepted", post=row.pk)
    if answer.author is not None:
        notifying.notify(user=answer.author, kind=Kind.ACCEPTED, actor=by, post=row, comment=answer)
        states.promote_later(answer.author_id)
    return row


@transaction.atomic
def take_back_acceptance(*, by: User, post: Post) -> Post:
    """No answer is accepted any more; where none was, nothing changes. Raises as `require_may_accept`."""
    require_may_accept(by, post)
    row = lock_with_answers(post, None)
    if row.accepted_answer_id is not None:
        set_answer(row, None)
    return row


def require_may_accept(by: User, post: Post) -> None:
    """Raises PermissionDenied; ValidationError for what is no question."""
    if post.type != PostType.QUESTION:
        raise ValidationError(NO_QUESTION, code="no_question")
    if not may_accept(by, post):
        raise PermissionDenied(NOT_YOURS)


def lock_with_answers(post: Post, coming: Comment | None) -> Post:
    """The post, locked after the standings of both authors: of the answer that is accepted, and of the one to come."""
    while True:
        going = author_of_answer(post)
        with transaction.atomic():
            states.lock_standings([going, coming.author_id if coming else None])
            row = states.lock_post(post.pk)
            if author_of_answer(post) == going:
                return row
            # Another was accepted meanwhile, whose author comes before the post: let go of both, and begin anew.
            transaction.set_rollback(True)


def author_of_answer(post: Post) -> int | None:
    return Post.objects.filter(pk=post.pk).values_list("accepted_answer__author", flat=True).first()


def set_answer(post: Post, comment: Comment | None) -> None:
    """Have this answer accepted, or none, and the counts of both authors right. The post is locked."""
    before = Comment.objects.filter(pk=post.accepted_answer_id or 0).first()
    if before is not None:
        states.count_accepted(before, by=-1)
    if comment is not None:
        states.count_accepted(comment, by=1)
    post.accepted_answer = comment
    post.save(update_fields=["accepted_answer"])
