"""Writing posts and comments: new ones, edits, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from analytics import track
from community.categories import may_begin_in
from community.models import CaseKind, Comment, Post, Revision, State
from community.models.posts import is_as_read
from community.querysets.posts import may_moderate
from community.services import admission, cases, following, indexing, states, texts
from community.services.states import AnyText

if TYPE_CHECKING:
    from accounts.models import User
    from common.markdown import ReadPost
    from community.models import Category
    from community.services.states import Text
    from tutorials.models import Tutorial

NO_SUCH_CATEGORY = "Choose one of the categories."
STAFF_BEGIN = "Only staff begin posts in this category. You can comment on those that are there."
LOCKED = "This thread is locked: nobody can add to it."
NOT_YOURS = "Only who wrote this may change it."
NOT_READABLE = "This is not there to be read any more, so it cannot be changed or answered."
OTHER_THREAD = "This reply answers a comment of another thread. Open that thread and answer there."
OTHERS_READ_ELSEWHERE = "Others have answered here, and other people read that category. Ask a moderator to move it."
CHANGED = (
    "This has changed since you began to edit it, in another tab of yours or by a moderator. Beneath your words stands"
    " what is there now; save once more to put yours in its place."
)
NO_SUCH_BLOCK = "There is no such place in this tutorial."
WRITTEN = frozenset({"title", "body", "category", "tags", "type"})


@transaction.atomic
def publish_post(
    *,
    author: User,
    values: Mapping[str, Any],
    tutorial: Tutorial | None = None,
    block: str = "",
    address: str | None = None,
) -> Post:
    """A new post, with what WRITTEN names in `values`; held, if moderators are to see it first.

    `tutorial` and `block` say what it is about, `address` is that of the network that it comes from. Raises
    PermissionDenied, in words, for who may not write; Limited; ValidationError by field.
    """
    source, read = texts.read_body(values["body"])
    post = Post(author=author, tutorial=tutorial, block=block)
    post.active_at = post.created_at
    put(post, values)
    texts.put_body(post, source, read)
    check(post, by=author)
    if tutorial is not None and not tutorial.has_block(block):
        raise ValidationError({"block": ValidationError(NO_SUCH_BLOCK, code="invalid")})
    cause = admission.admit(
        author=author,
        kind="post",
        title=post.title,
        body=source,
        read=read,
        address=address,
    )
    post = enter(post, read, cause)
    track.engagement(author.pk, "post", post=post.pk, category=post.category.slug, type=post.type)
    return post


@transaction.atomic
def add_comment(
    *, author: User, post: Post, body: str, parent: Comment | None = None, address: str | None = None
) -> Comment:
    """Say something to a post, or to a comment there; to a reply, and it stands beside that reply.

    Raises PermissionDenied, in words, for who may not write; Limited; ValidationError by field, or in general for a
    thread that is locked or gone.
    """
    source, read = texts.read_body(body)
    cause = admission.admit(
        author=author,
        kind="comment",
        title="",
        body=source,
        read=read,
        address=address,
    )
    row = states.lock_post(post.pk)
    require_open(row, by=author)
    comment = Comment(author=author, post=row, parent=top_of(parent, row))
    texts.put_body(comment, source, read)
    comment.full_clean(exclude=["post", "author", "parent"], validate_constraints=False)
    comment = enter(comment, read, cause)
    track.engagement(author.pk, "comment", post=row.pk, category=row.category.slug)
    return comment


def enter(text: AnyText, read: ReadPost, cause: str) -> AnyText:
    """Store a new text, and let it be seen unless there is a cause to hold it."""
    text.state = State.HELD
    text.save()
    if read.image_names:
        texts.link_images(text, read)
    if cause:
        cases.open_case(text, CaseKind.HELD, cause=cause)
    else:
        states.set_state(text, State.PUBLISHED)
    if text.author is not None:
        following.watch_own(text.author, text if isinstance(text, Post) else text.post)
    return text


def require_open(post: Post, *, by: User) -> None:
    """Whether something can be added to a thread; the post is locked as a row."""
    if post.is_locked and not may_moderate(by):
        raise ValidationError(LOCKED, code="locked")
    if not post.is_published:
        raise ValidationError(NOT_READABLE, code="not_published")


def top_of(parent: Comment | None, post: Post) -> Comment | None:
    """The comment of the first level under which a reply stands."""
    if parent is None:
        return None
    if parent.post_id != post.pk:
        raise ValidationError({"parent": ValidationError(OTHER_THREAD, code="other_thread")})
    if not Comment.objects.filter(pk=parent.pk, state=State.PUBLISHED).exists():
        raise ValidationError({"parent": ValidationError(NOT_READABLE, code="not_published")})
    return parent.parent or parent


@transaction.atomic
def edit_post(*, by: User, post: Post, changes: Mapping[str, Any], version: str = "") -> Post:
    """Write these fields anew; what was there stays as a revision. The same once more changes nothing.

    `version` is that of the text in which the edit was begun, where that is known. Raises PermissionDenied;
    ValidationError by field, and in general for a text that has another version.
    """
    row = take(by, post)
    before, now = kept(row), row.version
    category_before, type_before = row.category, row.type
    source, read = texts.read_body(changes.get("body", row.body))
    put(row, changes)
    check(row, by=by, is_new=False)
    require_same_readers(row, category_before, by=by)
    if kept(row) | {"body": source} == before and row.category == category_before and row.type == type_before:
        return row
    require_version(now, begun_with=version)
    cause = admission.admit_edit(author=by, body=source, read=read)
    remember(row, before)
    texts.put_body(row, source, read)
    row.edited_at = timezone.now()
    row.save(update_fields=["title", "type", "category", "tags", "body", "body_html", "text", "edited_at"])
    texts.link_images(row, read)
    states.set_tags(row)
    settle_edit(row, cause)
    return row


@transaction.atomic
def edit_comment(*, by: User, comment: Comment, body: str, version: str = "") -> Comment:
    """Write a comment anew; what was there stays as a revision. `version`, and what it raises, as in `edit_post`."""
    row = take(by, comment)
    source, read = texts.read_body(body)
    if source == row.body:
        return row
    require_version(row.version, begun_with=version)
    cause = admission.admit_edit(author=by, body=source, read=read)
    remember(row, {"body": row.body})
    texts.put_body(row, source, read)
    row.edited_at = timezone.now()
    row.save(update_fields=["body", "body_html", "text", "edited_at"])
    texts.link_images(row, read)
    settle_edit(row, cause)
    return row


def settle_edit(text: Text, cause: str) -> None:
    """Have what was edited found as it is now, unless there is a cause to hold it."""
    if cause:
        states.set_state(text, State.HELD)
        cases.open_case(text, CaseKind.HELD, cause=cause)
    elif text.is_published:
        indexing.index(text)


def require_same_readers(post: Post, before: Category, *, by: User) -> None:
    """Nobody carries what others said to where other people read it. Raises ValidationError on `category`."""
    if post.category.access != before.access and post.comments.exists() and not may_moderate(by):
        raise ValidationError({"category": ValidationError(OTHERS_READ_ELSEWHERE, code="other_readers")})


@transaction.atomic
def delete_text(*, by: User, text: Text) -> bool:
    """Take back what one wrote: nobody reads it any more, and the thread stays. Raises PermissionDenied.

    Returns whether there was something to take back.
    """
    require_own(by, text)
    row = states.lock(text)
    if row.state == State.DELETED:
        return False
    if row.state == State.HIDDEN:
        raise ValidationError(NOT_READABLE, code="not_published")
    return states.set_state(row, State.DELETED)


def take(by: User, text: AnyText) -> AnyText:
    """A text to be edited, locked. Raises PermissionDenied; ValidationError for one that is hidden or deleted."""
    require_own(by, text)
    admission.require_may_write(by)
    row = states.lock(text)
    if row.state not in (State.PUBLISHED, State.HELD):
        raise ValidationError(NOT_READABLE, code="not_published")
    return row


def require_version(now: str, *, begun_with: str) -> None:
    """Nobody writes over what they have not seen. Raises ValidationError."""
    if not is_as_read(now, begun_with):
        raise ValidationError(CHANGED, code="changed_meanwhile")


def require_own(by: User, text: Text) -> None:
    if text.author_id != by.pk:
        raise PermissionDenied(NOT_YOURS)


def put(post: Post, values: Mapping[str, Any]) -> None:
    if unknown := set(values) - WRITTEN:
        raise ValueError(f"a post has nothing of these names to write: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        if name != "body":
            setattr(post, name, value.strip() if name == "title" else value)


def check(post: Post, *, by: User, is_new: bool = True) -> None:
    """Raises ValidationError by field."""
    category: Category | None = post.category if post.category_id else None
    if category is None or not type(category).objects.visible_to(by).filter(pk=category.pk).exists():
        raise ValidationError({"category": ValidationError(NO_SUCH_CATEGORY, code="invalid_choice")})
    moved = is_new or Post.objects.filter(pk=post.pk).exclude(category=category).exists()
    if moved and not may_begin_in(by, category):
        raise ValidationError({"category": ValidationError(STAFF_BEGIN, code="staff_only")})
    post.full_clean(exclude=["author", "tutorial", "body", "body_html", "text"])


def kept(post: Post) -> dict[str, Any]:
    """What a revision keeps of a post."""
    return {"title": post.title, "tags": list(post.tags), "body": post.body}


def remember(text: Text, before: Mapping[str, Any]) -> None:
    """Keep what stood there until now."""
    of = {"post": text} if isinstance(text, Post) else {"comment": text}
    Revision.objects.create(**of, **before, written_at=text.edited_at or text.created_at, by=text.author)
