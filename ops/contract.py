"""The schema of the API: made once in the life of a process, which is at most that of a release."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

OVERVIEW = Path(__file__).with_name("overview.md")
# In the order in which one meets them, with what each is about.
GROUPS = {
    "Signing in": "Sign up, in and out, and exchange tokens.",
    "Accounts": "Yourself, your devices, API keys and data; other people.",
    "Tutorials": "Find and read them.",
    "Learning": "Progress, quizzes, bookmarks, tracks and achievements.",
    "Writing tutorials": "Reviews, publication, images and versions; for authors.",
    "Community": "Posts, comments, likes, search, drafts and images.",
    "Following": "What you watch, what you are told, and how often by mail.",
    "Moderation": "For moderators.",
    "Billing": "Your subscription and invoices.",
    "Organisations": "Members, seats and invitations.",
    "Analytics": "Send events; read figures, for staff.",
    "Contract": "This description itself.",
}
making = Lock()


@dataclass(frozen=True)
class Contract:
    document: dict[str, Any]
    json: bytes
    # Quoted, as headers have it; the same in all processes of a release.
    etag: str


def current() -> Contract:
    """Who asks while it is made waits for it."""
    with making:
        return make()


@cache
def make() -> Contract:
    # Takes a while to load, and most processes are never asked.
    from drf_spectacular.generators import SchemaGenerator

    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Contract(document, text, f'"{sha256(text).hexdigest()[:32]}"')


def introduce(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of the generator: what to know first, and the groups in their order."""
    result["info"]["description"] = OVERVIEW.read_text()
    result["tags"] = [{"name": name, "description": about} for name, about in GROUPS.items()]
    return result
