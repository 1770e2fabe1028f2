"""The JSON of tutorials and of what people do with them. Built by hand: these reads carry the API's traffic."""

from __future__ import annotations

from django.urls import reverse
from rest_framework.request import Request

from billing.access import Access
from common.api import Row
from tutorials.learning import StepState
from tutorials.models import (
    Award,
    Bookmark,
    Certificate,
    QuizAttempt,
    ReviewNote,
    Track,
    Tutorial,
    TutorialProgress,
    TutorialVersion,
)
from tutorials.quiz import Marked, Question, Quiz

# Columns of rows that lists are built from.
TOPIC_COLUMNS = ("id", "position", "slug", "name", "description", "tutorial_count")
TRACK_COLUMNS = ("id", "position", "slug", "title", "summary", "step_count", "minutes")
OWN_TRACK_COLUMNS = ("done_count", "fraction", "completed_at")
ACHIEVEMENT_COLUMNS = ("code", "title", "description", "rule", "threshold")
CERTIFICATE_COLUMNS = (
    *("id", "title", "track__slug", "name", "finished_on", "issued_at", "tutorials", "quizzes", "minutes"),
    *("revoked_at", "user_id"),
)
ATTEMPT_COLUMNS = ("number", "at", "score", "passed")
VERSION_COLUMNS = ("number", "at", "by__name", "title")
IMAGE_COLUMNS = ("id", "name", "kind", "width", "height", "digest")
REVIEW_NOTE_COLUMNS = ("id", "at", "by__name", "verdict", "text")


