"""What apps above this one show on somebody's profile, in the order in which they register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import Profile, User

# What a section shows of a profile to whoever looks; None: nothing, and the section is left out.
Content = Callable[["Profile", "User | AnonymousUser"], dict[str, Any] | None]


@dataclass(frozen=True)
class ProfileSection:
    """`template` gets what `content` returns as `section`, beside the profile."""

    template: str
    content: Content


registered: list[ProfileSection] = []


def register(section: ProfileSection) -> None:
    registered.append(section)


def sections_of(profile: Profile, *, to: User | AnonymousUser) -> list[dict[str, Any]]:
    """The sections that this person may see, each {"template", "content"}."""
    shown = ((section.template, section.content(profile, to)) for section in registered)
    return [{"template": template, "content": content} for template, content in shown if content is not None]
