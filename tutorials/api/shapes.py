"""What the API's answers about tutorials and learning hold."""

from __future__ import annotations

from billing.levels import FREE, LEVELS
from common.openapi.shapes import Address, Day, Id, Number, OneOf, Shape, Text, Texts, Time, Truth, Whole
from tutorials.models import AccessLevel, Difficulty, Status, Verdict

SLUG, TITLE = "how-language-models-work", "How language models work"
SUMMARY = "Tokens, probabilities, and why a model makes things up."
HTML = "Sanitised HTML."

# Tutorials


class TutorialListed(Shape):
    """A tutorial as it stands in lists."""

    slug = Text(SLUG, "Stands in its address.")
    title = Text(TITLE)
    summary = Text(SUMMARY)
    topic = Text("foundations", "The slug of its topic.")
    tags = Texts(["tokens", "basics"])
    difficulty = OneOf(Difficulty.choices)
    access = OneOf(AccessLevel.choices)
    minutes = Whole(9, "How long reading takes.")
    published_at = Time("Null: not published.", allow_null=True)
    excerpt = Text(
        "a <mark>token</mark> is a piece of a word",
        "After a search: HTML with the words in `<mark>`, of what you may read, or empty.",
        required=False,
    )


class Block(Shape):
    """A heading, and its anchor in `body_html`."""

    id = Text("tokens", "Stays when the text is edited.")
    text = Text("Tokens")
    level = Whole(2)


class Reading(Shape):
    """Whether you may read the whole of it."""

    allowed = Truth()
    until = Time("Null: no end is known.", example=None, allow_null=True)
    why = Text(
        FREE,
        "`free`, `staff`, `premium_required`, or what opens it to you: `stripe`, `paypal`, `trial`, `grace`, `seat`, "
        "`gift`, `complimentary`.",
    )


class TutorialRead(Shape):
    """One tutorial."""

    slug = Text(SLUG)
    title = Text(TITLE)
    summary = Text(SUMMARY)
    topic = Text("foundations", "The slug of its topic.")
    tags = Texts(["tokens", "basics"])
    difficulty = OneOf(Difficulty.choices)
    access = OneOf(AccessLevel.choices)
    minutes = Whole(9, "How long reading takes.")
    published_at = Time("Null: not published.", allow_null=True)
    author = Text("Ada Author", "A name, or null.", allow_null=True)
    body_html = Text(
        '<h2 id="tokens">Tokens</h2>\n<p>A model reads pieces of words.</p>\n',
        "Sanitised HTML; the opening only where `may_read` does not allow more.",
    )
    blocks = Block(many=True)
    has_quiz = Truth()
    may_read = Reading()
    status = OneOf(
        Status.choices, "For those who may write it only, as all below.", example="published", required=False
    )
    body = Text("## Tokens\n\nA model reads pieces of words.\n", "Markdown.", required=False)
    pass_mark = Whole(70, "Per cent.", required=False)
    approved_at = Time("When a reviewer approved it, or null.", allow_null=True, required=False)
    updated_at = Time(required=False)


class TopicListed(Shape):
    slug = Text("foundations")
    name = Text("Foundations")
    description = Text("What everything else stands on.")
    tutorial_count = Whole(4)


# Writing them


class Image(Shape):
    name = Text("images/one.png", "As the text names it.")
    kind = Text("png")
    width = Whole(1200, "Pixels.")
    height = Whole(800, "Pixels.")
    digest = Text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "SHA-256.")


class VersionListed(Shape):
    """What readers saw."""

    number = Whole(2)
    at = Time()
    by = Text("Ada Author", "Who wrote it, or null.", allow_null=True)
    title = Text(TITLE)


class Version(VersionListed):
    summary = Text(SUMMARY)
    topic = Text("foundations")
    tags = Texts(["tokens", "basics"])
    difficulty = OneOf(Difficulty.choices)
    access = OneOf(LEVELS, example=FREE)
    pass_mark = Whole(70, "Per cent.")
    body = Text("## Tokens\n\nA model reads pieces of words.\n", "Markdown.")


class ReviewNote(Shape):
    id = Whole(5)
    at = Time()
    by = Text("Rae Reviewer", "Or null.", allow_null=True)
    verdict = OneOf(Verdict.choices)
    text = Text("The second example needs a source.")


# Learning


class Progress(Shape):
    """How far you are in a tutorial."""

    fraction = Number(0.75, "0 to 1.")
    seconds = Whole(300, "Of attention.")
    block = Text("tokens", 'Where you are; "" is the beginning, null: not begun.', allow_null=True)
    completed_at = Time("Null: not finished.", example=None, allow_null=True)


