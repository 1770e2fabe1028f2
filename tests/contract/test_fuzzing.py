"""What the schema allows and what it forbids, sent to every operation by somebody signed in and by a visitor.

A part of `make contract` (tests/contract/long_run.py), which sends some hundred times as much to a real server.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from accounts.models import User
from accounts.services import sessions
from ops import contract
from tests.accounts.test_users_api import VISIT
from tests.contract.inside import Application, application  # noqa: F401 - a fixture
from tests.tutorials.learners import make_quiz_tutorial, make_track
from tutorials.models import Tutorial

# What schemathesis is told to expect, with reasons.
RULES = Path(__file__).with_name("schemathesis.toml")
# Who asks, and how much of each kind of each operation: a visitor is refused most of it.
EXAMPLES = {"visitor": 1, "administrator": 2}
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.fixture
def schema(application: Application) -> Any:  # noqa: F811 - the fixture
    loaded = schemathesis.openapi.from_dict(contract.current().document, config=schemathesis.Config.from_path(RULES))
    loaded.app = application
    return loaded


@pytest.fixture
def some_content(tutorial: Tutorial) -> None:
    make_track(tutorial, make_quiz_tutorial("Asked", slug="how-language-models-work"), slug="start-here")


def token_of(user: User) -> str:
    return sessions.issue_tokens(sessions.start(user=user, visit=VISIT)).access


@pytest.mark.parametrize("who", EXAMPLES)
def test_every_operation_holds_its_contract(schema: Any, some_content: None, admin: User, who: str) -> None:
    headers = {} if who == "visitor" else {"Authorization": f"Bearer {token_of(admin)}"}
    faults = []
    for found in schema.get_all_operations():
        operation = found.ok()
        # What has neither parameters nor a body cannot be wrong.
        for mode in (POSITIVE, NEGATIVE) if operation.query or operation.body else (POSITIVE,):
            try:
                send(operation, mode, EXAMPLES[who], headers)
            except schemathesis.core.failures.FailureGroup as found_wrong:
                faults.append(str(found_wrong))
    assert not faults, "\n\n".join(faults)


# Their filters are words that no schema knows: a topic, a category, a handle, and days in their order.
FILTERED = {"get_posts", "get_tutorials", "get_analytics_series", "get_analytics_summary"}


def test_what_the_schema_allows_of_a_list_is_not_refused(schema: Any, some_content: None, admin: User) -> None:
    """But for a cursor, of which it does not tell which are ours."""
    headers, asked, refused = {"Authorization": f"Bearer {token_of(admin)}"}, set(), {}
    for found in schema.get_all_operations():
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if operation.method.upper() != "GET" or name in FILTERED or "cursor" not in names_of(operation.query):
            continue
        asked.add(name)
        if answers := refusals(operation, headers):
            refused[name] = answers
    assert len(asked) > 20
    assert refused == {}


def names_of(parameters: Any) -> set[str]:
    return {parameter.name for parameter in parameters}


def refusals(operation: Any, headers: dict[str, str]) -> list[str]:
    answers = []

    @given(case=operation.as_strategy(generation_mode=POSITIVE))
    @settings(
        max_examples=3,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.query.pop("cursor", None)
        response = case.call(headers=headers)
        if response.status_code not in (200, 403, 404):
            answers.append(f"{response.status_code} {response.text}")

    ask()
    return answers


def send(operation: Any, mode: Any, examples: int, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        case.call_and_validate(headers=headers)

    # A few bodies can be anything.
    with suppress(Unsatisfiable):
        one()
