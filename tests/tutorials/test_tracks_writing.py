"""Tracks are made by staff and by files."""

from __future__ import annotations

from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from tests.brokers import broker_away
from tests.factories import make_tutorial
from tests.tutorials.learners import make_quiz_tutorial
from tutorials.models import Achievement, Award, Track, TrackCompletion, Tutorial, TutorialProgress
from tutorials.services import import_tutorials, tracks

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db: None) -> list[Tutorial]:
    return [make_tutorial(title) for title in ("First", "Second", "Third")]


def make(by: User, *tutorials: Tutorial, **values: object) -> Track:
    given = {"title": "T", "slug": "t", "summary": "S"} | values
    return tracks.write_track(by=by, track=None, values=given, tutorials=tutorials)


def set_steps(by: User, track: Track, *tutorials: Tutorial) -> Track:
    return tracks.write_track(by=by, track=track, values={}, tutorials=tutorials)


def steps(track: Track) -> list[str]:
    return [step.tutorial.title for step in track.steps.select_related("tutorial")]


def test_a_track_has_its_tutorials_in_order(author: User, three: list[Tutorial]) -> None:
    first, second, third = three
    track = make(author, third, first)
    assert steps(track) == ["Third", "First"]
    kept = track.steps.get(tutorial=first).pk
    set_steps(author, track, first, second)
    assert steps(track) == ["First", "Second"]
    assert track.steps.get(tutorial=first).pk == kept


def test_a_change_leaves_the_steps_as_they_are(author: User, three: list[Tutorial]) -> None:
    track = make(author, *three)
    changed = tracks.write_track(by=author, track=track, values={"title": "Other"})
    assert (changed.pk, Track.objects.get().title) == (track.pk, "Other")
    assert steps(track) == ["First", "Second", "Third"]


def test_what_is_there_already_is_not_written_again(author: User, three: list[Tutorial]) -> None:
    track = make(author, *three)
    tracks.write_track(by=author, track=track, values={"title": "T"}, tutorials=three)
    assert Track.objects.get().updated_at == track.updated_at


def test_two_people_may_change_different_fields(author: User) -> None:
    """What somebody else wrote since the row was read stays."""
    track = make(author)
    tracks.write_track(by=author, track=Track.objects.get(), values={"title": "Other"})
    tracks.write_track(by=author, track=track, values={"summary": "Anew."})
    assert Track.objects.values_list("title", "summary").get() == ("Other", "Anew.")


def test_a_tutorial_twice_is_refused_and_nothing_is_written(author: User, three: list[Tutorial]) -> None:
    said = {"tutorials": ["This track already has this tutorial."]}
    with pytest.raises(ValidationError) as refusal:
        make(author, three[0], three[1], three[0])
    assert refusal.value.message_dict == said
    assert not Track.objects.exists()
    track = make(author, three[0])
    with pytest.raises(ValidationError) as refusal:
        tracks.write_track(by=author, track=track, values={"title": "U"}, tutorials=[three[1], three[1]])
    assert refusal.value.message_dict == said
    assert Track.objects.get().title == "T"
    assert steps(track) == ["First"]


def test_a_slug_that_is_taken_is_a_fault_of_the_slug(author: User) -> None:
    make(author)
    other = make(author, slug="other")
    for refused in (partial(make, author), partial(tracks.write_track, by=author, track=other, values={"slug": "t"})):
        with pytest.raises(ValidationError) as refusal:
            refused()
        assert refusal.value.message_dict == {"slug": ["There is already a track with this slug."]}


def test_what_is_no_field_of_authors_is_not_written(author: User) -> None:
    with pytest.raises(TypeError):
        make(author, pk=7)


def test_a_track_or_a_tutorial_that_is_gone_is_said_to_be(author: User, three: list[Tutorial]) -> None:
    track = make(author, three[0])
    Tutorial.objects.filter(pk=three[1].pk).delete()
    with pytest.raises(ValidationError) as refusal:
        set_steps(author, track, *three)
    assert refusal.value.message_dict == {"tutorials": ["There is no tutorial “second”."]}
    tracks.delete_track(by=author, track=Track.objects.get())
    with pytest.raises(ValidationError, match="Somebody has deleted this track"):
        set_steps(author, track)


