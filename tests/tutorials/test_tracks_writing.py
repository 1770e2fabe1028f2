"""Tracks are made by staff and by files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import User
from tests.factories import make_tutorial
from tutorials.models import Achievement, Award, Track, TrackCompletion, Tutorial, TutorialProgress
from tutorials.services import import_tutorials, tracks

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db: None) -> list[Tutorial]:
    return [make_tutorial(title) for title in ("First", "Second", "Third")]


def make(by: User, **fields: object) -> Track:
    return tracks.save_track(by=by, track=Track(**{"title": "T", "slug": "t", "summary": "S"} | fields))


def steps(track: Track) -> list[str]:
    return [step.tutorial.title for step in track.steps.select_related("tutorial")]


def test_a_track_has_its_tutorials_in_order(author: User, three: list[Tutorial]) -> None:
    track = make(author)
    first, second, third = three
    assert tracks.set_steps(by=author, track=track, tutorials=[third, first])
    assert steps(track) == ["Third", "First"]
    kept = track.steps.get(tutorial=first).pk
    assert tracks.set_steps(by=author, track=track, tutorials=[first, second])
    assert steps(track) == ["First", "Second"]
    assert track.steps.get(tutorial=first).pk == kept
    assert not tracks.set_steps(by=author, track=track, tutorials=[first, second])


def test_a_tutorial_twice_is_refused(author: User, three: list[Tutorial]) -> None:
    track = make(author)
    with pytest.raises(ValidationError, match="This track already has this tutorial"):
        tracks.set_steps(by=author, track=track, tutorials=[three[0], three[1], three[0]])
    assert steps(track) == []


def test_nobody_else_makes_tracks(author: User, learner: User, moderator: User, three: list[Tutorial]) -> None:
    track = make(author)
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied):
            make(person, slug="other")
        with pytest.raises(PermissionDenied):
            tracks.set_steps(by=person, track=track, tutorials=three)
        with pytest.raises(PermissionDenied):
            tracks.delete_track(by=person, track=track)


def test_who_has_finished_what_is_left_has_finished_the_track(
    author: User, learner: User, three: list[Tutorial]
) -> None:
    track = make(author, is_published=True)
    tracks.set_steps(by=author, track=track, tutorials=three[:2])
    TutorialProgress.objects.create(user=learner, tutorial=three[0], fraction=1, completed_at=timezone.now())
    assert not TrackCompletion.objects.exists()
    tracks.set_steps(by=author, track=track, tutorials=three[:1])
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
