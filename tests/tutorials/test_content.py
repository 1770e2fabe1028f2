"""The tutorials that we ship are what we promise."""

import ast
import re

import pytest

from ops.demo import CONTENT
from tutorials.front_matter import TutorialFile, read_tutorial
from tutorials.models import Topic, Tutorial
from tutorials.services import import_tutorials

FILES = [read_tutorial(path) for path in sorted(CONTENT.glob("*.md"))]
each_file = pytest.mark.parametrize("file", FILES, ids=[file.slug for file in FILES])


def test_there_are_enough_and_three_are_premium() -> None:
    assert len(FILES) >= 12
    assert sum(file.values["access"] == "premium" for file in FILES) == 3


@each_file
def test_each_has_the_length_of_a_sitting(file: TutorialFile) -> None:
    assert 900 <= len(file.body.split()) <= 2000


@each_file
def test_each_opens_without_a_heading_and_has_a_structure(file: TutorialFile) -> None:
    assert not file.body.startswith("#")
    assert len(re.findall(r"^## ", file.body, flags=re.MULTILINE)) >= 5
    assert not re.search(r"^# ", re.sub(r"```.*?```", "", file.body, flags=re.DOTALL), flags=re.MULTILINE)


@each_file
def test_python_code_is_python(file: TutorialFile) -> None:
    for code in re.findall(r"^```python\n(.*?)^```", file.body, flags=re.MULTILINE | re.DOTALL):
        ast.parse(code)


@pytest.mark.django_db
def test_all_are_imported_and_every_topic_has_something_to_read() -> None:
    assert import_tutorials(path=CONTENT).created == len(FILES)
    assert Tutorial.objects.published().count() == len(FILES)
    assert {topic.pk for topic in Topic.objects.with_tutorials()} == {topic.pk for topic in Topic.objects.all()}