class Achievement(Shape):
    code = Text("first-tutorial")
    title = Text("First steps")
    description = Text("Finish a tutorial.")
    picture_url = Address("https://howtoai.example/achievements/first-tutorial.svg")
    rule = Text("tutorials_completed", "What is counted.")
    threshold = Whole(1, "How many of it.")


class Award(Achievement):
    """An achievement that somebody has earned."""

    earned_at = Time()


class Certificate(Shape):
    """That somebody finished a track."""

    id = Id("3f0c9a52-7a0d-4c1b-9a57-0c5c5dd0a6d1", "Nobody can guess it.")
    url = Address("https://howtoai.example/certificates/3f0c9a52-7a0d-4c1b-9a57-0c5c5dd0a6d1/", "Its page.")
    track = Text("start-here", "Its slug, or null: it was deleted.", allow_null=True)
    title = Text("Start here", "Of the track, as it was then.")
    name = Text("Lea Learner", "As its holder gives it. Null: it was revoked.", allow_null=True)
    finished_on = Day("2026-11-30")
    issued_at = Time()
    tutorials = Whole(5, "How many were finished; 0: not known.")
    quizzes = Whole(4, "How many were passed, where the track asks for that.")
    minutes = Whole(42, "How long reading them takes.")
    revoked_at = Time("Null: it stands.", example=None, allow_null=True)


class ProgressMade(Progress):
    awards = Award(many=True, help_text="Those that this has earned.")
    certificates = Certificate(many=True, help_text="Of tracks that this has finished.")


class OptionAsked(Shape):
    key = Text("a")
    text = Text("A piece of a word")
    html = Text("A piece of a word", HTML)


class QuestionAsked(Shape):
    """As it is asked: nothing says what is right."""

    key = Text("what-is-a-token")
    kind = OneOf(("single", "multiple", "short"))
    text = Text("What is a token?")
    html = Text("<p>What is a token?</p>", HTML)
    options = OptionAsked(many=True)


class Quiz(Shape):
    pass_mark = Whole(70, "Per cent.")
    questions = QuestionAsked(many=True)


class Attempt(Shape):
    number = Whole(1)
    at = Time()
    score = Number(1.0, "0 to 1.")
    passed = Truth()


class OptionMarked(Shape):
    key = Text("a")
    right = Truth()
    explanation_html = Text("<p>Words are cut into pieces.</p>", HTML)


class QuestionMarked(Shape):
    key = Text("what-is-a-token")
    right = Truth()
    chosen = Texts(["a"])
    options = OptionMarked(many=True)
    accepted = Texts([], "What is right for a short answer.")
    explanation_html = Text("<p>Words are cut into pieces.</p>", HTML)


class AttemptMarked(Attempt):
    """With what was right, and why."""

    questions = QuestionMarked(many=True)
    awards = Award(many=True, help_text="Those that this has earned.")
    certificates = Certificate(many=True, help_text="Of tracks that this has finished.")


class BookmarkListed(Shape):
    tutorial = Text(SLUG, "Its slug.")
    title = Text(TITLE)
    block = Text("tokens", "The id of a heading; empty: the beginning.")
    heading = Text("Tokens", "May be empty.")
    note = Text("Read again before Monday.", "May be empty.")
    created_at = Time()


# Tracks


class TrackListed(Shape):
    """A track; with your own progress if you are signed in."""

    slug = Text("start-here")
    title = Text("Start here")
    summary = Text("From no idea to a first useful prompt.")
    tutorial_count = Whole(5)
    minutes = Whole(42)
    fraction = Number(0.4, "Yours, 0 to 1.", required=False)
    done = Whole(2, "How many tutorials you finished.", required=False)
    completed_at = Time("Null: not finished.", example=None, allow_null=True, required=False)


class Step(Shape):
    slug = Text(SLUG)
    title = Text(TITLE)
    summary = Text(SUMMARY)
    difficulty = OneOf(Difficulty.choices)
    access = OneOf(AccessLevel.choices)
    minutes = Whole(9)
    fraction = Number(0.75, "Yours, in hundredths.", required=False)
    is_done = Truth(example=False, required=False)
    quiz_passed = Truth("Null: it is not asked for.", example=None, allow_null=True, required=False)


class TrackRead(TrackListed):
    quizzes_required = Truth()
    steps = Step(many=True, help_text="In order.")
    is_published = Truth("For those who may change it only, as all below.", required=False)
    position = Whole(1, "Among the tracks.", required=False)
    tutorials = Texts([SLUG], "Slugs of all steps, also of those that readers do not see.", required=False)
