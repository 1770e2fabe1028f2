"""The language of a search: words, "phrases", -without, or, and filters such as author:ada or is:solved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.core.exceptions import ValidationError

from tutorials.models.tutorials import is_tag

FILTERS = "author:, tag:, category:, is:solved, is:unsolved, is:question, in:title, after: and before:"
# A filter is small letters and a colon with something at once behind it, so that neither 12:30 nor an address is one.
TOKEN = re.compile(
    r"""(?P<minus>-?)(?:(?P<key>[a-z]+):(?=[^\s:/])(?P<value>"[^"]*"|\S+)|"(?P<phrase>[^"]*)"?|(?P<word>\S+))"""
)
IS = {"solved", "unsolved", "question"}


@dataclass(frozen=True)
class Term:
    words: str
    is_phrase: bool = False


@dataclass
class Asked:
    """What a search asks for. Days begin at midnight UTC."""

    # All of these, of each one of the alternatives.
    wanted: list[list[Term]] = field(default_factory=list)
    unwanted: list[Term] = field(default_factory=list)
    # (whether it is wanted, what stands behind the colon)
    authors: list[tuple[bool, str]] = field(default_factory=list)
    tags: list[tuple[bool, str]] = field(default_factory=list)
    categories: list[tuple[bool, str]] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    in_title: bool = False
    after: datetime | None = None
    before: datetime | None = None

    @property
    def narrows(self) -> bool:
        """Whether a filter was given."""
        return bool(
            self.authors or self.tags or self.categories or self.states or self.in_title or self.after or self.before
        )

    @property
    def terms(self) -> list[Term]:
        """What is looked for."""
        return [term for alternatives in self.wanted for term in alternatives]


def understand(question: str) -> Asked:
    """Raises ValidationError for a filter that there isn't, or that has no such value."""
    asked, alternative = Asked(), False
    for token in TOKEN.finditer(question):
        wanted = not token["minus"]
        if token["key"]:
            add_filter(asked, token["key"], token["value"].strip('"'), wanted=wanted)
            continue
        if token["word"] and token["word"].lower() == "or" and wanted:
            alternative = bool(asked.wanted)
            continue
        term = Term(token["word"] or token["phrase"] or "", is_phrase=token["word"] is None)
        if not wanted:
            asked.unwanted.append(term)
        elif alternative:
            asked.wanted[-1].append(term)
        else:
            asked.wanted.append([term])
        alternative = False
    return asked


def add_filter(asked: Asked, key: str, value: str, *, wanted: bool) -> None:
    if key in ("author", "tag", "category"):
        value = value.lower().removeprefix("@" if key == "author" else "#")
        if key == "tag":
            is_tag(value)
        {"author": asked.authors, "tag": asked.tags, "category": asked.categories}[key].append((wanted, value))
        return
    if key not in ("is", "in", "after", "before"):
        message = f"There is no filter {key}. Use {FILTERS}; to search for the words, put quotes around them."
        raise ValidationError(message, code="filter")
    if not wanted:
        raise ValidationError(f"{key}: cannot be excluded. Leave out the minus.", code="filter")
    if key == "is":
        if value not in IS:
            raise ValidationError("After is: write solved, unsolved or question.", code="filter")
        asked.states.add(value)
    elif key == "in":
        if value != "title":
            raise ValidationError("After in: write title.", code="filter")
        asked.in_title = True
    else:
        setattr(asked, key, day_of(value, key))


def day_of(value: str, key: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValidationError(f"“{key}:” needs a day, such as {key}:2026-01-31.", code="filter") from None
