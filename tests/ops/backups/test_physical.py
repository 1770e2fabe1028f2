"""Physical backups: all files of the server, or what has changed; proven by a server that starts from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.models import BackupKind, Verdict
from ops.services.backups.backing_up import back_up
from ops.services.backups.verifying import verify
from tests.factories import make_user


@pytest.mark.django_db(transaction=True)
def test_a_full_one_and_then_what_has_changed_are_both_proven(backups_folder: Path, media: Path) -> None:
    make_user(email="first@howtoai.example")
    full = back_up(BackupKind.PHYSICAL)
    assert verify(full.name).verdict == Verdict.PASSED
    make_user(email="second@howtoai.example")
    changes = back_up(BackupKind.PHYSICAL)
    assert verify(changes.name).verdict == Verdict.PASSED
    assert (changes.size or 0) < (full.size or 0) / 2
