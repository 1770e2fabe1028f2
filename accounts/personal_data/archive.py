"""The ZIP file that somebody gets of everything that belongs to them."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from accounts.personal_data.registry import Holding, holdings

if TYPE_CHECKING:
    from accounts.models import User

# Rows that are in memory at once.
CHUNK = 500


@dataclass(frozen=True)
class Part:
    """One file of the archive, for its README."""

    name: str
    holding: Holding
    rows: int
    missing: list[str]


def write_archive(person: User, stream: IO[bytes], *, at: datetime) -> None:
    """Write a ZIP file with a JSON file for each kind of row, the files they name, and README.txt.

    Times are ISO 8601 in UTC. `at` stands in the README and on the files.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        writer = Writer(archive, at)
        parts = [writer.add(holding, person) for holding in holdings() if holding.exported]
        context = {"parts": parts, "person": person, "at": at.astimezone(UTC), "site_name": settings.SITE_NAME}
        with writer.open("README.txt") as file:
            file.write(render_to_string("accounts/export_readme.txt", context).encode())


@dataclass(frozen=True)
class Writer:
    archive: zipfile.ZipFile
    at: datetime

    def open(self, name: str) -> IO[bytes]:
        info = zipfile.ZipInfo(name, date_time=self.at.astimezone(UTC).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        # Readable by whoever unpacks it, and by nobody else.
        info.external_attr = 0o600 << 16
        return self.archive.open(info, "w")

    def add(self, holding: Holding, person: User) -> Part:
        """Write the rows, one after another, and then the files that they name."""
        count = 0
        name = f"{holding.label.lower().replace('.', '/')}.json"
        with self.open(name) as file:
            # Closed apart from the file, which it only encodes for.
            text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
            text.write("[")
            for row in rows_of(holding, person):
                text.write(",\n" if count else "\n")
                json.dump(row, text, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
                count += 1
            text.write("\n]\n")
            text.detach()
        return Part(name=name, holding=holding, rows=count, missing=self.add_files(holding, person))

    def add_files(self, holding: Holding, person: User) -> list[str]:
        """Copy the files to `files/`; returns the names of those that are not there."""
        missing = []
        for name in holding.exported_files(person):
            try:
                source = default_storage.open(name)
            except FileNotFoundError:
                missing.append(name)
                continue
            with source, self.open(f"files/{name}") as target:
                shutil.copyfileobj(source, target)
        return missing


def rows_of(holding: Holding, person: User) -> Iterator[dict[str, Any]]:
    """What is exported of each row; a column of another model is called "topic.name"."""
    for row in holding.rows(person).values(*holding.exported).iterator(chunk_size=CHUNK):
        yield {name.replace("__", "."): value for name, value in row.items()}
