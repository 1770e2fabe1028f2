"""Where the platform may be told to post to."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from common.outside import NotPosted, check_address, post
from tests.listening import Listening


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "ftp://hooks.example/x",
        "https://user:secret@hooks.example/",
        "https:///nowhere",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
    ],
)
def test_an_address_must_be_public_and_secret_on_the_way(url: str) -> None:
    with pytest.raises(ValidationError):
        check_address(url)


def test_an_address_of_the_internet_is_taken() -> None:
    check_address("https://hooks.example/services/T0/B0?x=1")
    check_address("https://1.1.1.1/x")


def test_a_name_that_leads_into_our_own_network_is_not_spoken_to(listening: Listening) -> None:
    with pytest.raises(NotPosted, match="private network"):
        post(f"http://localhost:{listening.server_port}/hook", {"a": 1})
    assert listening.taken == []


def test_while_we_develop_loopback_is_spoken_to(listening: Listening, settings: Any) -> None:
    settings.DEBUG = True
    post(f"http://localhost:{listening.server_port}/hook?key=1", {"text": "ä"})
    assert listening.taken == [("/hook?key=1", f"localhost:{listening.server_port}", {"text": "ä"})]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_whatever_is_no_success_is_not_posted_and_nowhere_else_either(
    listening: Listening, settings: Any, status: int
) -> None:
    settings.DEBUG = True
    listening.answer = status
    with pytest.raises(NotPosted, match=str(status)):
        post(f"http://127.0.0.1:{listening.server_port}/hook", {})
    assert len(listening.taken) == 1


def test_a_name_that_leads_nowhere_and_a_door_that_is_shut_are_told_apart(settings: Any) -> None:
    settings.DEBUG = True
    with pytest.raises(NotPosted, match="nowhere"):
        post("https://nowhere.invalid/", {})
    with pytest.raises(NotPosted, match="ConnectError"):
        post("http://127.0.0.1:9/", {})
