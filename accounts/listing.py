"""Lists of people, devices, API keys and the login history, the same for pages and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import User
from accounts.querysets import (
    API_KEYS_NEWEST_FIRST,
    HISTORY_NEWEST_FIRST,
    PEOPLE_NEWEST_FIRST,
    SESSIONS_LATEST_FIRST,
)
from common.forms import PlaceForm, asked_place
from common.paging import Page, page_of

if TYPE_CHECKING:
    from accounts.forms.listing import PeopleListForm


def list_people(form: PeopleListForm) -> Page:
    """One page of what the form asks for. Raises ValidationError that names the parameter."""
    place = asked_place(form)
    people = User.objects.all()
    if form.cleaned_data["q"]:
        people = people.search(form.cleaned_data["q"])
    if form.cleaned_data["role"]:
        people = people.in_role(form.cleaned_data["role"])
    return page_of(people.as_rows(), order=PEOPLE_NEWEST_FIRST, **place)


def list_sessions(user: User, form: PlaceForm) -> Page:
    """Somebody's signed-in devices. Raises ValidationError that names the parameter."""
    return page_of(user.sessions.alive().as_rows(), order=SESSIONS_LATEST_FIRST, **asked_place(form))


def list_history(user: User, form: PlaceForm, *, by_people: bool = False) -> Page:
    """Somebody's login history, on demand without what programs do by themselves. Raises as above."""
    history = user.login_history.by_people() if by_people else user.login_history.all()
    return page_of(history.as_rows(), order=HISTORY_NEWEST_FIRST, **asked_place(form))


def list_keys(user: User, form: PlaceForm) -> Page:
    """Somebody's API keys, also those that are over. Raises as above."""
    return page_of(user.api_keys.as_rows(), order=API_KEYS_NEWEST_FIRST, **asked_place(form))