def picked(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


# Tutorials


def list_item(row: Row) -> Row:
    """An entry of the list, from a row of `TutorialQuerySet.as_rows`; after a search with its excerpt."""
    item = picked(row, "slug", "title", "summary") | {"topic": row["topic_slug"]}
    item |= picked(row, "tags", "difficulty", "access", "minutes", "published_at")
    return item | {"excerpt": row["excerpt"]} if "excerpt" in row else item


def detail_of(tutorial: Tutorial, access: Access, *, for_writer: bool) -> Row:
    """One tutorial; `body_html` holds the opening only when `may_read` does not allow more."""
    detail = {
        "slug": tutorial.slug,
        "title": tutorial.title,
        "summary": tutorial.summary,
        "topic": tutorial.topic.slug,
        "tags": tutorial.tags,
        "difficulty": tutorial.difficulty,
        "access": tutorial.access,
        "minutes": tutorial.minutes,
        "published_at": tutorial.published_at,
        "author": (tutorial.author.name or None) if tutorial.author else None,
        "body_html": tutorial.html_for(access),
        "blocks": [picked(block, "id", "text", "level") for block in tutorial.blocks],
        "has_quiz": tutorial.quiz is not None,
        "may_read": {"allowed": access.allowed, "until": access.until, "why": access.why},
    }
    return detail | for_writers(tutorial) if for_writer else detail


def for_writers(tutorial: Tutorial) -> Row:
    """What no reader sees."""
    return {
        "status": tutorial.status,
        "body": tutorial.body,
        "pass_mark": tutorial.pass_mark,
        "approved_at": tutorial.approved_at,
        "updated_at": tutorial.updated_at,
    }


def topic_item(row: Row) -> Row:
    return picked(row, "slug", "name", "description", "tutorial_count")


# Authoring


def image_item(row: Row) -> Row:
    return picked(row, "name", "kind", "width", "height", "digest")


def version_item(row: Row) -> Row:
    return picked(row, "number", "at") | {"by": row["by__name"] or None, "title": row["title"]}


def version_detail(version: TutorialVersion) -> Row:
    return {
        "number": version.number,
        "at": version.at,
        "by": (version.by.name or None) if version.by else None,
        "title": version.title,
        "summary": version.summary,
        "topic": version.topic.slug,
        "tags": version.tags,
        "difficulty": version.difficulty,
        "access": version.access,
        "pass_mark": version.pass_mark,
        "body": version.body,
    }


def review_note_item(row: Row) -> Row:
    return picked(row, "id", "at") | {"by": row["by__name"] or None} | picked(row, "verdict", "text")


def review_note_row(note: ReviewNote) -> Row:
    """The row that a list would have of it."""
    by = note.by.name if note.by else None
    return {"id": note.pk, "at": note.at, "by__name": by, "verdict": note.verdict, "text": note.text}


# Learning


def progress_of(progress: TutorialProgress | None) -> Row:
    if progress is None:
        return {"fraction": 0.0, "seconds": 0, "block": None, "completed_at": None}
    return {
        "fraction": progress.fraction,
        "seconds": progress.seconds,
        "block": progress.block,
        "completed_at": progress.completed_at,
    }


def bookmark_item(row: Row) -> Row:
    return {"tutorial": row["slug"]} | picked(row, "title", "block", "heading", "note", "created_at")


def bookmark_row(bookmark: Bookmark, tutorial: Tutorial) -> Row:
    """The row that `list_bookmarks` would have of it."""
    headings = {block["id"]: block["text"] for block in tutorial.blocks}
    return {
        "slug": tutorial.slug,
        "title": tutorial.title,
        "block": bookmark.block,
        "heading": headings.get(bookmark.block, ""),
        "note": bookmark.note,
        "created_at": bookmark.created_at,
    }


def quiz_of(quiz: Quiz, *, pass_mark: int) -> Row:
    """The questions as they are asked: nothing says what is right."""
    return {"pass_mark": pass_mark, "questions": [question_asked(question) for question in quiz.questions]}


def question_asked(question: Question) -> Row:
    return {
        "key": question.key,
        "kind": question.kind,
        "text": question.text,
        "html": question.html,
        "options": [{"key": option.key, "text": option.text, "html": option.html} for option in question.options],
    }


def attempt_item(row: Row) -> Row:
    return picked(row, *ATTEMPT_COLUMNS)


def attempt_row(attempt: QuizAttempt) -> Row:
    """The row that a list would have of it."""
    return {name: getattr(attempt, name) for name in ATTEMPT_COLUMNS}


def question_marked(marked: Marked) -> Row:
    """Only for who has answered: what was right, and why."""
    question = marked.question
    return {
        "key": question.key,
        "right": marked.right,
        "chosen": marked.chosen,
        "options": [
            {"key": option.key, "right": option.right, "explanation_html": option.explanation_html}
            for option in question.options
        ],
        "accepted": question.accepted,
        "explanation_html": question.explanation_html,
    }


# Tracks


def track_item(row: Row) -> Row:
    """With the progress of whoever asked, if the row has it."""
    item = picked(row, "slug", "title", "summary") | {"tutorial_count": row["step_count"], "minutes": row["minutes"]}
    if "fraction" in row:
        item |= {"fraction": row["fraction"], "done": row["done_count"], "completed_at": row["completed_at"]}
    return item


def track_row(track: Track) -> Row:
    """The row that a list would have of a track that was found with totals, or with somebody's progress."""
    columns = (*TRACK_COLUMNS, *OWN_TRACK_COLUMNS) if hasattr(track, "fraction") else TRACK_COLUMNS
    return {name: getattr(track, name) for name in columns}


def step_item(step: StepState, *, own: bool) -> Row:
    tutorial = step.tutorial
    item = {
        "slug": tutorial.slug,
        "title": tutorial.title,
        "summary": tutorial.summary,
        "difficulty": tutorial.difficulty,
        "access": tutorial.access,
        "minutes": tutorial.minutes,
    }
    if own:
        item |= {"fraction": step.percent / 100, "is_done": step.is_done, "quiz_passed": step.quiz_passed}
    return item


# Achievements


def achievement_item(row: Row, request: Request) -> Row:
    picture = reverse("tutorials:achievement_picture", args=[row["code"]])
    return (
        picked(row, "code", "title", "description")
        | {"picture_url": request.build_absolute_uri(picture)}
        | picked(row, "rule", "threshold")
    )


def award_item(row: Row, request: Request) -> Row:
    return achievement_item(row, request) | picked(row, "earned_at")


def award_row(award: Award) -> Row:
    """The row that `AwardQuerySet.as_rows` would have of it."""
    return {name: getattr(award.achievement, name) for name in ACHIEVEMENT_COLUMNS} | {"earned_at": award.earned_at}


# Certificates


def certificate_item(row: Row, request: Request) -> Row:
    """Of one that was revoked nobody but its holder is told the name."""
    is_told = row["revoked_at"] is None or row["user_id"] == request.user.pk
    address = reverse("tutorials:certificate", args=[row["id"]])
    return (
        {"id": row["id"], "url": request.build_absolute_uri(address)}
        | {"track": row["track__slug"], "title": row["title"], "name": row["name"] if is_told else None}
        | picked(row, "finished_on", "issued_at", "tutorials", "quizzes", "minutes", "revoked_at")
    )


def certificate_row(certificate: Certificate) -> Row:
    """The row that a list would have of it."""
    slug = certificate.track.slug if certificate.track else None
    own = [name for name in CERTIFICATE_COLUMNS if name != "track__slug"]
    return {name: getattr(certificate, name) for name in own} | {"track__slug": slug}
