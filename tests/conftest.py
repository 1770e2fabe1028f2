"""The cast that every test may call on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from accounts.models import User
from common.kept import near
from tests import locks, order
from tests.analytics.taken import taken  # noqa: F401 - a fixture for all
from tests.brokers import worker_elsewhere  # noqa: F401 - a fixture for all
from tests.counterparts.paypal_contract import paypal_contract, paypal_keys, paypal_stand_in  # noqa: F401 - fixtures for all
from tests.counterparts.process import counterparts, counterparts_process  # noqa: F401 - fixtures for all
from tests.factories import make_tutorial, make_user
from tests.listening import listening  # noqa: F401 - a fixture for all
from tests.postbox import postbox  # noqa: F401 - a fixture for all
from tests.recording import recorded, stream_emptied  # noqa: F401 - fixtures for all
from tests.restoring import remember, restore
from tutorials.models import Tutorial


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = order.deal(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As pytest-django has it, but for what becomes of the database after a test whose rows were committed."""
    with django_db_blocker.unblock():
        remember()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
        with connection.execute_wrapper(locks.watch):
            yield


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    yield
    cache.clear()
    near.clear()


@pytest.fixture
def learner(db: None) -> User:
    return make_user(email="learner@howtoai.example", name="Lea Learner")


@pytest.fixture
def author(db: None) -> User:
    """Staff who may write and change tutorials, and nothing else."""
    return make_user(email="author@howtoai.example", name="Ada Author", role="author")


@pytest.fixture
def moderator(db: None) -> User:
    """Staff without a right to tutorials."""
    return make_user(email="moderator@howtoai.example", name="Mo Moderator", role="moderator")


@pytest.fixture
def admin(db: None) -> User:
    return make_user(email="admin@howtoai.example", name="Alex Admin", role="administrator")


@pytest.fixture
def stranger(db: None) -> User:
    """Another learner, to whom nothing of the first belongs."""
    return make_user(email="stranger@howtoai.example", name="Sam Stranger")


@pytest.fixture
def visitor(db: None) -> Client:
    """A browser that nobody has signed in with."""
    return Client()


@pytest.fixture
def tutorial(db: None) -> Tutorial:
    return make_tutorial("Prompting that works")


@pytest.fixture
def premium_tutorial(db: None) -> Tutorial:
    return make_tutorial("Agents and tools", access="premium")
