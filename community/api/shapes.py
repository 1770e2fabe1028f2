"""What the API's answers about the community hold."""

from __future__ import annotations

from common.openapi.shapes import Address, OneOf, Shape, Text, Texts, Time, Truth, Whole
from community.models import Cadence, CaseKind, Decision, Kind, Level, Pin, PostType, State
from tutorials.models import AccessLevel

TITLE = "Why does it invent sources?"
BODY, BODY_HTML = (
    "I asked for three papers. **Two** do not exist.",
    ("<p>I asked for three papers. <strong>Two</strong> do not exist.</p>\n"),
)


class Author(Shape):
    id = Whole(7)
    handle = Text("nia-new")
    name = Text("Nia")


class PostListed(Shape):
    """A post as it stands in lists; after a search with the last two fields."""

    id = Whole(41)
    title = Text(TITLE)
    type = OneOf(PostType.choices)
    category = Text("prompting", "Its slug.")
    tags = Texts(["citations"])
    author = Author(allow_null=True, help_text="Null: a former member.")
    excerpt = Text("I asked for three papers. Two do not exist.", "The first words.")
    likes = Whole(3)
    liked = Truth("By you.", example=False)
    comments = Whole(5)
    solved = Truth("An answer is accepted.")
    locked = Truth("Nobody can add to it.", example=False)
    created_at = Time()
    edited_at = Time("Null: never.", example=None, allow_null=True)
    active_at = Time("When something was last said.")
    comment = Whole(
        None,
        "Of a search: the `id` of the comment where it was found; null: in the post.",
        allow_null=True,
        required=False,
    )
    marked_excerpt = Text(
        "Two do not <mark>exist</mark>.", "Of a search: HTML with the words in `<mark>`.", required=False
    )


class Post(Shape):
    """One post; its comments have a list of their own."""

    id = Whole(41)
    title = Text(TITLE)
    type = OneOf(PostType.choices)
    category = Text("prompting", "Its slug.")
    tags = Texts(["citations"])
    state = OneOf(
        State.choices,
        "`held`: it waits for a moderator; `hidden` by one; `deleted` by its author.",
        example="published",
    )
    author = Author(allow_null=True, help_text="Null: a former member.")
    body_html = Text(BODY_HTML, "Sanitised; empty where you may not read it.")
    tutorial = Text(None, "The slug of the one that it asks about, or null.", allow_null=True)
    block = Text("", "The id of a section of it; empty: all of it.")
    likes = Whole(3)
    liked = Truth("By you.", example=False)
    comments = Whole(5)
    accepted_answer = Whole(112, "The `id` of a comment, or null.", allow_null=True)
    solved = Truth("An answer is accepted.")
    pinned = OneOf([Pin.CATEGORY, Pin.EVERYWHERE], "Or null.", example="category", allow_null=True)
    locked = Truth("Nobody can add to it.", example=False)
    watch = OneOf(Level.choices, "What you chose, or null.", allow_null=True)
    created_at = Time()
    edited_at = Time("Null: never.", example=None, allow_null=True)
    active_at = Time("When something was last said.")
    body = Text(BODY, "Markdown; for its author only.", required=False)


class Comment(Shape):
    id = Whole(112)
    parent = Whole(None, "The comment that it replies to, or null.", allow_null=True)  # type: ignore[assignment]  # a name of the framework's, too
    state = OneOf(State.choices, "As that of a post.")
    author = Author(allow_null=True, help_text="Null: a former member.")
    body_html = Text("<p>It writes what is likely, not what is true.</p>\n", "Sanitised; empty where it is gone.")
    likes = Whole(8)
    liked = Truth("By you.")
    accepted = Truth("As the answer.")
    created_at = Time()
    edited_at = Time("Null: never.", example=None, allow_null=True)


class CommentRevision(Shape):
    """What a comment said until an edit."""

    written_at = Time()
    body = Text("It writes what is likley.", "Markdown.")


class PostRevision(CommentRevision):
    """What a post said until an edit."""

    title = Text("Why invent?")
    tags = Texts(["citations"])


class Liking(Shape):
    likes = Whole(4)
    liked = Truth("By you.")


class AcceptedAnswer(Shape):
    comment = Whole(112, "Null: none.", allow_null=True)


class CategoryListed(Shape):
    slug = Text("prompting")
    name = Text("Prompting")
    description = Text("How to ask, and what comes back.")
    access = OneOf(AccessLevel.choices)
    staff_only = Truth("Only staff begin posts.", example=False)


class SimilarPost(Shape):
    id = Whole(41)
    title = Text(TITLE)
    category = Text("prompting", "Its slug.")
    comments = Whole(5)
    solved = Truth()


