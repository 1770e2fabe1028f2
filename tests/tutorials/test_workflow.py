"""A tutorial's way from draft to its readers, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import User
from tests.factories import make_topic, make_tutorial, make_user
from tutorials.models import ReviewNote, Status, Track, Tutorial
from tutorials.services import writing

pytestmark = pytest.mark.django_db


def values(**changes: Any) -> dict[str, Any]:
    given = {"title": "One", "slug": "one", "summary": "Why.", "body": "Text.", "difficulty": "beginner"}
    return {**given, "topic": make_topic("Foundations"), **changes}


@pytest.fixture
def draft(author: User) -> Tutorial:
    return writing.create_tutorial(by=author, values=values())


@pytest.fixture
def reviewer(db: None) -> User:
    return make_user(role="author", name="Rae Reviewer")


def at(status: str, **fields: Any) -> Tutorial:
    return make_tutorial("One", status=status, **fields)


def act(step: str, by: User, tutorial: Tutorial) -> None:
    note = partial(writing.add_review_note, text="Hm.")
    acts: dict[str, Callable[..., object]] = {
        "change": partial(writing.change_tutorial, changes={"title": "Other"}),
        "ask_for_review": writing.ask_for_review,
        "withdraw": writing.withdraw,
        "comment": partial(note, verdict="comment"),
        "answer_review": partial(note, verdict="approved"),
        "publish": writing.publish,
        "schedule": partial(writing.schedule, at=timezone.now() + timedelta(days=1)),
        "unpublish": writing.unpublish,
        "archive": writing.archive,
        "delete": writing.delete_tutorial,
    }
    acts[step](by=by, tutorial=tutorial)


def test_a_new_tutorial_is_a_draft_of_its_author(author: User, draft: Tutorial) -> None:
    assert (draft.status, draft.author, draft.published_at) == ("draft", author, None)
    assert draft.body == "Text.\n"
    assert not draft.versions.exists()


def test_a_text_is_kept_as_a_file_would_have_it(author: User) -> None:
    tutorial = writing.create_tutorial(by=author, values=values(body="\r\n\r\nOne\r\ntwo\rthree\n\n\n"))
    assert tutorial.body == "One\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"title": ""}, "title", "This field cannot be blank."),
        ({"slug": "a b"}, "slug", "Enter a valid “slug”"),
        ({"body": "\n\n"}, "body", "This field cannot be blank."),
        ({"access": "premium"}, "body", "A premium tutorial needs a heading"),
        ({"summary": "a\nb"}, "summary", "Control characters are not allowed."),
        ({"tags": ["UP"]}, "tags", "Use small letters"),
        ({"body": "```quiz\n?\n```"}, "body", "Line 2 of the text:"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(author: User, wrong: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        writing.create_tutorial(by=author, values=values(**wrong))
    assert words in " ".join(refusal.value.message_dict[field])
    assert not Tutorial.objects.exists()


def test_a_taken_slug_is_refused(author: User, draft: Tutorial) -> None:
    with pytest.raises(ValidationError) as refusal:
        writing.create_tutorial(by=author, values=values())
    assert refusal.value.message_dict == {"slug": ["There is already a tutorial with this slug."]}


@pytest.mark.parametrize("field", ["status", "published_at", "approved_at", "body_html", "id"])
def test_what_has_a_verb_of_its_own_is_not_written(author: User, draft: Tutorial, field: str) -> None:
    with pytest.raises(TypeError):
        writing.change_tutorial(by=author, tutorial=draft, changes={field: "published"})


@pytest.mark.parametrize("step", [step for step in writing.NEEDS if step != "delete"])
def test_nobody_else_takes_a_step(step: str, learner: User, moderator: User) -> None:
    tutorial = at(writing.NEEDS[step][0], author=learner)
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied, match="Only authors and staff may write tutorials"):
            act(step, person, tutorial)


def test_who_has_no_second_factor_does_not_write(draft: Tutorial, settings: Any) -> None:
    from allauth.mfa.models import Authenticator

    settings.STAFF_NEED_SECOND_FACTOR = True
    person = make_user(role="author")
    Authenticator.objects.filter(user=person).delete()
    assert not writing.may_write(User.objects.get(pk=person.pk), draft)
    assert not writing.may_write(AnonymousUser())
    assert writing.may_write(make_user(role="author"))


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("step", list(writing.NEEDS))
def test_a_step_is_taken_where_the_table_says(author: User, step: str, status: str) -> None:
    tutorial = at(status, published_at=timezone.now() + timedelta(days=2))
    if status in writing.NEEDS[step]:
        assert writing.can(step, tutorial)
        act(step, author, tutorial)
    else:
        assert not writing.can(step, tutorial)
        with pytest.raises(ValidationError, match=r"This tutorial (is|was) "):
            act(step, author, tutorial)
        assert Tutorial.objects.get().status == status


def test_the_reason_says_what_to_do(author: User) -> None:
    with pytest.raises(ValidationError, match=r"This tutorial is archived\. Bring it back to draft first\."):
        act("change", author, at("archived"))


@pytest.mark.parametrize("changes", [{"title": "Better"}, {"body": "Other."}, {"pass_mark": 1}])
def test_an_approval_stays_until_something_changes(
    author: User, reviewer: User, draft: Tutorial, changes: dict[str, Any]
) -> None:
    writing.ask_for_review(by=author, tutorial=draft)
    note = writing.add_review_note(by=reviewer, tutorial=draft, verdict="approved", text="")
    same = {name: getattr(draft, name) for name in changes}
    writing.change_tutorial(by=author, tutorial=draft, changes=same)
    assert Tutorial.objects.get().approved_at == note.at
    writing.change_tutorial(by=author, tutorial=draft, changes=changes)
    assert Tutorial.objects.get().approved_at is None


def test_what_is_scheduled_can_come_out_at_once(author: User, draft: Tutorial) -> None:
    writing.schedule(by=author, tutorial=draft, at=timezone.now() + timedelta(days=1))
    assert writing.can("publish", Tutorial.objects.get())
    writing.publish(by=author, tutorial=draft)
    assert Tutorial.objects.get().is_out()
    with pytest.raises(ValidationError, match="published already"):
        writing.publish(by=author, tutorial=draft)


def test_nobody_approves_their_own(author: User, draft: Tutorial) -> None:
    writing.ask_for_review(by=author, tutorial=draft)
    with pytest.raises(ValidationError, match="Nobody approves their own tutorial") as refusal:
        writing.add_review_note(by=author, tutorial=draft, verdict="approved", text="")
    assert "verdict" in refusal.value.message_dict
    assert not ReviewNote.objects.exists()


def test_nobody_approves_what_they_have_not_read(author: User, reviewer: User, draft: Tutorial) -> None:
    read = writing.ask_for_review(by=author, tutorial=draft)
    writing.change_tutorial(by=author, tutorial=draft, changes={"body": "Other."})
    answer: dict[str, Any] = {"by": reviewer, "tutorial": draft, "verdict": "approved", "text": ""}
    with pytest.raises(ValidationError, match="The text has changed since you opened it"):
        writing.add_review_note(**answer, read_at=read.updated_at)
    writing.add_review_note(**answer, read_at=Tutorial.objects.get().updated_at)


def test_nobody_writes_over_what_they_have_not_read(author: User, draft: Tutorial) -> None:
    writing.change_tutorial(by=author, tutorial=draft, changes={"body": "Other."}, read_at=draft.updated_at)
    with pytest.raises(writing.ChangedMeanwhile, match="Somebody has changed this tutorial since you opened it"):
        writing.change_tutorial(by=author, tutorial=draft, changes={"body": "Mine."}, read_at=draft.updated_at)
    assert Tutorial.objects.get().body == "Other.\n"


@pytest.mark.parametrize(
    ("verdict", "text", "words"),
    [
        ("changes_requested", "  ", "Say what should change."),
        ("comment", "", "Say what should change."),
        ("great", "x", "is not a valid choice"),
        ("approved", "x" * 4001, "at most 4000 characters"),
    ],
)
def test_a_note_says_something_that_we_know(
    author: User, reviewer: User, draft: Tutorial, verdict: str, text: str, words: str
) -> None:
    writing.ask_for_review(by=author, tutorial=draft)
    with pytest.raises(ValidationError, match=words):
        writing.add_review_note(by=reviewer, tutorial=draft, verdict=verdict, text=text)


def test_changes_requested_make_it_a_draft_and_tell_its_author(
    author: User,
    reviewer: User,
    draft: Tutorial,
    mailoutbox: list[EmailMultiAlternatives],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        writing.ask_for_review(by=author, tutorial=draft)
        writing.add_review_note(by=reviewer, tutorial=draft, verdict="comment", text="Hm.")
        writing.add_review_note(by=author, tutorial=draft, verdict="comment", text="Yes?")
    assert mailoutbox == []
    with django_capture_on_commit_callbacks(execute=True):
        writing.add_review_note(by=reviewer, tutorial=draft, verdict="changes_requested", text="Shorter <b>, please.")
    assert Tutorial.objects.get().status == "draft"
    (letter,) = mailoutbox
    assert letter.to == [author.email]
    assert letter.subject == "Changes requested: One"
    assert "Shorter <b>, please." in letter.body
    assert "Shorter &lt;b&gt;, please." in str(letter.alternatives[0][0])


def test_what_is_published_now_is_seen_now(author: User, draft: Tutorial) -> None:
    before = timezone.now()
    writing.publish(by=author, tutorial=draft)
    tutorial = Tutorial.objects.published().get()
    assert tutorial.published_at is not None
    assert before <= tutorial.published_at <= timezone.now()


def test_what_was_out_before_keeps_its_date(author: User, tutorial: Tutorial) -> None:
    writing.unpublish(by=author, tutorial=tutorial)
    assert not Tutorial.objects.published().exists()
    writing.publish(by=author, tutorial=tutorial)
    assert Tutorial.objects.get().published_at == tutorial.published_at


def test_what_was_scheduled_and_is_published_now_comes_out_now(author: User, draft: Tutorial) -> None:
    writing.schedule(by=author, tutorial=draft, at=timezone.now() + timedelta(days=9))
    writing.unpublish(by=author, tutorial=draft)
    writing.publish(by=author, tutorial=draft)
    assert Tutorial.objects.published().exists()


def test_a_schedule_can_be_moved_until_it_is_out(author: User, draft: Tutorial) -> None:
    soon, later = (timezone.now() + timedelta(days=days) for days in (1, 2))
    writing.publish(by=author, tutorial=draft, at=soon)
    assert not Tutorial.objects.published().exists()
    writing.schedule(by=author, tutorial=draft, at=later)
    assert Tutorial.objects.get().published_at == later
    Tutorial.objects.update(published_at=timezone.now())
    with pytest.raises(ValidationError, match="This tutorial is out already"):
        writing.schedule(by=author, tutorial=draft, at=later)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, "Choose when it should come out."),
        (-1, "Choose a time in the future."),
        (99_999, "must lie between 2000 and 2100"),
    ],
)
def test_a_schedule_needs_a_date_to_come(author: User, draft: Tutorial, days: int | None, words: str) -> None:
    at = None if days is None else timezone.now() + timedelta(days=days)
    with pytest.raises(ValidationError) as refusal:
        writing.schedule(by=author, tutorial=draft, at=at)
    assert words in " ".join(refusal.value.message_dict["published_at"])
    assert Tutorial.objects.get().status == "draft"


def test_a_text_that_shows_what_is_not_there_is_not_published(author: User, draft: Tutorial) -> None:
    writing.change_tutorial(by=author, tutorial=draft, changes={"body": "![A](a.png)"})
    with pytest.raises(ValidationError) as refusal:
        writing.publish(by=author, tutorial=draft)
    assert "images that are not there: a.png" in refusal.value.message_dict["body"][0]
    assert Tutorial.objects.get().status == "draft"


def test_only_what_was_never_published_is_deleted(author: User, draft: Tutorial, tutorial: Tutorial) -> None:
    writing.delete_tutorial(by=author, tutorial=draft)
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"title": "x"})
    writing.unpublish(by=author, tutorial=tutorial)
    with pytest.raises(ValidationError, match="Archive it instead"):
        writing.delete_tutorial(by=author, tutorial=tutorial)
    assert Tutorial.objects.get() == tutorial


def test_a_step_of_a_track_is_not_deleted(author: User, draft: Tutorial) -> None:
    Track.objects.create(title="T", slug="t", summary="S").steps.create(tutorial=draft)
    with pytest.raises(ValidationError, match="is a step of the track T"):
        writing.delete_tutorial(by=author, tutorial=draft)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("state", [Status.IN_REVIEW, Status.PUBLISHED, Status.ARCHIVED])
def test_a_state_is_ended_where_it_stands_and_nothing_changes_elsewhere(
    author: User, state: Status, status: str
) -> None:
    tutorial = at(status)
    assert writing.end_state(by=author, tutorial=tutorial, state=state) is (status == state)
    assert Tutorial.objects.get().status == ("draft" if status == state else status)
    assert not writing.end_state(by=author, tutorial=tutorial, state=state)


def test_only_authors_end_a_state(learner: User, moderator: User) -> None:
    tutorial = at("published", author=learner)
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied):
            writing.end_state(by=person, tutorial=tutorial, state=Status.PUBLISHED)
    assert Tutorial.objects.get().status == "published"


def test_what_somebody_has_deleted_is_said_to_be_gone(author: User, draft: Tutorial) -> None:
    writing.delete_tutorial(by=author, tutorial=Tutorial.objects.get())
    with pytest.raises(ValidationError, match="Somebody has deleted this tutorial"):
        writing.publish(by=author, tutorial=draft)
