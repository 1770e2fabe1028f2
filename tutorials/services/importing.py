"""From Markdown files to tutorials, topics and tracks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from common import markdown
from common.database import lock_for_transaction
from common.markdown.images import relative_names
from tutorials import quiz
from tutorials.front_matter import TutorialFile, read_tutorial
from tutorials.models import Achievement, Status, Topic, Track, Tutorial
from tutorials.models.authoring import is_image_name
from tutorials.pictures import LARGEST_IMAGE, TOO_LARGE, inspect_image
from tutorials.services import images, tracks, writing
from tutorials.yaml_lists import Entry, read_achievements, read_topics, read_tracks

LONGEST_PLACE = Tutorial._meta.get_field("source_path").max_length or 0  # characters


@dataclass(frozen=True)
class Imported:
    """How many tutorials an import made, changed and found as they were."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def import_tutorials(*, path: Path, author: User | None = None) -> Imported:
    """Create or update tutorials, by slug, from a Markdown file or a folder of them.

    `topics.yaml` beside them names the topics in their order, `tracks.yaml` the tracks, and
    `achievements.yaml` achievements, of which those that are there already are left to staff; images
    lie where the text says. New tutorials get `author`; that of existing ones stays. All or nothing:
    raises ValidationError with one "file:line: " message for each thing that is wrong.
    """
    files, complaints = read_all(path)
    # One after the other: the second, as of a release that comes to two machines, finds what the first has made.
    lock_for_transaction("import_tutorials", "")
    folder = path if path.is_dir() else path.parent
    import_topics(folder)
    topics = {topic.name: topic for topic in Topic.objects.all()}
    rows = Tutorial.objects.select_for_update(of=("self",)).filter(slug__in=[file.slug for file in files])
    known = {row.slug: row for row in rows.order_by("pk")}
    outcomes: dict[str, str] = {}
    written: list[tuple[Tutorial, TutorialFile, dict[str, bytes]]] = []
    for file in files:
        pictures, faults = read_images(file, folder)
        complaints += faults
        if len(file.path.relative_to(folder).as_posix()) > LONGEST_PLACE:
            complaints.append(file.complaint("path", f"Choose a path of at most {LONGEST_PLACE} characters."))
        tutorial = known.get(file.slug) or Tutorial(slug=file.slug, author=author)
        try:
            outcomes[file.slug] = write(tutorial, file, topics, folder)
        except ValidationError as error:
            complaints += complaints_of(file, error)
        written.append((tutorial, file, pictures))
    if not complaints:
        complaints += [*import_tracks(folder), *import_achievements(folder)]
    if complaints:
        raise ValidationError(sorted(complaints, key=file_and_line))
    for tutorial, file, pictures in written:
        # Last, since a file in the store does not go away by itself when a transaction does.
        if images.put_all(tutorial, pictures) and outcomes[file.slug] == "unchanged":
            outcomes[file.slug] = "updated"
        if tutorial.status == Status.PUBLISHED and outcomes[file.slug] != "unchanged":
            writing.record_version(tutorial, author)
    counts = Counter(outcomes.values())
    return Imported(created=counts["created"], updated=counts["updated"], unchanged=counts["unchanged"])


def file_and_line(complaint: str) -> tuple[str, int]:
    """Where a complaint belongs among others: line 9 stands before line 10."""
    place = re.match(r"(.*?):(\d+): ", complaint)
    return (place[1], int(place[2])) if place else (complaint, 0)


def write(tutorial: Tutorial, file: TutorialFile, topics: dict[str, Topic], folder: Path) -> str:
    """Make the row say what the file says; tells whether it was created, updated or unchanged."""
    if file.values["topic"] not in topics:
        raise ValidationError({"topic": f"There is no such topic; known are {', '.join(topics) or 'none'}."})
    was_created = tutorial.pk is None
    former = writing.first_version(tutorial) if tutorial.status == Status.PUBLISHED and not was_created else None
    changed = writing.put(
        tutorial,
        {name: file.values[name] for name in ("title", "summary", "difficulty", "access")}
        | {"topic": topics[file.values["topic"]], "tags": file.tags, "pass_mark": file.pass_mark, "body": file.body},
    )
    changed |= put_plain(tutorial, {"status": file.status, "published_at": file.published_at})
    if was_created or changed:
        tutorial.full_clean()
    source = "" if file.source == file.canonical() else file.source
    place = file.path.relative_to(folder).as_posix()
    # Both are kept only where an export would do it another way.
    changed |= put_plain(tutorial, {"source": source, "source_path": "" if place == f"{tutorial.slug}.md" else place})
    if was_created:
        writing.store(tutorial)
        return "created"
    if not changed:
        return "unchanged"
    if former:
        former.save(force_insert=True)
    writing.store(tutorial, changed)
    return "updated"


def put_plain(tutorial: Tutorial, values: dict[str, Any]) -> set[str]:
    """What only a file sets without a verb; returns what changed."""
    changed = {name for name, value in values.items() if getattr(tutorial, name) != value}
    for name in changed:
        setattr(tutorial, name, values[name])
    return changed


def complaints_of(file: TutorialFile, error: ValidationError) -> Iterator[str]:
    """What the model says of a file's values, with the lines on which they stand."""
    for name, faults in error.error_dict.items():
        for fault in faults:
            if fault.code == "quiz" and fault.params:
                # Counted from the first line of the text.
                yield file.complaint("body", fault.params["fault"], line=file.lines["body"] + fault.params["line"] - 1)
            else:
                yield from (file.complaint(name, message) for message in fault.messages)


