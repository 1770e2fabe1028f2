"""Operations on tutorials: permission, rule, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from tutorials.front_matter import UNPRINTABLE, TutorialFile, read_text, read_tutorial, yaml_faults
from tutorials.models import Status, Topic, Tutorial

TOPICS_FILE = "topics.yaml"
TOPIC_KEYS = {"name", "slug", "description"}


@dataclass(frozen=True)
class Imported:
    """How many tutorials an import made, changed and found as they were."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def import_tutorials(*, path: Path, author: User | None = None) -> Imported:
    """Create or update tutorials, by slug, from a Markdown file or a folder of them.

    `topics.yaml` beside them names the topics in their order. New tutorials get `author`; that
    of existing ones stays. All or nothing: raises ValidationError with one "file:line: " message
    for each thing that is wrong.
    """
    files, complaints = read_all(path)
    import_topics(path if path.is_dir() else path.parent)
    topics = {topic.name: topic for topic in Topic.objects.all()}
    known = {row.slug: row for row in Tutorial.objects.filter(slug__in=[file.slug for file in files])}
    counts: Counter[str] = Counter()
    for file in files:
        tutorial = known.get(file.slug) or Tutorial(slug=file.slug, author=author)
        try:
            counts[write(tutorial, file, topics)] += 1
        except ValidationError as error:
            complaints += [
                file.complaint(name, message) for name, messages in error.message_dict.items() for message in messages
            ]
    if complaints:
        raise ValidationError(sorted(complaints))
    return Imported(created=counts["created"], updated=counts["updated"], unchanged=counts["unchanged"])


def write(tutorial: Tutorial, file: TutorialFile, topics: dict[str, Topic]) -> str:
    """Make the row say what the file says; tells whether it was created, updated or unchanged."""
    if file.values["topic"] not in topics:
        raise ValidationError({"topic": f"There is no such topic; known are {', '.join(topics) or 'none'}."})
    wanted: dict[str, Any] = {name: file.values[name] for name in ("title", "summary", "difficulty", "access")}
    wanted |= {
        "topic": topics[file.values["topic"]],
        "body": file.body,
        "status": file.values.get("status", Status.PUBLISHED),
        "published_at": file.published_at,
    }
    if tutorial.pk and all(getattr(tutorial, name) == value for name, value in wanted.items()):
        return "unchanged"
    for name, value in wanted.items():
        setattr(tutorial, name, value)
    tutorial.full_clean()
    outcome = "updated" if tutorial.pk else "created"
    tutorial.save()
    return outcome


def read_all(path: Path) -> tuple[list[TutorialFile], list[str]]:
    """Every Markdown file there, and what is wrong with any. Raises ValidationError if there is none."""
    paths = sorted(each for each in path.rglob("*.md") if each.is_file()) if path.is_dir() else [path]
    if not paths or not path.exists():
        raise ValidationError(f"{path}: There is no Markdown file here.")
    files: dict[str, TutorialFile] = {}
    complaints: list[str] = []
    for each in paths:
        try:
            file = read_tutorial(each)
        except ValidationError as error:
            complaints += error.messages
            continue
        if file.slug in files:
            complaints.append(file.complaint("slug", f"{files[file.slug].path} has the same slug, {file.slug}."))
        files.setdefault(file.slug, file)
    return list(files.values()), complaints


def import_topics(folder: Path) -> None:
    """Create or update the topics that `topics.yaml` lists, in its order; no file, no change."""
    path = folder / TOPICS_FILE
    if not path.exists():
        return
    for position, entry in enumerate(read_topics(path)):
        topic = Topic.objects.filter(slug=entry["slug"]).first() or Topic(slug=entry["slug"])
        topic.name, topic.description, topic.position = entry["name"], entry["description"], position
        try:
            topic.full_clean()
        except ValidationError as error:
            raise ValidationError([f"{path}:1: {entry['slug']}: {message}" for message in error.messages]) from error
        topic.save()


def read_topics(path: Path) -> Iterable[dict[str, str]]:
    """The entries of a topics file. Raises ValidationError with file and line."""
    with yaml_faults(path, first_line=1):
        entries = yaml.safe_load(read_text(path))
    if not isinstance(entries, list) or not all(map(is_topic, entries)):
        raise ValidationError(f"{path}:1: This must be a list of topics, each with {', '.join(sorted(TOPIC_KEYS))}.")
    return entries


def is_topic(entry: object) -> bool:
    """Whether an entry of a topics file has the names it should, and text that can be kept."""
    return (
        isinstance(entry, dict)
        and entry.keys() == TOPIC_KEYS
        and all(isinstance(value, str) and not UNPRINTABLE.search(value) for value in entry.values())
    )