class DraftListed(Shape):
    """What you have begun to write, by the place where it will stand."""

    place = Text("post")
    title = Text(TITLE, "May be empty.")
    type = OneOf(PostType.choices, "Or null.", allow_null=True)
    category = Text("prompting", "A slug, or null.", allow_null=True)
    tags = Text("citations, papers", "One text, with commas.")
    body = Text("I asked for three", "Markdown; may be empty.")
    saved_at = Time()


class UploadedImage(Shape):
    name = Text("3v8x0m2k5q7r9t1w.webp")
    markdown = Text("![](3v8x0m2k5q7r9t1w.webp)", "What to write in a text of yours, to show it there.")
    url = Address("https://howtoai.example/community/images/3v8x0m2k5q7r9t1w.webp")
    width = Whole(1200, "Pixels.")
    height = Whole(800, "Pixels.")
    uploaded_at = Time()


# Following


class Watching(Shape):
    level = OneOf(Level.choices)


class WatchedPost(Shape):
    id = Whole(41)
    title = Text(TITLE)


class WatchedCategory(Shape):
    slug = Text("prompting")
    name = Text("Prompting")


class WatchListed(Watching):
    """Of the four things that it may be of, three are null."""

    post = WatchedPost(allow_null=True)
    category = WatchedCategory(allow_null=True)
    user = Author(allow_null=True)
    tag = Text(None, allow_null=True)
    created_at = Time()


class NotificationListed(Shape):
    id = Whole(900)
    kind = OneOf(Kind.choices, example="reply")
    words = Text(f"Nia replied to you in “{TITLE}”", "What happened, in a line.")
    excerpt = Text("It writes what is likely.", "May be empty.")
    url = Text("/community/comments/112/", "A path of the website.")
    at = Time()
    read = Truth(example=False)
    others = Whole(0, "How many did it besides the actor.")
    actor = Author(allow_null=True, help_text="Who did it last, or null.")
    post = Whole(41, "Its `id`, or null.", allow_null=True)
    comment = Whole(112, "Its `id`, or null.", allow_null=True)


class Cadences(Shape):
    """Kind → how often it is mailed."""

    mention = OneOf(Cadence.choices)
    comment = OneOf(Cadence.choices)
    reply = OneOf(Cadence.choices)
    accepted = OneOf(Cadence.choices)
    like = OneOf(Cadence.choices, example="weekly")
    watched_comment = OneOf(Cadence.choices, example="daily")
    watched_post = OneOf(Cadence.choices, example="daily")
    moderation = OneOf(Cadence.choices)
    queue = OneOf(Cadence.choices, example="daily")


# Moderation


class ReportGiven(Shape):
    id = Whole(12)
    reason = Text("It sells something.")
    at = Time()


class ReportListed(Shape):
    reporter = Author(allow_null=True, help_text="Null: a former member.")
    reason = Text("It sells something.")
    at = Time()


class AuthorStanding(Shape):
    trust_level = Whole(1)
    posts = Whole(4)
    comments = Whole(19)
    hidden = Whole(1)
    actions = Whole(0, "How often something of theirs was hidden, or they were silenced or banned.")


class CaseOutcome(Shape):
    id = Whole(31)
    decision = OneOf(Decision.choices, "Null: it is open.", allow_null=True)
    closed_at = Time("Null: it is open.", allow_null=True)


class CaseListed(CaseOutcome):
    """What waits for a moderator, with its text, reports and how its author stands."""

    kind = OneOf(CaseKind.choices, example="reported")
    cause = Text("", "Why it was held; may be empty.")
    post = Whole(41, "Its `id`.")
    comment = Whole(None, "Its `id`; null: the post itself.", allow_null=True)
    title = Text(TITLE)
    body_html = Text(BODY_HTML, "Sanitised.")
    state = OneOf(State.choices)
    version = Text("7f0c2b19", "Send it with the decision, so that another text is not judged by what you read.")
    author = Author(allow_null=True, help_text="Null: a former member.")
    standing = AuthorStanding(help_text="Of the author.")
    reports = ReportListed(many=True)
    opened_at = Time()


class Visibility(Shape):
    state = OneOf(State.choices, example="hidden")


class Lock(Shape):
    locked = Truth()


class Pinned(Shape):
    pinned = OneOf([Pin.CATEGORY, Pin.EVERYWHERE], "Null: not.", allow_null=True)


class CategoryOfPost(Shape):
    category = Text("prompting", "Its slug.")


class Silence(Shape):
    silenced_until = Time("Null: not.", example="2026-12-07T09:30:00Z", allow_null=True)


class Ban(Shape):
    banned = Truth()
