"""The lists beside tutorials (topics, tracks, achievements): read, each complaint with file and line, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError

from tutorials.front_matter import (
    UNPRINTABLE,
    compose_value,
    is_list_of_texts,
    is_text,
    is_whole_number,
    read_text,
    texts_in,
    yaml_faults,
)

TOPICS_FILE = "topics.yaml"
TRACKS_FILE = "tracks.yaml"
ACHIEVEMENTS_FILE = "achievements.yaml"
TOPICS_HEAD = "# The topics in the order in which they are listed.\n"
TRACKS_HEAD = "# Paths through the tutorials, in the order in which they are listed.\n"


def is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


@dataclass(frozen=True)
class Form:
    """What each entry of a list says: name → whether a value is right, and what it should be."""

    thing: str
    required: dict[str, tuple[Callable[[object], bool], str]]
    optional: dict[str, tuple[Callable[[object], bool], str]] = field(default_factory=dict)
    # Of the value by which entries are told apart.
    key: str = "slug"


TEXT = (is_text, "text")
WHOLE_NUMBER = (is_whole_number, "a whole number")
YES_OR_NO = (is_yes_or_no, "true or false")
TOPIC = Form("topic", dict.fromkeys(("name", "slug", "description"), TEXT))
TRACK = Form(
    "track",
    {**dict.fromkeys(("slug", "title", "summary"), TEXT), "tutorials": (is_list_of_texts, "a list of slugs")},
    {"quizzes_required": YES_OR_NO, "published": YES_OR_NO},
)


ACHIEVEMENT = Form(
    "achievement",
    {**dict.fromkeys(("code", "title", "description", "rule", "picture"), TEXT), "threshold": WHOLE_NUMBER},
    key="code",
)


@dataclass(frozen=True)
class Entry:
    """One entry, the line on which it begins, the line of each value, and those of the items of lists in it."""

    path: Path
    key: str
    values: dict[str, Any]
    line: int
    lines: dict[str, int] = field(repr=False)
    item_lines: dict[str, list[int]] = field(repr=False)

    def complaint(self, message: str, about: str = "", *, item: int | None = None) -> str:
        line = self.lines.get(about, self.line) if item is None else self.item_lines[about][item]
        return f"{self.path}:{line}: {self.key}: {message}"


def read_topics(folder: Path) -> list[Entry]:
    """None if there is no such file. Raises ValidationError with file and line."""
    return read_list(folder / TOPICS_FILE, TOPIC)


def read_tracks(folder: Path) -> list[Entry]:
    """None if there is no such file. Raises ValidationError with file and line."""
    return read_list(folder / TRACKS_FILE, TRACK)


def read_achievements(folder: Path) -> list[Entry]:
    """None if there is no such file. Raises ValidationError with file and line."""
    return read_list(folder / ACHIEVEMENTS_FILE, ACHIEVEMENT)


def read_list(path: Path, form: Form) -> list[Entry]:
    if not path.exists():
        return []
    source = read_text(path)
    with yaml_faults(path, first_line=1):
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        values = yaml.safe_load(source)
    if values is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise ValidationError(f"{path}:1: This must be a list of {form.thing}s.")
    faults: list[str] = []
    entries: list[Entry] = []
    for item, value in zip(node.value, values, strict=True):
        line = item.start_mark.line + 1
        fault = fault_of(value, form)
        if fault:
            faults.append(f"{path}:{line}: {fault}")
            continue
        pairs = item.value if isinstance(item, yaml.MappingNode) else []
        lines = {key.value: key.start_mark.line + 1 for key, _ in pairs}
        item_lines = {
            key.value: [each.start_mark.line + 1 for each in held.value]
            for key, held in pairs
            if isinstance(held, yaml.SequenceNode)
        }
        entries.append(Entry(path, value[form.key], value, line, lines, item_lines))
    faults += [
        entry.complaint(f"This {form.key} stands here twice.", form.key)
        for place, entry in enumerate(entries)
        if entry.key in {other.key for other in entries[:place]}
    ]
    if faults:
        raise ValidationError(faults)
    return entries


def fault_of(value: object, form: Form) -> str:
    """What is wrong with an entry's names and types; "" if nothing."""
    names = form.required | form.optional
    if not isinstance(value, dict) or not form.required.keys() <= value.keys() <= names.keys():
        optional = f"; it may have {', '.join(form.optional)}" if form.optional else ""
        return f"Each {form.thing} has {', '.join(form.required)}{optional}."
    for name, (is_right, wanted) in names.items():
        if name in value and not is_right(value[name]):
            return f"{name}: This must be {wanted}."
        if any(isinstance(text, str) and UNPRINTABLE.search(text) for text in texts_in(value.get(name))):
            return f"{name}: Control characters are not allowed."
    return ""


def compose_topics(topics: Iterable[Mapping[str, Any]]) -> str:
    """`topics` have name, slug and description."""
    return TOPICS_HEAD + "".join(compose_entry(topic, TOPIC) for topic in topics)


def compose_tracks(tracks: Iterable[dict[str, Any]]) -> str:
    """`tracks` have all that a track may have; what need not be said is left out."""
    return TRACKS_HEAD + "".join(compose_entry(dict(what_is_said(track)), TRACK) for track in tracks)


def what_is_said(track: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in track.items():
        if (name, value) not in (("quizzes_required", False), ("published", True)):
            yield name, value


def compose_entry(values: Mapping[str, Any], form: Form) -> str:
    lines: list[str] = []
    for name in (*form.required, *form.optional):
        if name not in values:
            continue
        value = values[name]
        if isinstance(value, list) and value:
            lines += [f"{name}:", *(f"  - {compose_value(item)}" for item in value)]
        else:
            lines.append(f"{name}: {compose_value(value)}")
    return "".join(f"{'  ' if place else '- '}{line}\n" for place, line in enumerate(lines))
