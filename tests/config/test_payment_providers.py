"""Which payment providers a process takes for real, for pretended, or for a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.origins import origin_of
from config.payment_pages import is_pretended
from config.stand_in import CHOSEN, assume_stand_in
from tests.config.test_environment import COMPLETE, run

DEVELOPMENT = {"DEBUG": "true"}
STAND_INS = {"STRIPE_API_BASE": "http://127.0.0.1:18000/stripe", "PAYPAL_API_BASE": "http://127.0.0.1:18000/paypal"}
TEST_KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "PAYPAL_CLIENT_ID": "client"}
SHOW = "from config import settings as s; print(s.PAYMENTS_ARE_PRETENDED, s.STRIPE_API_BASE, *s.PAYMENT_PAGE_ORIGINS)"


@pytest.mark.parametrize("name", [each + suffix for each in CHOSEN for suffix in ("", "_FILE")])
def test_whatever_names_a_provider_ends_the_assumption_of_stand_ins(name: str) -> None:
    environment = {name: "something"}
    assert assume_stand_in(environment, Path("/nowhere")) == ""
    assert environment == {name: "something"}


def test_stand_ins_are_assumed_where_nobody_named_a_provider() -> None:
    environment = {"STRIPE_SECRET_KEY": "", "PORT": "9000"}
    assert assume_stand_in(environment, Path("/nowhere")) == "http://127.0.0.1:19000"
    assert set(CHOSEN) <= {name for name, value in environment.items() if value}


def test_a_key_in_a_file_goes_to_its_provider(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk_live_1")
    done = run("-c", SHOW, **DEVELOPMENT, STRIPE_SECRET_KEY_FILE=str(key))
    assert done.stdout.startswith("False https://api.stripe.com https://checkout.stripe.com "), done.stderr


@pytest.mark.parametrize(
    ("address", "pretended"),
    [
        ("http://127.0.0.1:18000/stripe", True),
        ("http://127.8.9.10", True),
        ("https://localhost", True),
        ("http://LOCALHOST.:80/", True),
        ("http://stripe.localhost", True),
        ("http://[::1]:80", True),
        ("https://api.stripe.com", False),
        ("https://localhost.example", False),
        ("https://10.0.0.1", False),
    ],
)
def test_what_lies_on_this_machine_is_pretended(address: str, pretended: bool) -> None:
    assert is_pretended(address) == pretended


@pytest.mark.parametrize("address", ["", "https://[x/", "javascript:alert(1)", "//x.example", "https://", "ftp://x"])
def test_what_is_no_address_has_no_origin(address: str) -> None:
    assert origin_of(address) == ""


@pytest.mark.parametrize(
    ("given", "pretended"),
    [
        ({}, True),
        (STAND_INS | TEST_KEYS, True),
        (STAND_INS | {"STRIPE_SECRET_KEY": "sk_test_1"}, True),
        (TEST_KEYS | {"PAYPAL_API_BASE": STAND_INS["PAYPAL_API_BASE"]}, False),
        (TEST_KEYS | {"STRIPE_API_BASE": STAND_INS["STRIPE_API_BASE"]}, False),
        (TEST_KEYS, False),
        (STAND_INS, False),
    ],
)
def test_no_money_moves_only_if_that_is_so_wherever_we_could_charge(given: dict[str, str], pretended: bool) -> None:
    done = run("-c", SHOW, **DEVELOPMENT | given)
    assert done.stdout.split()[0] == str(pretended), done.stderr


def test_an_empty_base_is_the_provider_s_own() -> None:
    done = run("-c", SHOW, **COMPLETE, STRIPE_API_BASE="", PAYPAL_API_BASE="")
    assert done.stdout.startswith("False https://api.stripe.com https://checkout.stripe.com "), done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (COMPLETE | {"STRIPE_API_BASE": "http://api.stripe.com"}, "STRIPE_API_BASE must be https:// and not this"),
        (COMPLETE | {"PAYPAL_API_BASE": "https://127.0.0.1"}, "PAYPAL_API_BASE must be https:// and not this"),
        (COMPLETE | STAND_INS, "STRIPE_API_BASE, PAYPAL_API_BASE must be https:// and not this machine when DEBUG"),
        (COMPLETE | {"PAYPAL_API_BASE": "https://[x/"}, "PAYPAL_API_BASE must be an address such as https://"),
        (DEVELOPMENT | {"STRIPE_API_BASE": "javascript:alert(1)"}, "STRIPE_API_BASE must be an address such as"),
        *(
            (
                around | {"STRIPE_SECRET_KEY": f"{kind}_live_1", "PAYPAL_API_BASE": STAND_INS["PAYPAL_API_BASE"]},
                "STRIPE_SECRET_KEY charges real money, so PAYPAL_API_BASE must be https://",
            )
            for kind in ("sk", "rk")
            for around in (DEVELOPMENT, COMPLETE | {"ALLOW_PRETENDED_PAYMENTS": "true"})
        ),
    ],
)
def test_a_provider_that_is_none_is_one_line(given: dict[str, str], message: str) -> None:
    done = run("manage.py", "check", **given)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_production_may_be_tried_at_stand_ins_if_somebody_says_so() -> None:
    done = run("-c", SHOW, **COMPLETE | STAND_INS | TEST_KEYS, ALLOW_PRETENDED_PAYMENTS="true")
    assert done.stdout.startswith("True http://127.0.0.1:18000/stripe "), done.stderr
