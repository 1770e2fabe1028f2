"""A Markdown file with YAML front matter, read so that every complaint has a file and a line, and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError

FENCE = "---"
REQUIRED = ("title", "summary", "topic", "difficulty", "access")
KNOWN = ("title", "slug", "summary", "topic", "tags", "difficulty", "access", "pass_mark", "status", "published_at")
# Escapes of YAML can make what no UTF-8 file and no PostgreSQL text may hold.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
BYTE_ORDER_MARK = "\ufeff"
PASS_MARK = 80  # percent, where a file says nothing
PUBLISHED = "published"  # likewise the status


@dataclass(frozen=True)
class TutorialFile:
    """What one file says. `lines` tells on which line each value, and the body, begins."""

    path: Path
    values: dict[str, Any]
    body: str
    lines: dict[str, int] = field(repr=False)
    # The file itself, to the byte.
    source: str = field(repr=False, default="")

    @property
    def slug(self) -> str:
        return str(self.values.get("slug") or self.path.stem)

    @property
    def status(self) -> str:
        return str(self.values.get("status") or PUBLISHED)

    @property
    def tags(self) -> list[str]:
        return list(self.values.get("tags") or [])

    @property
    def pass_mark(self) -> int:
        mark = self.values.get("pass_mark")
        return PASS_MARK if mark in (None, "") else int(mark)

    @property
    def published_at(self) -> datetime | None:
        """A date alone means the beginning of that day, UTC."""
        at = self.values.get("published_at") or None
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime(at.year, at.month, at.day, tzinfo=UTC) if at else None

    def canonical(self) -> str:
        """What we would write to say the same."""
        defaults = {"slug": self.slug, "tags": self.tags, "pass_mark": self.pass_mark, "status": self.status}
        return compose_tutorial({**self.values, **defaults, "published_at": self.published_at}, self.body)

    def complaint(self, about: str, message: str, *, line: int | None = None) -> str:
        """One message that says where (the line, else that of the value, else the first) and what."""
        return f"{self.path}:{line or self.lines.get(about, 1)}: {about}: {message}"


def read_tutorial(path: Path) -> TutorialFile:
    """Read one file. Raises ValidationError whose messages begin with "file:line: "."""
    return parse_tutorial(path, read_text(path))


def parse_tutorial(path: Path, source: str) -> TutorialFile:
    """Read what stands in a file. Raises ValidationError whose messages begin with "file:line: "."""
    text = source.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    header, body, body_line = split(path, text)
    values, lines = parse_header(path, header)
    lines["body"] = body_line
    file = TutorialFile(path=path, values=values, body=body, lines=lines, source=source)
    complaints = list(complain(file))
    if complaints:
        raise ValidationError(complaints)
    return file


def read_text(path: Path) -> str:
    """A file as text, its ends of lines as they are. Raises ValidationError with file and line if it is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValidationError(f"{path}:{line}: This is not UTF-8 text.") from error
    except OSError as error:
        raise ValidationError(f"{path}:1: This cannot be read: {error.strerror}.") from error


def split(path: Path, text: str) -> tuple[str, str, int]:
    """The header, the body, and the line on which the body begins."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise ValidationError(f"{path}:1: The file must begin with front matter between two lines of {FENCE}.")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            rest = "\n".join(lines[number + 1 :])
            body = rest.strip("\n")
            blank = len(rest) - len(rest.lstrip("\n")) if body else 0
            return "\n".join(lines[1:number]), f"{body}\n" if body else "", number + 2 + blank
    raise ValidationError(f"{path}:1: The front matter has no closing line of {FENCE}.")


def parse_header(path: Path, header: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The values by name and the line of each (the file's, so one more than the header's)."""
    with yaml_faults(path, first_line=2):
        node = yaml.compose(header, Loader=yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise ValidationError(f"{path}:2: The front matter must be lines of `name: value`.")
        names = [(key.value, key.start_mark.line + 2) for key, _ in node.value]
        values = yaml.safe_load(header)
    twice = [
        f"{path}:{line}: {name}: This name stands here twice." for name, line in names if dict(names)[name] != line
    ]
    if twice:
        raise ValidationError(twice)
    return values, dict(names)


@contextmanager
def yaml_faults(path: Path, first_line: int) -> Iterator[None]:
    """Whatever is wrong with YAML that begins on this line of the file, as a ValidationError."""
    try:
        yield
    except RecursionError as error:
        raise ValidationError(f"{path}:{first_line}: This is nested too deeply.") from error
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise ValidationError(f"{path}:{line}: {error.problem or 'This is not valid YAML'}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValidationError(f"{path}:{first_line}: {error}") from error


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_date(value: object) -> bool:
    return isinstance(value, date)


TYPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "tags": (is_list_of_texts, "a list of texts, such as [prompting, evaluation]"),
    "pass_mark": (is_whole_number, "a whole number"),
    "published_at": (is_date, "a date such as 2026-09-01"),
}


def complain(file: TutorialFile) -> Iterator[str]:
    """What is wrong with the names and the types; the values are the model's to judge."""
    for name in file.values:
        if name not in KNOWN:
            yield file.complaint(str(name), f"There is no such name; known are {', '.join(KNOWN)}.")
    for name in REQUIRED:
        if file.values.get(name) in (None, ""):
            yield file.complaint(name, "A value is required.")
    if file.status == PUBLISHED and file.values.get("published_at") in (None, ""):
        yield file.complaint("published_at", "A value is required, or `status: draft`.")
    for name, value in file.values.items():
        is_right, wanted = TYPES.get(name, (is_text, "text"))
        if name in KNOWN and value not in (None, "") and not is_right(value):
            yield file.complaint(name, f"This must be {wanted}.")
        elif any(isinstance(text, str) and UNPRINTABLE.search(text) for text in texts_in(value)):
            yield file.complaint(name, "Control characters are not allowed.")


def texts_in(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


# Writing


def compose_tutorial(values: dict[str, Any], body: str) -> str:
    """The file of a tutorial; `values` have every known name. What a file need not say is left out."""
    said = {name: values[name] for name in KNOWN}
    if not said["tags"]:
        del said["tags"]
    if said["pass_mark"] == PASS_MARK:
        del said["pass_mark"]
    if said["status"] == PUBLISHED:
        del said["status"]
    if said["published_at"] is None:
        del said["published_at"]
    header = "".join(f"{name}: {compose_value(value)}\n" for name, value in said.items())
    return f"{FENCE}\n{header}{FENCE}\n\n{body}"


def compose_value(value: str | int | datetime | list[str]) -> str:
    """A value in one line of YAML, the way that a person would write it."""
    if isinstance(value, list):
        return f"[{', '.join(map(compose_text_in_list, value))}]"
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.date().isoformat() if at.time() == time() else at.isoformat()
    return compose_text(value) if isinstance(value, str) else str(value).lower()


def compose_text(text: str) -> str:
    """Without quotation marks, where it is the same text then."""
    return text if reads_as(f"a: {text}\n", {"a": text}) else quote(text)


def compose_text_in_list(text: str) -> str:
    return text if reads_as(f"[{text}, a]", [text, "a"]) else quote(text)


def reads_as(source: str, value: object) -> bool:
    try:
        return bool(yaml.safe_load(source) == value)
    except (yaml.YAMLError, ValueError):
        return False


def quote(text: str) -> str:
    # PyYAML breaks long lines unless told not to.
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf")).rstrip("\n")
