"""`/api/docs` shows people what the schema says."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ops import reference
from tests.contract.holding import operations


@pytest.fixture
def client(db: None) -> Client:
    return Client()


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_the_overview_leads_to_every_operation(client: Client) -> None:
    html = page(client, "/api/docs")
    links = set(re.findall(r'href="/api/docs/([a-z-]+)#([a-z-]+)"', html))
    assert {anchor for _, anchor in links} == {name.replace("_", "-") for name in operations()}
    for group, anchor in links:
        assert f'id="{anchor}"' in page(client, f"/api/docs/{group}"), (group, anchor)


def test_an_operation_is_told_of_with_fields_examples_and_refusals(client: Client) -> None:
    html = page(client, "/api/docs/learning")
    told = html[html.index('id="put-progress"') : html.index('id="get-quiz"')]
    for words in (
        "Report progress",
        "an API key needs",
        "tutorials:write",
        "fraction",
        "whole number",
        "awards[].code",
    ):
        assert words in told
    assert "premium_required" in told
    assert "curl -s -X PUT" in re.sub(r"<[^>]+>", "", told)


def test_who_may_ask_is_said(client: Client) -> None:
    assert "For everybody; an API key needs" in page(client, "/api/docs/tutorials")
    assert "no API key opens it" in page(client, "/api/docs/billing")
    assert "Whoever is signed in already, and how, plays no part." in page(client, "/api/docs/signing-in")


def test_there_is_no_other_group(client: Client) -> None:
    assert client.get("/api/docs/nowhere").status_code == 404


def test_everything_is_told_of() -> None:
    assert sum(len(group.operations) for group in reference.groups()) == len(operations())
