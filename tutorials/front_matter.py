"""A Markdown file with YAML front matter, read so that every complaint has a file and a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError

FENCE = "---"
REQUIRED = ("title", "summary", "topic", "difficulty", "access", "published_at")
OPTIONAL = ("slug", "status")
# Escapes of YAML can make what no UTF-8 file and no PostgreSQL text may hold.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class TutorialFile:
    """What one file says. `lines` tells on which line each value stands."""

    path: Path
    values: dict[str, Any]
    body: str
    lines: dict[str, int] = field(repr=False)

    @property
    def slug(self) -> str:
        return str(self.values.get("slug") or self.path.stem)

    @property
    def published_at(self) -> datetime:
        """A date alone means the beginning of that day, UTC."""
        at = self.values["published_at"]
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime(at.year, at.month, at.day, tzinfo=UTC)

    def complaint(self, about: str, message: str) -> str:
        """One line that says where (the value's line, else the first) and what."""
        return f"{self.path}:{self.lines.get(about, 1)}: {about}: {message}"


def read_tutorial(path: Path) -> TutorialFile:
    """Read one file. Raises ValidationError whose messages begin with "file:line: "."""
    text = read_text(path)
    header, body, body_line = split(path, text)
    values, lines = parse_header(path, header)
    lines["body"] = body_line
    file = TutorialFile(path=path, values=values, body=body, lines=lines)
    complaints = list(complain(file))
    if complaints:
        raise ValidationError(complaints)
    return file


def read_text(path: Path) -> str:
    """A file as text. Raises ValidationError with file and line if it is none."""
    try:
        return path.read_text(encoding="utf-8")
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
            body = "\n".join(lines[number + 1 :])
            return "\n".join(lines[1:number]), f"{text}\n" if (text := body.strip("\n")) else "", number + 2
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


def complain(file: TutorialFile) -> Iterator[str]:
    """What is wrong with the names and the types; the values are the model's to judge."""
    for name in file.values:
        if name not in REQUIRED + OPTIONAL:
            yield file.complaint(str(name), f"There is no such name; known are {', '.join(REQUIRED + OPTIONAL)}.")
    for name in REQUIRED:
        if file.values.get(name) in (None, ""):
            yield file.complaint(name, "A value is required.")
    for name, value in file.values.items():
        wanted = (date, "a date such as 2026-09-01") if name == "published_at" else (str, "text")
        if name in REQUIRED + OPTIONAL and value not in (None, "") and not isinstance(value, wanted[0]):
            yield file.complaint(name, f"This must be {wanted[1]}.")
        elif isinstance(value, str) and UNPRINTABLE.search(value):
            yield file.complaint(name, "Control characters are not allowed.")
