"""From tutorials, topics and tracks to files that importing makes the same of again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError

from tutorials.front_matter import compose_tutorial, parse_tutorial
from tutorials.models import Status, Topic, Track, Tutorial
from tutorials.services.images import names_in
from tutorials.yaml_lists import ACHIEVEMENTS_FILE, TOPICS_FILE, TRACKS_FILE, compose_topics, compose_tracks

BATCH = 100
OURS = {".md", ".png", ".jpg", ".jpeg", ".webp", ".gif"}
# Achievements are left to staff once they are there, so they are not written.
LISTS = {TOPICS_FILE, TRACKS_FILE, ACHIEVEMENTS_FILE}


@dataclass(frozen=True)
class Exported:
    """How much was written; `left` are Markdown files of no tutorial that lay there before, and still do."""

    tutorials: int
    images: int
    tracks: int
    left: list[str]


@dataclass
class Target:
    """A folder that is written to. Knows by path what came into it, and lets nothing be written twice or elsewhere."""

    folder: Path
    written: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def has_room(self, files: dict[PurePosixPath, bytes]) -> bool:
        """Whether these can lie there beside what does; the same file may have come before."""
        return all(self.fits(path, data) for path, data in files.items())

    def fits(self, path: PurePosixPath, data: bytes) -> bool:
        # Some file systems make no difference between a and A.
        name = str(path).casefold()
        parents = {str(parent).casefold() for parent in path.parents}
        if name in self.folders or parents & self.written.keys():
            return False
        return name not in self.written or (path.suffix != ".md" and self.written[name] == digest(data))

    def write(self, path: PurePosixPath, data: bytes) -> None:
        self.written[str(path).casefold()] = digest(data)
        self.folders |= {str(parent).casefold() for parent in path.parents}
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # An unchanged file keeps its date.
        if not place.is_file() or place.read_bytes() != data:
            place.write_bytes(data)


def export_tutorials(*, path: Path, drafts: bool = False) -> Exported:
    """Write what is published (also what is scheduled), with its images, all topics and the tracks, to a folder.

    `drafts`: all that is not published, too. The folder may hold an earlier export and hidden files;
    with anything else in it, ValidationError is raised and nothing is written.
    """
    require_ours(path)
    target = Target(path)
    wanted = Tutorial.objects.all() if drafts else Tutorial.objects.filter(status=Status.PUBLISHED)
    rows = wanted.select_related("topic").prefetch_related("images").order_by("pk")
    slugs: set[str] = set()
    pictures = 0
    for tutorial in rows.iterator(BATCH):
        place, files = place_of(tutorial, target)
        target.write(place, source_of(tutorial, place).encode())
        for name, data in files.items():
            target.write(name, data)
        slugs.add(tutorial.slug)
        pictures += len(files)
    topics = Topic.objects.order_by("position", "name").values("name", "slug", "description")
    target.write(PurePosixPath(TOPICS_FILE), compose_topics(topics).encode())
    tracks = list(tracks_of(slugs, drafts=drafts))
    target.write(PurePosixPath(TRACKS_FILE), compose_tracks(tracks).encode())
    left = [str(each) for each in files_in(path) if str(each).casefold() not in target.written and each.suffix == ".md"]
    return Exported(tutorials=len(slugs), images=pictures, tracks=len(tracks), left=left)


def require_ours(path: Path) -> None:
    """Raises ValidationError unless a folder is empty, not there yet, or as an export leaves it."""
    if path.exists() and not path.is_dir():
        raise ValidationError(f"{path}: This is a file. Name a folder.")
    for each in files_in(path):
        place = path / each
        if place.is_symlink():
            # What is written there would land elsewhere.
            raise ValidationError(f"{place}: This is a link. Name an empty folder, or one of an earlier export.")
        if place.is_file() and place.suffix not in OURS and each.name not in LISTS:
            raise ValidationError(f"{place}: This is none of ours. Name an empty folder, or one of an earlier export.")


def files_in(folder: Path) -> list[PurePosixPath]:
    """All that is not hidden, relative to the folder."""
    found = (PurePosixPath(each.relative_to(folder).as_posix()) for each in folder.rglob("*"))
    return sorted(each for each in found if not any(part.startswith(".") for part in each.parts))


def place_of(tutorial: Tutorial, target: Target) -> tuple[PurePosixPath, dict[PurePosixPath, bytes]]:
    """Where a tutorial goes, and its images with it: where it came from, if there is room."""
    images = images_of(tutorial)
    slug = tutorial.slug
    places = chain(
        [tutorial.source_path or f"{slug}.md", f"{slug}.md", f"{slug}/{slug}.md"],
        (f"{slug}-{number}/{slug}.md" for number in count(2)),
    )
    for place in filter(is_inside, map(PurePosixPath, places)):
        files = {normal(place.parent / name): data for name, data in images.items()}
        if target.has_room({place: b"", **files}):
            return place, files
    raise AssertionError("the places are endless")


def is_inside(place: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") for part in place.parts)
    return not place.is_absolute() and not hidden and place.suffix == ".md"


def normal(path: PurePosixPath) -> PurePosixPath:
    """Without `.` and double slashes, which names may have; `..` they cannot have."""
    return PurePosixPath(*(part for part in path.parts if part != "."))


def images_of(tutorial: Tutorial) -> dict[str, bytes]:
    """Those that the text shows, by name. Raises ValidationError if the store has lost one."""
    rows = {image.name: image for image in tutorial.images.all()}
    found: dict[str, bytes] = {}
    for name in rows.keys() & set(names_in(tutorial)) if rows else ():
        try:
            with rows[name].file.open("rb") as file:
                found[name] = file.read()
        except FileNotFoundError as error:
            raise ValidationError(f"{tutorial.slug}: the image {name} is not in the store.") from error
    return dict(sorted(found.items()))


def source_of(tutorial: Tutorial, place: PurePosixPath) -> str:
    """The file that it came from, if that still says what the row says, else one in our own style."""
    ours = compose_tutorial(values_of(tutorial), tutorial.body)
    if not tutorial.source:
        return ours
    try:
        file = parse_tutorial(Path(place), tutorial.source)
    except ValidationError:
        return ours  # it was read by older rules
    return tutorial.source if file.canonical() == ours else ours


def values_of(tutorial: Tutorial) -> dict[str, Any]:
    names = ("title", "slug", "summary", "tags", "difficulty", "access", "pass_mark", "status", "published_at")
    return {name: getattr(tutorial, name) for name in names} | {"topic": tutorial.topic.name}


def tracks_of(slugs: set[str], *, drafts: bool) -> Iterator[dict[str, Any]]:
    """Tracks with those of their tutorials that were written: no file may name what is not there."""
    for track in Track.objects.all() if drafts else Track.objects.filter(is_published=True):
        steps = track.steps.order_by("position", "id").values_list("tutorial__slug", flat=True)
        yield {
            "slug": track.slug,
            "title": track.title,
            "summary": track.summary,
            "tutorials": [slug for slug in steps if slug in slugs],
            "quizzes_required": track.quizzes_required,
            "published": track.is_published,
        }


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
