"""What is exported and imported again is the same, byte for byte."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from accounts.models import User
from common.text import readable_line
from ops.demo import CONTENT
from tests.factories import make_topic, make_tutorial
from tutorials.models import Topic, Track, Tutorial, TutorialImage
from tutorials.services import Imported, images, import_tutorials, writing
from tutorials.services.exporting import export_tutorials

pytestmark = pytest.mark.django_db

HEADER = """\
title: One
slug: one
summary: Why one should read it.
topic: Foundations
difficulty: beginner
access: free
published_at: 2026-09-01
"""
TEXT = f"---\n{HEADER}---\n\nThe opening.\n\n## A section\n"


def png(colour: str = "red") -> bytes:
    data = BytesIO()
    Image.new("RGB", (4, 3), colour).save(data, "PNG")
    return data.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forget_everything() -> None:
    Track.objects.all().delete()
    Tutorial.objects.all().delete()
    Topic.objects.all().delete()


def round_trip(folder: Path) -> dict[str, bytes]:
    """What an export of the import of an export holds; the first must hold the same."""
    export_tutorials(path=folder / "first", drafts=True)
    first = contents(folder / "first")
    forget_everything()
    import_tutorials(path=folder / "first")
    export_tutorials(path=folder / "second", drafts=True)
    assert contents(folder / "second") == first
    return first


def test_what_we_ship_is_exported_as_it_lies_there(tmp_path: Path) -> None:
    import_tutorials(path=CONTENT)
    export_tutorials(path=tmp_path / "out")
    ours = contents(CONTENT)
    # Once they are there, they are staff's.
    del ours["achievements.yaml"]
    assert contents(tmp_path / "out") == ours


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.removesuffix("\n"),
        TEXT + "\n\n\n",
        "\ufeff" + TEXT,
        TEXT.replace("title: One\n", "# Why: nobody else says it.\ntitle: One # short\n\n"),
        TEXT.replace("title: One", "'title':   \"O\\u006ee\""),
        TEXT.replace("summary: Why one should read it.", "summary: >-\n  Why one\n  should read it."),
        TEXT.replace("slug: one\n", ""),
        TEXT.replace("access: free", "pass_mark: 70\naccess: free\ntags:\n  - prompting\n  - '2024'"),
        TEXT.replace("published_at: 2026-09-01", "published_at: 2026-09-01T10:00:00+02:00"),
        TEXT.replace("---\n\n", "---   \n"),
    ],
    ids=[
        *("ours", "carriage returns", "no final newline", "blank lines at the end", "byte order mark", "comments"),
        *("odd quotation", "folded", "no slug", "another order", "another zone", "spaces behind the fence"),
    ],
)
def test_a_file_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    make_topic("Foundations")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "one.md").write_bytes(text.encode())
    import_tutorials(path=tmp_path / "in")
    assert import_tutorials(path=tmp_path / "in") == Imported(created=0, updated=0, unchanged=1)
    export_tutorials(path=tmp_path / "out")
    assert contents(tmp_path / "out")["deep/one.md"] == text.encode()
    assert Tutorial.objects.get().body == "The opening.\n\n## A section\n"


def test_only_what_differs_from_our_style_is_kept_as_a_file(tmp_path: Path) -> None:
    make_topic("Foundations")
    (tmp_path / "one.md").write_text(TEXT)
    import_tutorials(path=tmp_path)
    assert Tutorial.objects.get().source == ""
    (tmp_path / "one.md").write_text(TEXT + "\n")
    assert import_tutorials(path=tmp_path).updated == 1
    assert Tutorial.objects.get().source == TEXT + "\n"
    assert Tutorial.objects.get().versions.count() == 1


def test_a_file_that_says_something_else_by_now_is_written_anew(tmp_path: Path, author: User) -> None:
    make_topic("Foundations")
    (tmp_path / "one.md").write_text(TEXT.replace("title: One", "title: 'One'  # a comment"))
    import_tutorials(path=tmp_path)
    writing.change_tutorial(by=author, tutorial=Tutorial.objects.get(), changes={"title": "Two: a better title"})
    export_tutorials(path=tmp_path)
    assert (tmp_path / "one.md").read_text() == TEXT.replace("title: One", 'title: "Two: a better title"')


def test_drafts_go_only_when_asked_for(tmp_path: Path) -> None:
    make_tutorial("Out")
    make_tutorial("Draft", status="draft", published_at=None)
    make_tutorial("Archived", status="archived")
    assert export_tutorials(path=tmp_path / "a").tutorials == 1
    assert export_tutorials(path=tmp_path / "b", drafts=True).tutorials == 3
    assert b"status: draft\n" in contents(tmp_path / "b")["draft.md"]
    assert b"published_at" not in contents(tmp_path / "b")["draft.md"]


def test_images_travel_along(tmp_path: Path, author: User) -> None:
    tutorial = make_tutorial("Seen", body="![A](pictures/a.png)\n\n## S\n")
    images.put_image(by=author, tutorial=tutorial, name="pictures/a.png", data=png())
    images.put_image(by=author, tutorial=tutorial, name="pictures/never-shown.png", data=png("blue"))
    files = round_trip(tmp_path)
    assert files["pictures/a.png"] == png()
    assert "pictures/never-shown.png" not in files
    image = TutorialImage.objects.get()
    assert (image.kind, image.width, image.height) == ("png", 4, 3)
    assert '<img src="/tutorials/seen/images/pictures/a.png?v=' in Tutorial.objects.get().body_html
    assert import_tutorials(path=tmp_path / "first").unchanged == 1


def test_two_images_of_one_name_do_not_overwrite_each_other(tmp_path: Path, author: User) -> None:
    for title, colour in (("Red", "red"), ("Blue", "blue"), ("Red again", "red")):
        tutorial = make_tutorial(title, body="![A](a.png)\n\n## S\n")
        images.put_image(by=author, tutorial=tutorial, name="a.png", data=png(colour))
    files = round_trip(tmp_path)
    assert files["a.png"] == png("red")
    assert files["blue/a.png"] == png("blue")
    assert {"red.md", "blue/blue.md", "red-again.md"} < files.keys()


def test_two_tutorials_that_came_from_files_of_one_name_both_go_out(tmp_path: Path) -> None:
    make_tutorial("First", source_path="Same.md")
    make_tutorial("Second", source_path="same.md")
    make_tutorial("Third", source_path="second.md/x.md")
    files = round_trip(tmp_path)
    assert len(files) == 5


@pytest.mark.parametrize("place", ["../out.md", "/etc/out.md", ".git/config.md", "x/../../out.md", "out.txt"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, place: str) -> None:
    make_tutorial("One", source_path=place)
    export_tutorials(path=tmp_path / "deep" / "out")
    assert [name for name in contents(tmp_path) if name.endswith(".md")] == ["deep/out/one.md"]


def test_a_link_in_the_folder_is_refused(tmp_path: Path, tutorial: Tutorial) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere.md").write_text("mine")
    (tmp_path / "out" / f"{tutorial.slug}.md").symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(ValidationError, match="This is a link"):
        export_tutorials(path=tmp_path / "out")
    assert (tmp_path / "elsewhere.md").read_text() == "mine"


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path, tutorial: Tutorial) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CommandError, match=r"thesis\.tex: This is none of ours"):
        call_command("export_tutorials", tmp_path)
    assert contents(tmp_path) == {"thesis.tex": b"x"}
    with pytest.raises(CommandError, match="This is a file"):
        call_command("export_tutorials", tmp_path / "thesis.tex")


def test_a_repository_can_be_exported_into_again(
    tmp_path: Path, tutorial: Tutorial, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "gone.md").write_text("of a tutorial that is no more")
    call_command("export_tutorials", tmp_path)
    before = (tmp_path / f"{tutorial.slug}.md").stat().st_mtime_ns
    call_command("export_tutorials", tmp_path)
    assert (tmp_path / f"{tutorial.slug}.md").stat().st_mtime_ns == before
    said = capsys.readouterr().out
    assert "1 tutorials, 0 images, 0 tracks." in said
    assert f"Left as it was, and of no tutorial that was written: {tmp_path / 'gone.md'}" in said


def test_tracks_travel_along(tmp_path: Path) -> None:
    first, second = make_tutorial("First"), make_tutorial("Second")
    draft = make_tutorial("Third", status="draft")
    for number, fields in enumerate(({}, {"quizzes_required": True}, {"is_published": False})):
        track = Track.objects.create(
            **{"title": f"Track: {number}", "slug": f"t{number}", "summary": "yes", "is_published": True} | fields,
            position=number,
        )
        for position, tutorial in enumerate((second, draft, first)):
            track.steps.create(tutorial=tutorial, position=position)
    export_tutorials(path=tmp_path / "public")
    public = (tmp_path / "public" / "tracks.yaml").read_text()
    assert "third" not in public
    assert "t2" not in public
    files = round_trip(tmp_path)
    assert b'- slug: t1\n  title: "Track: 1"\n  summary: "yes"\n' in files["tracks.yaml"]
    track = Track.objects.get(slug="t1")
    assert track.quizzes_required
    assert [step.tutorial.slug for step in track.steps.all()] == ["second", "third", "first"]


any_line = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
line = any_line.map(readable_line).filter(bool)
tag = st.from_regex(r"\A[a-z0-9](?:-?[a-z0-9]){0,12}\Z")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    values=st.fixed_dictionaries(
        {
            "title": line,
            "summary": line,
            "body": st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(writing.tidy),
            "tags": st.lists(tag, max_size=8, unique=True),
            "pass_mark": st.integers(1, 100),
        }
    ),
    topic=line,
    at=st.datetimes(datetime(2000, 1, 2), datetime(2025, 1, 1), timezones=st.timezones()),  # noqa: DTZ001 - hypothesis wants them so
)
def test_whatever_an_author_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, author: User, values: dict[str, Any], topic: str, at: datetime
) -> None:
    forget_everything()
    place = {"slug": "one", "topic": Topic.objects.create(name=topic, slug="t"), "difficulty": "beginner"}
    tutorial = writing.create_tutorial(by=author, values={**values, **place})
    writing.publish(by=author, tutorial=tutorial, at=at)
    folder = tmp_path_factory.mktemp("round-trip")
    export_tutorials(path=folder)
    said = Tutorial.objects.values("title", "summary", "body", "tags", "pass_mark", "published_at").get()
    assert import_tutorials(path=folder) == Imported(created=0, updated=0, unchanged=1)
    forget_everything()
    import_tutorials(path=folder)
    assert Tutorial.objects.values(*said).get() == said
    before = contents(folder)
    export_tutorials(path=folder)
    assert contents(folder) == before
