"""Markdown files become tutorials: by slug, idempotently, all or nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.factories import make_topic, make_tutorial
from tutorials.models import Topic, Tutorial
from tutorials.services import Imported, import_tutorials

pytestmark = pytest.mark.django_db

BODY = "The opening.\n\n## A section\n"
HEADER = {
    "title": "Prompting that works",
    "slug": "prompting-that-works",
    "summary": "Why one should read it.",
    "topic": "Foundations",
    "difficulty": "beginner",
    "access": "free",
    "published_at": "2026-09-01",
}


@pytest.fixture(autouse=True)
def foundations() -> Topic:
    return make_topic("Foundations")


def write(
    folder: Path, name: str = "one.md", body: str = "The opening.\n\n## A section\n", **header: str | None
) -> Path:
    path = folder / name
    lines = [f"{key}: {value}" for key, value in (HEADER | header).items() if value is not None]
    path.write_text("\n".join(["---", *lines, "---", "", body]), encoding="utf-8")
    return path


def complaints(path: Path) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=path)
    assert not Tutorial.objects.exists()
    return refusal.value.messages


def test_a_file_becomes_a_published_tutorial(tmp_path: Path, author: User) -> None:
    write(tmp_path)
    assert import_tutorials(path=tmp_path, author=author) == Imported(created=1, updated=0, unchanged=0)
    tutorial = Tutorial.objects.get()
    assert tutorial.title == "Prompting that works"
    assert tutorial.author == author
    assert tutorial.published_at is not None
    assert tutorial.published_at.isoformat() == "2026-09-01T00:00:00+00:00"
    assert tutorial.body == BODY
    assert Tutorial.objects.published().get() == tutorial


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    import_tutorials(path=tmp_path)
    before = Tutorial.objects.values().get()
    assert import_tutorials(path=tmp_path) == Imported(created=0, updated=0, unchanged=1)
    assert Tutorial.objects.values().get() == before


def test_an_edited_file_updates_its_tutorial_and_keeps_its_author(tmp_path: Path, author: User) -> None:
    write(tmp_path)
    import_tutorials(path=tmp_path, author=author)
    write(tmp_path, body="Quite new.\n", title="A better title")
    assert import_tutorials(path=tmp_path) == Imported(created=0, updated=1, unchanged=0)
    tutorial = Tutorial.objects.get()
    assert (tutorial.title, tutorial.author) == ("A better title", author)
    assert tutorial.body_html == "<p>Quite new.</p>\n"


def test_the_file_name_is_the_slug_if_none_is_given(tmp_path: Path) -> None:
    write(tmp_path, "from-the-name.md", slug=None)
    import_tutorials(path=tmp_path)
    assert Tutorial.objects.get().slug == "from-the-name"


def test_one_bad_file_keeps_all_others_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", slug="a")
    bad = write(tmp_path, "b.md", slug="b", difficulty="hard")
    assert complaints(tmp_path) == [f"{bad}:6: difficulty: Value 'hard' is not a valid choice."]


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ({"topic": "Cooking"}, 5, "topic: There is no such topic; known are Foundations."),
        ({"access": "stolen"}, 7, "access: Value 'stolen' is not a valid choice."),
        ({"title": "x" * 121}, 2, "title: Ensure this value has at most 120 characters (it has 121)."),
        (
            {"slug": "not a slug"},
            3,
            "slug: Enter a valid “slug” consisting of letters, numbers",
        ),
        ({"published_at": "soon"}, 8, "published_at: This must be a date such as 2026-09-01."),
        ({"published_at": "2026-02-30"}, 2, "day is out of range for month"),
        ({"title": "[a, list]"}, 2, "title: This must be text."),
        ({"summary": ""}, 4, "summary: A value is required."),
        ({"summary": None}, 1, "summary: A value is required."),
        ({"colour": "red"}, 9, "colour: There is no such name"),
        ({"title": "a: b: c"}, 2, "mapping values are not allowed here"),
        ({"title": '"never closed'}, 8, "found unexpected end of stream"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, 8, "must lie between 2000 and 2100"),
        ({"published_at": "9999-12-31T23:59:59-14:00"}, 8, "must lie between 2000 and 2100"),
        ({"title": '"a\\0b"'}, 2, "title: Control characters are not allowed."),
        ({"summary": '"a\\ud800b"'}, 4, "summary: Control characters are not allowed."),
        ({"title": "[" * 3000}, 2, "This is nested too deeply."),
        ({"status": "lost"}, 9, "status: Value 'lost' is not a valid choice."),
    ],
)
def test_bad_front_matter_is_reported_with_file_and_line(
    tmp_path: Path, header: dict[str, Any], line: int, message: str
) -> None:
    path = write(tmp_path, **header)
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith(f"{path}:{line}: ")
    assert message in complaint


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("No front matter.", 1, "must begin with front matter"),
        ("", 1, "must begin with front matter"),
        ("---\ntitle: x\n", 1, "no closing line"),
        ("---\n- a\n- b\n---\n", 2, "must be lines of `name: value`"),
        ("---\ntitle: a\ntitle: b\n---\n", 2, "title: This name stands here twice."),
        ("---\n\ttitle: a\n---\n", 2, "found character '\\t'"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "bad.md"
    path.write_text(text)
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith(f"{path}:{line}: ")
    assert message in complaint


def test_a_file_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "bad.md"
    path.write_bytes(b"---\ntitle: caf\xe9\n---\n")
    assert complaints(tmp_path) == [f"{path}:2: This is not UTF-8 text."]


def test_an_empty_or_poisoned_body_is_reported_at_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, body="")
    assert complaints(tmp_path) == [f"{path}:10: body: This field cannot be blank."]
    write(tmp_path, body="null \0 character")
    assert any("body: Null characters are not allowed." in complaint for complaint in complaints(tmp_path))
    write(tmp_path, body="x" * 65_537)
    assert "at most 65536 characters" in complaints(tmp_path)[0]


def test_a_premium_text_that_would_be_open_to_all_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, body="All of it before any heading.\n", access="premium")
    assert complaints(tmp_path) == [
        f"{path}:11: body: A premium tutorial needs a heading: what stands before it is open to all."
    ]


def test_an_empty_slug_is_the_name_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, "named.md", slug="")
    import_tutorials(path=tmp_path)
    assert Tutorial.objects.get().slug == "named"


def test_a_folder_that_is_called_like_a_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    write(tmp_path)
    assert import_tutorials(path=tmp_path).created == 1


def test_two_files_with_one_slug_are_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path, "a.md"), write(tmp_path, "b.md")
    assert complaints(tmp_path) == [f"{second}:3: slug: {first} has the same slug, prompting-that-works."]


def test_a_folder_without_tutorials_is_refused(tmp_path: Path) -> None:
    assert complaints(tmp_path) == [f"{tmp_path}: There is no Markdown file here."]
    assert complaints(tmp_path / "nowhere.md") == [f"{tmp_path / 'nowhere.md'}: There is no Markdown file here."]


def test_topics_come_from_their_file_in_its_order(tmp_path: Path) -> None:
    write(tmp_path, topic="Tools")
    (tmp_path / "topics.yaml").write_text(
        "- {name: Tools, slug: tools, description: Hands on.}\n"
        "- {name: Foundations, slug: foundations, description: First.}\n"
    )
    import_tutorials(path=tmp_path)
    assert list(Topic.objects.values_list("slug", "description")) == [("tools", "Hands on."), ("foundations", "First.")]


@pytest.mark.parametrize(
    "text",
    [
        "- 1",
        "name: x",
        "- {name: A}",
        "- {name: '', slug: s, description: d}",
        "[",
        "- {name: A, slug: [1], description: d}",
    ],
)
def test_a_bad_topics_file_is_reported(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "topics.yaml").write_text(text)
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith(f"{tmp_path / 'topics.yaml'}:1: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(header=st.text(max_size=80), body=st.text(max_size=40))
def test_no_file_at_all_is_more_than_refused(tmp_path: Path, header: str, body: str) -> None:
    path = tmp_path / "any.md"
    path.write_text(f"---\n{header}\n---\n{body}", encoding="utf-8", errors="replace")
    with pytest.raises(ValidationError) as refusal:
        import_tutorials(path=path)
    assert all(message.startswith(f"{path}:") for message in refusal.value.messages)


def test_the_command_reports_what_it_did(tmp_path: Path, author: User, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    call_command("import_tutorials", tmp_path, "--author", "AUTHOR@howtoai.example")
    assert capsys.readouterr().out == "1 created, 0 updated, 0 unchanged.\n"
    assert Tutorial.objects.get().author == author


def test_the_command_refuses_in_the_same_words(tmp_path: Path) -> None:
    path = write(tmp_path, difficulty="hard")
    with pytest.raises(CommandError, match="Nothing was imported") as refusal:
        call_command("import_tutorials", tmp_path)
    assert f"{path}:6: difficulty: Value 'hard' is not a valid choice." in str(refusal.value)
    with pytest.raises(CommandError, match="There is nobody with the address"):
        call_command("import_tutorials", tmp_path, "--author", "nobody@howtoai.example")


def test_an_import_does_not_touch_other_tutorials(tmp_path: Path) -> None:
    other = make_tutorial("Other")
    write(tmp_path)
    import_tutorials(path=tmp_path)
    assert Tutorial.objects.get(slug="other").updated_at == other.updated_at


QUIZ = "```quiz\n? Which?\n(x) This\n( ) That\n```\n"


def test_tags_and_pass_mark_come_from_the_file(tmp_path: Path) -> None:
    write(tmp_path, tags="[prompting, evaluation]", pass_mark="60", body=f"Text.\n\n{QUIZ}")
    import_tutorials(path=tmp_path)
    tutorial = Tutorial.objects.get()
    assert (tutorial.tags, tutorial.pass_mark) == (["prompting", "evaluation"], 60)
    assert tutorial.quiz is not None


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"tags": "prompting"}, "tags: This must be a list of texts, such as [prompting, evaluation]."),
        ({"tags": "[2024]"}, "tags: This must be a list of texts"),
        ({"tags": "[Prompting]"}, "Use small letters, digits and single hyphens in a tag."),
        ({"tags": "[a, a]"}, "tags: Name each tag once."),
        ({"pass_mark": "most"}, "pass_mark: This must be a whole number."),
        ({"pass_mark": "true"}, "pass_mark: This must be a whole number."),
        ({"author": "me"}, "author: There is no such name"),
    ],
)
def test_bad_optional_front_matter_is_reported_with_file_and_line(
    tmp_path: Path, header: dict[str, Any], message: str
) -> None:
    path = write(tmp_path, **header)
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith(f"{path}:9: ")
    assert message in complaint


def test_a_fault_in_a_quiz_is_reported_with_the_line_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, body="\n\nText.\n\n```quiz\n? Which?\n(x) This\n(x) That\n\n? Empty\n```\n")
    assert complaints(tmp_path) == [
        f"{path}:18: body: Only one option in round brackets can be right; for several use [ ] and [x].",
        f"{path}:20: body: There is nothing to answer: write options, or accepted answers behind =.",
    ]


def test_a_draft_needs_no_date_and_a_published_one_does(tmp_path: Path) -> None:
    path = write(tmp_path, status="draft", published_at=None)
    import_tutorials(path=tmp_path)
    assert Tutorial.objects.get().published_at is None
    Tutorial.objects.all().delete()
    write(tmp_path, published_at=None)
    assert complaints(tmp_path) == [f"{path}:1: published_at: A value is required, or `status: draft`."]


def test_an_import_records_a_version_like_every_publication(tmp_path: Path, author: User) -> None:
    write(tmp_path)
    import_tutorials(path=tmp_path, author=author)
    import_tutorials(path=tmp_path, author=author)
    write(tmp_path, title="A better title")
    import_tutorials(path=tmp_path)
    versions = Tutorial.objects.get().versions.latest_first()
    assert [(version.number, version.title, version.by) for version in versions] == [
        (2, "A better title", None),
        (1, "Prompting that works", author),
    ]


def test_what_is_hidden_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "template.md").write_text("Say why.")
    write(tmp_path)
    assert import_tutorials(path=tmp_path).created == 1
