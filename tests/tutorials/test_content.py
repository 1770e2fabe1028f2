"""The tutorials that we ship are what we promise."""

import ast
import re

import pytest

from ops.demo import CONTENT
from tutorials import quiz
from tutorials.front_matter import TutorialFile, read_tutorial
from tutorials.models import Topic, Track, Tutorial
from tutorials.services import import_tutorials

FILES = [read_tutorial(path) for path in sorted(CONTENT.glob("*.md"))]
each_file = pytest.mark.parametrize("file", FILES, ids=[file.slug for file in FILES])


def test_there_are_enough_and_three_are_premium() -> None:
    assert len(FILES) >= 12
    assert sum(file.values["access"] == "premium" for file in FILES) == 3


@each_file
def test_each_has_the_length_of_a_sitting(file: TutorialFile) -> None:
    text, _ = quiz.split(file.body)
    assert 900 <= len(text.split()) <= 2000


@each_file
def test_each_opens_without_a_heading_and_has_a_structure(file: TutorialFile) -> None:
    assert not file.body.startswith("#")
    assert len(re.findall(r"^## ", file.body, flags=re.MULTILINE)) >= 5
    assert not re.search(r"^# ", re.sub(r"```.*?```", "", file.body, flags=re.DOTALL), flags=re.MULTILINE)


def test_python_code_is_python() -> None:
    blocks = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
    found = [code for file in FILES for code in blocks.findall(file.body)]
    assert len(found) > 5
    for code in found:
        ast.parse(code)


@each_file
def test_a_quiz_explains_every_option(file: TutorialFile) -> None:
    _, source = quiz.split(file.body)
    for question in quiz.parse(source).questions if source else ():
        assert all(option.explanation_html for option in question.options) or question.explanation_html, question.key


def test_enough_have_a_quiz_and_the_right_option_is_not_always_the_same() -> None:
    quizzes = [quiz.parse(source) for file in FILES if (source := quiz.split(file.body)[1])]
    assert len(quizzes) >= 6
    for each in quizzes:
        places = [[option.right for option in question.options] for question in each.questions]
        singles = [rights.index(True) for rights in places if rights.count(True) == 1]
        assert len(set(singles)) > 1


@pytest.mark.django_db
def test_the_tracks_lead_through_what_is_there() -> None:
    import_tutorials(path=CONTENT)
    assert Track.objects.published().count() >= 3
    for track in Track.objects.all():
        assert track.steps.count() >= 3
        assert not track.quizzes_required or not track.steps.filter(tutorial__quiz=None).exists()


@pytest.mark.django_db
def test_all_are_imported_and_every_topic_has_something_to_read() -> None:
    assert import_tutorials(path=CONTENT).created == len(FILES)
    assert Tutorial.objects.published().count() == len(FILES)
    assert {topic.pk for topic in Topic.objects.with_tutorials()} == {topic.pk for topic in Topic.objects.all()}
