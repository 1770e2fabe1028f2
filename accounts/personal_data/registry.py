"""The registry: which rows are about whom, what of them is exported, and what erasure does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import FileField, Model, QuerySet

if TYPE_CHECKING:
    from accounts.models import User

# Takes rows and leaves nothing of the person in them; returns how many there were. It answers for
# all that hangs on the rows, too.
Anonymise = Callable[[QuerySet[Any]], int]


@dataclass(frozen=True)
class Holding:
    """The rows of one model that belong to a person, by a path of foreign keys.

    Every column but the key and the link is either in `exported` or in `left_out`, there with the
    reason, which the person reads in the export. Erasure deletes the rows, and the files they
    name, unless `anonymise` says what happens instead.
    """

    model: type[Model]
    # What the rows are, for the person: "Devices on which you signed in".
    title: str
    # From a row to the person: "user", "session__user"; "pk" for the person's own row.
    path: str
    # Columns, or paths to columns of other models ("topic__name").
    exported: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    anonymise: Anonymise | None = None

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def file_fields(self) -> list[str]:
        return [each.name for each in self.model._meta.concrete_fields if isinstance(each, FileField)]

    def rows(self, person: User) -> QuerySet[Any]:
        """All of the person's rows, also those that the model's own manager hides."""
        return self.model._base_manager.filter(**{self.path: person.pk}).order_by("pk")

    def files(self, person: User) -> Iterator[str]:
        """Names of the files that these rows name, all in the default storage."""
        return self._files(person, self.file_fields)

    def exported_files(self, person: User) -> Iterator[str]:
        return self._files(person, [name for name in self.file_fields if name in self.exported])

    def _files(self, person: User, fields: list[str]) -> Iterator[str]:
        for name in fields:
            yield from self.rows(person).exclude(**{name: ""}).values_list(name, flat=True)


@dataclass(frozen=True)
class Trace:
    """Rows that tell of a person without a link to them, such as an address that was typed.

    Erasure deletes them, or does what `anonymise` says. They are not exported: who typed it is
    not known.
    """

    model: type[Model]
    find: Callable[[User], QuerySet[Any]]
    anonymise: Anonymise | None = None

    @property
    def label(self) -> str:
        return self.model._meta.label


registered: list[Holding | Trace] = []


def register(*entries: Holding | Trace) -> None:
    registered.extend(entries)


def holdings() -> list[Holding]:
    """All holdings, in an order in which they can be deleted: what hangs on others first, the person last."""
    found = [entry for entry in registered if isinstance(entry, Holding)]
    return sorted(found, key=lambda holding: (holding.path == "pk", -holding.path.count("__"), holding.label))


def traces() -> list[Trace]:
    return [entry for entry in registered if isinstance(entry, Trace)]
