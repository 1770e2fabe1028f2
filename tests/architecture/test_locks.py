"""That a request which locks outside of a transaction would be found, in every test that sends one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from accounts.models import User
from common.database import lock_for_transaction
from common.request_id import request_id


@pytest.fixture
def in_request() -> Iterator[None]:
    token = request_id.set("a request")
    yield
    request_id.reset(token)


def test_a_row_that_is_locked_outside_would_be_found(learner: User, in_request: None) -> None:
    with pytest.raises(AssertionError, match="outside of a transaction"):
        User.objects.select_for_update(of=("self",)).get(pk=learner.pk)


def test_so_would_a_lock_of_no_row(db: None, in_request: None) -> None:
    with pytest.raises(AssertionError, match="outside of a transaction"):
        lock_for_transaction("space", 1)


def test_within_one_it_is_let_be(learner: User, in_request: None) -> None:
    with transaction.atomic():
        assert User.objects.select_for_update(no_key=True).get(pk=learner.pk) == learner
        lock_for_transaction("space", 1)