def read_all(path: Path) -> tuple[list[TutorialFile], list[str]]:
    """Every Markdown file there, and what is wrong with any. Raises ValidationError if there is none."""
    paths = sorted(markdown_files(path)) if path.is_dir() else [path]
    if not paths or not path.exists():
        raise ValidationError(f"{path}: There is no Markdown file here.")
    files: dict[str, TutorialFile] = {}
    complaints: list[str] = []
    for each in paths:
        if path.is_dir() and not each.resolve().is_relative_to(path.resolve()):
            complaints.append(f"{each}:1: This file lies outside the folder.")
            continue
        try:
            file = read_tutorial(each)
        except ValidationError as error:
            complaints += error.messages
            continue
        if file.slug in files:
            complaints.append(file.complaint("slug", f"{files[file.slug].path} has the same slug, {file.slug}."))
        files.setdefault(file.slug, file)
    return list(files.values()), complaints


def markdown_files(folder: Path) -> Iterator[Path]:
    """What is hidden (.git, .github) is not ours."""
    for path in folder.rglob("*.md"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def read_images(file: TutorialFile, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """The images that a text shows, by name, read from beside it; and what is wrong with any, and where."""
    found: dict[str, bytes] = {}
    complaints: list[str] = []
    try:
        text, _ = quiz.split(file.body)
    except ValidationError:
        return found, complaints  # which `write` complains of
    for name, line in named_images(text):
        try:
            found[name] = read_image(file.path.parent, name, folder)
        except ValidationError as error:
            complaints += [
                file.complaint("body", f"{name}: {message}", line=file.lines["body"] + line)
                for message in error.messages
            ]
    return found, complaints


def named_images(text: str) -> Iterator[tuple[str, int]]:
    """Each image once, with the line of the text (from 0) that names it."""
    seen: set[str] = set()
    lines = text.split("\n")
    for token in markdown.MARKDOWN.parse(text):
        for name in relative_names([token]):
            if name not in seen:
                seen.add(name)
                first, end = token.map or (0, 1)
                yield name, next((line for line in range(first, end) if name in lines[line]), first)


def read_image(beside: Path, name: str, folder: Path) -> bytes:
    """Raises ValidationError for what is no image, too large, or lies elsewhere."""
    is_image_name(name)
    path = beside / name
    if not path.is_file():
        raise ValidationError("There is no such file beside the text.")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValidationError("This file lies outside the folder.")
    if path.stat().st_size > LARGEST_IMAGE:
        raise ValidationError(TOO_LARGE)
    data = path.read_bytes()
    inspect_image(data)
    return data


def import_topics(folder: Path) -> None:
    """Create or update the topics that `topics.yaml` lists, in its order; no file, no change."""
    for position, entry in enumerate(read_topics(folder)):
        topic = Topic.objects.filter(slug=entry.values["slug"]).first() or Topic(slug=entry.values["slug"])
        topic.name, topic.description, topic.position = entry.values["name"], entry.values["description"], position
        try:
            topic.full_clean()
        except ValidationError as error:
            raise ValidationError([entry.complaint(message) for message in error.messages]) from error
        topic.save()


def import_tracks(folder: Path) -> list[str]:
    """Create or update the tracks that `tracks.yaml` lists, in its order; returns what is wrong with any."""
    entries = read_tracks(folder)
    slugs = {slug for entry in entries for slug in entry.values["tutorials"]}
    known = {tutorial.slug: tutorial for tutorial in Tutorial.objects.filter(slug__in=slugs).only("pk", "slug")}
    complaints: list[str] = []
    for position, entry in enumerate(entries):
        faults = list(complain_of_steps(entry, known))
        complaints += faults
        if faults:
            continue
        try:
            import_track(entry, position, [known[slug] for slug in entry.values["tutorials"]])
        except ValidationError as error:
            complaints += complaints_of_entry(entry, error)
    return complaints


def complaints_of_entry(entry: Entry, error: ValidationError) -> Iterator[str]:
    """What a model says of an entry's values, with their lines."""
    for name, messages in error.message_dict.items():
        yield from (entry.complaint(f"{name}: {message}", name) for message in messages)


def complain_of_steps(entry: Entry, known: dict[str, Tutorial]) -> Iterator[str]:
    slugs = entry.values["tutorials"]
    for place, slug in enumerate(slugs):
        if slug not in known:
            yield entry.complaint(f"There is no tutorial {slug}.", "tutorials", item=place)
        elif slug in slugs[:place]:
            yield entry.complaint(f"{tracks.TWICE[:-1]}: {slug}.", "tutorials", item=place)


def import_track(entry: Entry, position: int, tutorials: list[Tutorial]) -> None:
    values = {
        "slug": entry.values["slug"],
        "title": entry.values["title"],
        "summary": entry.values["summary"],
        "quizzes_required": entry.values.get("quizzes_required", False),
        "is_published": entry.values.get("published", True),
        "position": position,
    }
    tracks.put_track(Track.objects.filter(slug=values["slug"]).first(), values, tutorials)


def import_achievements(folder: Path) -> list[str]:
    """Create those that are not there yet; who has earned one already gets it soon. Returns what is wrong."""
    # The tasks are made of services, so this cannot stand at the top.
    from tutorials.services.achievements import give_soon

    entries = read_achievements(folder)
    known = set(Achievement.objects.filter(code__in=[entry.key for entry in entries]).values_list("code", flat=True))
    complaints: list[str] = []
    for position, entry in enumerate(entries):
        if entry.key in known:
            continue
        achievement = Achievement(position=position, **entry.values)
        try:
            achievement.full_clean()
        except ValidationError as error:
            complaints += complaints_of_entry(entry, error)
            continue
        achievement.save()
        transaction.on_commit(partial(give_soon, achievement))
    return complaints