def test_nobody_else_makes_tracks(author: User, learner: User, moderator: User, three: list[Tutorial]) -> None:
    track = make(author)
    assert tracks.may_write(author, track)
    for person in (learner, moderator):
        assert not tracks.may_write(person)
        with pytest.raises(PermissionDenied):
            make(person, slug="other")
        with pytest.raises(PermissionDenied):
            set_steps(person, track, *three)
        with pytest.raises(PermissionDenied):
            tracks.delete_track(by=person, track=track)


@pytest.mark.parametrize("how", ["it loses a step", "it is published", "its first steps come", "quizzes do not matter"])
def test_who_has_finished_what_a_track_now_is_has_finished_it(
    author: User, learner: User, three: list[Tutorial], how: str, django_capture_on_commit_callbacks: Any
) -> None:
    done, open_one, asked = three[0], three[1], make_quiz_tutorial("Asked")
    for tutorial in (done, asked):
        TutorialProgress.objects.create(user=learner, tutorial=tutorial, fraction=1, completed_at=timezone.now())
    before: dict[str, tuple[list[Tutorial], dict[str, object]]] = {
        "it loses a step": ([done, open_one], {"is_published": True}),
        "it is published": ([done], {}),
        "its first steps come": ([], {"is_published": True}),
        "quizzes do not matter": ([done, asked], {"is_published": True, "quizzes_required": True}),
    }
    after: dict[str, tuple[list[Tutorial] | None, dict[str, object]]] = {
        "it loses a step": ([done], {}),
        "it is published": (None, {"is_published": True}),
        "its first steps come": ([done], {}),
        "quizzes do not matter": (None, {"quizzes_required": False}),
    }
    tutorials, values = before[how]
    with django_capture_on_commit_callbacks(execute=True):
        track = make(author, *tutorials, **values)
    assert not TrackCompletion.objects.exists()
    others, changes = after[how]
    with django_capture_on_commit_callbacks(execute=True):
        tracks.write_track(by=author, track=track, values=changes, tutorials=others)
    assert TrackCompletion.objects.get().user == learner


def test_a_new_title_asks_nobody_what_they_have_finished(
    author: User, three: list[Tutorial], django_capture_on_commit_callbacks: Any
) -> None:
    track = make(author, *three, is_published=True)
    with django_capture_on_commit_callbacks() as callbacks:
        tracks.write_track(by=author, track=track, values={"title": "Other"}, tutorials=three)
    assert callbacks == []


