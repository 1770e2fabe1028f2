"""Every app says what it holds about people, completely."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.files.storage import default_storage
from django.db.models import Field, FileField, Model

from accounts.models import BrowserSession, LoginHistory, Profile, Session, User
from accounts.personal_data import Holding, holdings, traces
from billing.djstripe_mirror import KEPT
from community.models import PostImage, PostTag, SearchEntry
from tutorials.models import TrackStep, TutorialImage

# Models that hang on something that belongs to a person, without being about them → why.
NOT_PERSONAL: dict[type[Model], str] = {
    BrowserSession: "what it holds of a person is found as a trace, with what tells of them before they sign in",
    TrackStep: "it places a tutorial in a track",
    PostTag: "it says by which tags a post is found",
    PostImage.posts.through: "it says which post shows an image",
    PostImage.comments.through: "it says which comment shows an image",
    SearchEntry: "it holds the words by which a text is found, as long as that text is there",
    TutorialImage: "it is a part of a tutorial, which stays",
    **dict.fromkeys(
        set(apps.get_app_config("djstripe").get_models(include_auto_created=True)) - set(KEPT.values()),
        "of Stripe's objects, these are not kept",
    ),
}

ENTRIES = holdings()


def links(model: type[Model]) -> Iterator[Field]:
    """The foreign keys of a model, one-to-one keys among them; tables of many-to-many fields are models too."""
    for field in model._meta.concrete_fields:
        if field.is_relation:
            yield field


def models_linked_to_people() -> set[type[Model]]:
    """All that lead to a person, directly or through another that does."""
    found: set[type[Model]] = {User}
    while True:
        more = {
            model
            for model in apps.get_models(include_auto_created=True)
            if model not in found and any(field.related_model in found for field in links(model))
        }
        if not more:
            return found
        found |= more


def not_registered(entries: list[Holding]) -> set[str]:
    """Models that lead to a person and are not registered, and links to a person that no path takes."""
    known = {entry.model for entry in entries} | NOT_PERSONAL.keys()
    paths = {(entry.model, entry.path.split("__")[0]) for entry in entries}
    missing = {model._meta.label for model in models_linked_to_people() - known}
    return missing | {
        f"{model._meta.label}.{field.name}"
        for model in models_linked_to_people() & known - NOT_PERSONAL.keys()
        for field in links(model)
        if field.related_model is User and (model, field.name) not in paths
    }


def follow(model: type[Model], path: str) -> type[Model] | None:
    """The model that a path ends at, if it ends with a link. Raises FieldDoesNotExist."""
    here: type[Model] | None = model
    for name in path.split("__"):
        if here is None:
            raise FieldDoesNotExist(f"{path} goes on after a column")
        if name == "pk":
            continue
        related = here._meta.get_field(name).related_model
        here = related if isinstance(related, type) else None
    return here


def gaps(holding: Holding) -> list[str]:
    """Columns that are neither exported nor left out."""
    said = {name.split("__")[0] for name in (*holding.exported, *holding.left_out, holding.path)}
    columns = holding.model._meta.concrete_fields
    return [field.name for field in columns if field.name not in said and not field.primary_key]


def test_every_link_to_a_person_is_registered() -> None:
    assert not_registered(ENTRIES) == set()


@pytest.mark.parametrize("model", [LoginHistory, Profile, Session, User.groups.through])
def test_a_model_that_is_not_registered_would_be_found(model: type[Model]) -> None:
    assert model._meta.label in not_registered([entry for entry in ENTRIES if entry.model is not model])


def test_a_second_link_to_a_person_would_be_found() -> None:
    by_another_way = Holding(LoginHistory, title="", path="session__user")
    others = [entry for entry in ENTRIES if entry.model is not LoginHistory]
    assert not_registered([*others, by_another_way]) == {"accounts.LoginHistory.user"}


@pytest.mark.parametrize("holding", ENTRIES, ids=lambda holding: holding.label)
def test_paths_lead_to_a_person_and_every_column_is_accounted_for(holding: Holding) -> None:
    assert follow(holding.model, holding.path) is User
    for name in (*holding.exported, *holding.left_out):
        follow(holding.model, name)
    assert gaps(holding) == []
    assert set(holding.exported).isdisjoint(holding.left_out)
    assert holding.title


def test_a_column_that_does_not_exist_or_is_forgotten_would_be_found() -> None:
    with pytest.raises(FieldDoesNotExist):
        follow(Profile, "shoe_size")
    with pytest.raises(FieldDoesNotExist):
        follow(Profile, "handle__length")
    assert gaps(Holding(Session, title="", path="user", exported=("door", "device")))[:2] == ["address", "created_at"]


def test_no_two_exports_have_the_same_file() -> None:
    exported = [holding.label for holding in ENTRIES if holding.exported]
    assert len(exported) == len(set(exported))


def test_nothing_secret_is_exported() -> None:
    secrets = {"password", "hash", "refresh_hash", "previous_hash", "token", "token_secret", "key", "data"}
    assert [holding.label for holding in ENTRIES if not secrets.isdisjoint(holding.exported)] == []


def test_the_person_goes_last_and_what_hangs_on_others_first() -> None:
    order = [holding.label for holding in ENTRIES]
    assert order[-1] == "accounts.User"
    assert order.index("account.EmailConfirmation") < order.index("account.EmailAddress")


def test_files_of_people_are_in_the_one_storage_that_erasure_cleans() -> None:
    for holding in ENTRIES:
        for name in holding.file_fields:
            field = holding.model._meta.get_field(name)
            assert isinstance(field, FileField)
            assert field.storage is default_storage


def test_what_has_no_link_is_registered_as_a_trace() -> None:
    assert {trace.label for trace in traces()} == {
        "accounts.LoginHistory",
        "accounts.BrowserSession",
        "admin.LogEntry",
        "billing.ContactRequest",
        "billing.Invitation",
        "billing.ProviderEvent",
    }
