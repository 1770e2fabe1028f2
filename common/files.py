"""Files that people have given us, as answers."""

from __future__ import annotations

from django.core.files.base import File
from django.db.models.fields.files import FieldFile
from django.http import Http404


def open_or_404(stored: FieldFile) -> File[bytes]:
    """To be read. Raises Http404 where the row names a file that the store does not have."""
    try:
        return stored.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