def test_without_a_broker_a_track_is_written_and_its_finishers_are_noted_at_night(
    author: User,
    learner: User,
    three: list[Tutorial],
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    TutorialProgress.objects.create(user=learner, tutorial=three[0], fraction=1, completed_at=timezone.now())
    with broker_away(), django_capture_on_commit_callbacks(execute=True):
        make(author, three[0], is_published=True)
    assert "who has finished the track t is noted tonight only" in caplog.text
    assert not TrackCompletion.objects.exists()
    call_command("award_achievements", stdout=StringIO())
    assert TrackCompletion.objects.get().user == learner


def write(folder: Path, text: str) -> Path:
    """A folder with one tutorial, so that there is something to import, and tracks."""
    header = "title: T\nsummary: S\ntopic: Foundations\ndifficulty: beginner\naccess: free\npublished_at: 2026-09-01"
    (folder / "one.md").write_text(f"---\n{header}\n---\n\nText.\n")
    path = folder / "tracks.yaml"
    path.write_text(text)
    return path


def test_a_file_makes_tracks(tmp_path: Path, three: list[Tutorial]) -> None:
    write(
        tmp_path,
        "- slug: t\n  title: T\n  summary: S\n  tutorials:\n    - second\n    - one\n  quizzes_required: true\n",
    )
    import_tutorials(path=tmp_path)
    track = Track.objects.get()
    assert (track.is_published, track.quizzes_required) == (True, True)
    assert steps(track) == ["Second", "T"]
    before = Track.objects.values().get()
    assert import_tutorials(path=tmp_path).unchanged == 1
    assert Track.objects.values().get() == before


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: x", 1, "This must be a list of tracks."),
        ("- 1", 1, "Each track has slug, title, summary, tutorials"),
        ("# x\n- {slug: t, title: T, summary: S}", 2, "Each track has"),
        ("- {slug: t, title: T, summary: S, tutorials: [], colour: red}", 1, "Each track has"),
        ("- slug: t\n  title: T\n  summary: S\n  tutorials: one", 1, "tutorials: This must be a list of slugs."),
        (
            "- slug: t\n  title: T\n  summary: S\n  tutorials:\n  - one\n  - nowhere",
            6,
            "t: There is no tutorial nowhere.",
        ),
        (
            "- slug: t\n  title: T\n  summary: S\n  tutorials:\n  - one\n  - second\n  - one",
            7,
            "t: This track already has this tutorial: one.",
        ),
        ("- slug: t\n  title: T\n  summary: ''\n  tutorials: []", 3, "summary: This field cannot be blank."),
        ("- slug: t t\n  title: T\n  summary: S\n  tutorials: []", 1, "slug: Enter a valid"),
        (
            "- {slug: t, title: T, summary: S, tutorials: []}\n- {slug: t, title: U, summary: S, tutorials: []}",
            2,
            "t: This slug stands here twice.",
        ),
        ("- {slug: t, title: T, summary: S, tutorials: [], published: 1}", 1, "published: This must be true or false."),
        ('- {slug: t, title: "a\\0b", summary: S, tutorials: []}', 1, "title: Control characters are not allowed."),
        ("- [", 1, ""),
        ("- &a [*a]", 1, ""),
    ],
)
def test_a_bad_file_is_reported_with_its_line(
    tmp_path: Path, three: list[Tutorial], text: str, line: int, words: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=tmp_path)
    (complaint,) = refusal.value.messages
    assert complaint.startswith(f"{path}:{line}: ")
    assert words in complaint
    assert not Track.objects.exists()
    assert Tutorial.objects.count() == 3


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle r="3"/></svg>'


def achievement(**changes: object) -> str:
    values = {"code": "c", "title": "T", "description": "D", "rule": "tutorials_finished", "threshold": 1}
    lines = [f"{name}: {value}" for name, value in (values | {"picture": f"'{PICTURE}'"} | changes).items()]
    return "- " + "\n  ".join(lines) + "\n"


def test_a_file_makes_achievements_once_and_leaves_them_to_staff(
    tmp_path: Path, learner: User, three: list[Tutorial], django_capture_on_commit_callbacks: Any
) -> None:
    TutorialProgress.objects.create(user=learner, tutorial=three[0], fraction=1, completed_at=timezone.now())
    write(tmp_path, "")
    (tmp_path / "achievements.yaml").write_text(achievement())
    with django_capture_on_commit_callbacks(execute=True):
        import_tutorials(path=tmp_path)
    # Who had earned it already has it.
    assert Award.objects.get().user == learner
    Achievement.objects.update(title="Ours")
    import_tutorials(path=tmp_path)
    assert Achievement.objects.get().title == "Ours"


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"rule": "luck"}, 4, "c: rule: Value 'luck' is not a valid choice."),
        ({"threshold": "many"}, 1, "threshold: This must be a whole number."),
        ({"threshold": 0}, 1, "Choose a threshold of at least 1."),
        ({"picture": "<svg/>"}, 6, "c: picture: A picture begins with"),
        ({"colour": "red"}, 1, "Each achievement has"),
    ],
)
def test_a_bad_achievement_is_reported_with_its_line(
    tmp_path: Path, three: list[Tutorial], changes: dict[str, object], line: int, words: str
) -> None:
    write(tmp_path, "")
    path = tmp_path / "achievements.yaml"
    path.write_text(achievement(**changes))
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=tmp_path)
    (complaint,) = refusal.value.messages
    assert complaint.startswith(f"{path}:{line}: ")
    assert words in complaint
    assert not Achievement.objects.exists()
