"""What follows when a text is published, held, hidden or deleted: counts, tags, answers, search and news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Greatest

from common.queueing import offer
from community import tasks
from community.models import Comment, Post, PostTag, Standing, State
from community.services import announcing, indexing, trust

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

Text = Post | Comment

HERE = """
SELECT id, EXISTS (SELECT FROM community_standing WHERE user_id = id)
FROM accounts_user WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
"""
AnyText = TypeVar("AnyText", bound=Post | Comment)


def lock_standings(people: Iterable[User | int | None]) -> dict[int, Standing]:
    """The standing of each, made where there was none, locked in the order of their keys. None: a former member.

    Whoever is erased at this moment is waited for and has none, or waits until what is written about them stands.
    """
    keys = sorted({person if isinstance(person, int) else person.pk for person in people if person is not None})
    with connection.cursor() as cursor:
        # The foreign keys would take this lock at the end, after rows that the erasure wants.
        cursor.execute(HERE, [keys])
        here = dict(cursor.fetchall())
    new = [Standing(user_id=key) for key, stands in here.items() if not stands]
    Standing.objects.bulk_create(new, ignore_conflicts=True)
    found = Standing.objects.select_for_update(of=("self",)).filter(pk__in=here).order_by("pk")
    return {standing.pk: standing for standing in found}


def lock(text: AnyText) -> AnyText:
    """The text as it is now, nobody else at it: its author's standing, the post and the comment itself."""
    lock_standings([text.author_id])
    post = lock_post(text.pk if isinstance(text, Post) else text.post_id)
    comments = Comment.objects.select_for_update(of=("self",)).select_related("post__category")
    row: Any = post if isinstance(text, Post) else comments.get(pk=text.pk)
    locked: AnyText = row
    return locked


def lock_post(pk: int) -> Post:
    """As it is now. Nothing is joined: PostgreSQL would join what a lock was waited for with the rows of before.

    So a post that was moved meanwhile would find no category, and not be there.
    """
    return Post.objects.select_for_update().get(pk=pk)


@transaction.atomic
def set_state(text: Text, state: State) -> bool:
    """Bring a text into a state with all that follows; returns whether that changed anything."""
    row = lock(text)
    before = State(row.state)
    if before == state:
        return False
    row.state = text.state = state
    row.save(update_fields=["state"])
    if State.PUBLISHED in (before, state):
        settle(row, is_published=state == State.PUBLISHED)
    count_hidden(row, (state == State.HIDDEN) - (before == State.HIDDEN))
    return True


def settle(text: Text, *, is_published: bool) -> None:
    """Count a text that others see from now on, or no longer. Its post and its author's standing are locked."""
    if isinstance(text, Post):
        set_tags(text)
        count_text(text, "posts_count", by=1 if is_published else -1)
    else:
        recount(text.post_id, by=1 if is_published else -1)
        count_text(text, "comments_count", by=1 if is_published else -1)
        if not is_published:
            take_back_answer(text)
    if is_published:
        indexing.index(text)
        announcing.announce(text)
        promote_later(text.author_id)
    else:
        indexing.unindex(text)


def promote_later(person: int | None) -> None:
    """After the commit: the level that they have earned, and by a worker their achievements."""
    if person is not None:
        transaction.on_commit(lambda: trust.promote(person))
        otherwise = f"what person {person} has earned is given tonight only"
        transaction.on_commit(lambda: offer(tasks.award_member, person, otherwise=otherwise))


def set_tags(post: Post) -> None:
    """The rows by which the lists of tags find a post: those of what is published."""
    wanted = post.tags if post.state == State.PUBLISHED else []
    PostTag.objects.filter(post=post).exclude(tag__in=wanted).delete()
    rows = [PostTag(post=post, tag=tag, active_at=post.active_at) for tag in wanted]
    PostTag.objects.bulk_create(rows, ignore_conflicts=True)


def recount(post: int, *, by: int) -> None:
    """Count a comment that came or went, and when something was last said. The post is locked."""
    latest = Comment.objects.filter(post=post, state=State.PUBLISHED).aggregate(at=Max("created_at"))["at"]
    active_at = Greatest(F("created_at"), Coalesce(latest, F("created_at")))
    Post.objects.filter(pk=post).update(comments_count=F("comments_count") + by, active_at=active_at)
    PostTag.objects.filter(post=post).update(active_at=Post.objects.filter(pk=post).values("active_at"))


def take_back_answer(comment: Comment) -> None:
    """What is not there to be read is no accepted answer."""
    if Post.objects.filter(pk=comment.post_id, accepted_answer=comment).update(accepted_answer=None):
        count_accepted(comment, by=-1)


def count_accepted(comment: Comment, *, by: int) -> None:
    """For its author; who accepts their own answer earns nothing by it. The post is locked."""
    asker = Post.objects.filter(pk=comment.post_id).values_list("author", flat=True).get()
    if asker is None or asker != comment.author_id:
        count_text(comment, "accepted_count", by=by)


def count_text(text: Text, count: str, *, by: int) -> None:
    Standing.objects.filter(pk=text.author_id).update(**{count: F(count) + by})


def count_hidden(text: Text, by: int) -> None:
    if by:
        count_text(text, "hidden_count", by=by)
