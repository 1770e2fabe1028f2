"""How the stand-in for PayPal answers: to whom, in which shape, and with which refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.counterparts.merchants import MONTHLY, Merchant, link_to
from tests.counterparts.paypal_contract import Contract
from tests.counterparts.process import PAYPAL_CLIENT, Counterparts

SUBSCRIPTIONS = "/v1/billing/subscriptions"


@pytest.fixture
def merchant(paypal: Counterparts) -> Iterator[Merchant]:
    paypal.stop_at(datetime(2027, 1, 31, 12, tzinfo=UTC))
    with Merchant(paypal) as merchant:
        yield merchant


def issue_in(refusal: dict[str, Any]) -> str:
    return str(refusal["details"][0]["issue"])


def test_a_token_is_given_to_the_right_client_only(merchant: Merchant) -> None:
    grant = {"grant_type": "client_credentials"}
    good = merchant.client.post("/v1/oauth2/token", data=grant, auth=PAYPAL_CLIENT).json()
    assert (good["token_type"], good["expires_in"]) == ("Bearer", 32_400)
    bad = merchant.client.post("/v1/oauth2/token", data=grant, auth=("stand-in-client", "wrong"))
    assert (bad.status_code, bad.json()["error"]) == (401, "invalid_client")
    none = merchant.client.post("/v1/oauth2/token", data={}, auth=PAYPAL_CLIENT)
    assert (none.status_code, none.json()["error"]) == (400, "unsupported_grant_type")


def test_a_token_runs_out_by_the_clock(paypal: Counterparts, merchant: Merchant) -> None:
    name = merchant.subscribe()
    paypal.advance(hours=9)
    refused = merchant.call("GET", f"{SUBSCRIPTIONS}/{name}", expect=401)
    assert refused["name"] == "AUTHENTICATION_FAILURE"
    merchant.sign_in()
    assert merchant.show(name)["status"] == "ACTIVE"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic c3RhbmQtaW4="])
def test_nobody_comes_in_without_a_token(paypal: Counterparts, given: str) -> None:
    answer = httpx.get(f"{paypal.paypal}/v1/billing/plans", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.json()["name"]) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/catalogs/products/PROD-NONE",
        "/v1/billing/plans/P-NONE",
        f"{SUBSCRIPTIONS}/I-NONE",
        "/v1/payments/sale/NONE",
        "/v1/notifications/webhooks/NONE",
        "/v1/notifications/webhooks-events/NONE",
    ],
)
def test_what_is_not_there_is_404(merchant: Merchant, path: str) -> None:
    assert merchant.call("GET", path, expect=404)["debug_id"]


def test_a_creation_is_shown_in_short_unless_all_is_wanted(merchant: Merchant) -> None:
    body = {"name": "Premium", "type": "SERVICE", "category": "EDUCATIONAL_AND_TEXTBOOKS"}
    short = merchant.call("POST", "/v1/catalogs/products", body, expect=201, Prefer="return=minimal")
    assert "category" not in short
    whole = merchant.call("POST", "/v1/catalogs/products", body, expect=201, Prefer="return=representation")
    assert whole["category"] == "EDUCATIONAL_AND_TEXTBOOKS"
    made = merchant.ask()
    assert set(made) == {"id", "status", "create_time", "links"}
    assert {link["rel"] for link in made["links"]} == {"approve", "edit", "self"}


def test_the_same_request_id_creates_once(merchant: Merchant) -> None:
    plan = merchant.make_plan()
    body = {"plan_id": plan}
    first = merchant.call("POST", SUBSCRIPTIONS, body, expect=201, PayPal_Request_Id="row-7")
    second = merchant.call("POST", SUBSCRIPTIONS, body, expect=200, PayPal_Request_Id="row-7")
    assert second == first
    other = merchant.call("POST", SUBSCRIPTIONS, body, expect=201, PayPal_Request_Id="row-8")
    assert other["id"] != first["id"]


def test_lists_come_in_pages(merchant: Merchant) -> None:
    product = merchant.make_product()
    plans = [merchant.make_plan(product=product) for _ in range(3)]
    merchant.make_plan()
    query = f"product_id={product}&page_size=2&total_required=true"
    first = merchant.call("GET", f"/v1/billing/plans?{query}", expect=200)
    assert [plan["id"] for plan in first["plans"]] == plans[:2]
    assert (first["total_items"], first["total_pages"]) == (3, 2)
    second = merchant.call("GET", f"/v1/billing/plans?{query}&page=2", expect=200)
    assert [plan["id"] for plan in second["plans"]] == plans[2:]
    assert "plans" not in merchant.call("GET", f"/v1/billing/plans?{query}&page=3", expect=200)
    products = merchant.call("GET", "/v1/catalogs/products?page_size=20", expect=200)["products"]
    assert len(products) == 2
    merchant.call("GET", "/v1/billing/plans?page_size=21", expect=400)


def test_products_and_plans_are_changed_where_they_may_be(paypal: Counterparts, merchant: Merchant) -> None:
    product = merchant.make_product(description="Old")
    merchant.call("PATCH", f"/v1/catalogs/products/{product}", [replace("/description", "New")], expect=204)
    assert merchant.call("GET", f"/v1/catalogs/products/{product}", expect=200)["description"] == "New"
    refused = merchant.call("PATCH", f"/v1/catalogs/products/{product}", [replace("/name", "X")], expect=400)
    assert issue_in(refused) == "INVALID_PATCH_PATH"

    plan = merchant.make_plan(product=product)
    change = [replace("/payment_preferences/payment_failure_threshold", 5)]
    merchant.call("PATCH", f"/v1/billing/plans/{plan}", change, expect=204)
    shown = merchant.call("GET", f"/v1/billing/plans/{plan}", expect=200)
    assert shown["payment_preferences"]["payment_failure_threshold"] == 5
    merchant.call("POST", f"/v1/billing/plans/{plan}/deactivate", expect=204)
    assert issue_in(merchant.call("PATCH", f"/v1/billing/plans/{plan}", change, expect=422)) == "PLAN_STATUS_INACTIVE"
    assert issue_in(merchant.call("POST", f"/v1/billing/plans/{plan}/deactivate", expect=422)) == "PLAN_STATUS_INVALID"
    asked = {"plan_id": plan}
    assert issue_in(merchant.call("POST", SUBSCRIPTIONS, asked, expect=422)) == "PLAN_STATUS_INVALID"
    merchant.call("POST", f"/v1/billing/plans/{plan}/activate", expect=204)
    merchant.call("POST", SUBSCRIPTIONS, asked, expect=201)
    told = [event["event_type"] for event in paypal.events() if event["resource_type"] in ("product", "plan")]
    assert told == [
        "CATALOG.PRODUCT.CREATED",
        "CATALOG.PRODUCT.UPDATED",
        "BILLING.PLAN.CREATED",
        "BILLING.PLAN.UPDATED",
        "BILLING.PLAN.DEACTIVATED",
        "BILLING.PLAN.ACTIVATED",
    ]


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


@pytest.mark.parametrize(
    ("change", "status", "issue"),
    [
        ({"name": ""}, 400, "MISSING_REQUIRED_PARAMETER"),
        ({"billing_cycles": [MONTHLY | {"tenure_type": "TRIAL"}]}, 422, "MISSING_REGULAR_BILLING_CYCLE"),
        (
            {"billing_cycles": [MONTHLY, MONTHLY | {"sequence": 2}]},
            422,
            "MULTIPLE_REGULAR_BILLING_CYCLES_NOT_SUPPORTED",
        ),
        ({"billing_cycles": [MONTHLY | {"sequence": 2}]}, 422, "INVALID_BILLING_CYCLE_SEQUENCE"),
        ({"billing_cycles": [MONTHLY | {"frequency": {"interval_unit": "AGE"}}]}, 400, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    merchant: Merchant, change: dict[str, Any], status: int, issue: str
) -> None:
    body = {"product_id": merchant.make_product(), "name": "P", "billing_cycles": [MONTHLY]}
    body |= {"payment_preferences": {"payment_failure_threshold": 3}} | change
    assert issue_in(merchant.call("POST", "/v1/billing/plans", body, expect=status)) == issue


def test_a_subscription_refuses_what_its_status_does_not_allow(merchant: Merchant) -> None:
    waiting = merchant.ask()["id"]
    for verb in ("suspend", "cancel", "activate"):
        assert issue_in(merchant.do(waiting, verb, expect=422, reason="No")) == "SUBSCRIPTION_STATUS_INVALID"
    name = merchant.subscribe()
    merchant.do(name, "cancel", reason="Enough")
    for verb in ("suspend", "cancel", "activate"):
        assert issue_in(merchant.do(name, verb, expect=422, reason="No")) == "SUBSCRIPTION_STATUS_INVALID"
    merchant.do(name, "cancel", expect=400)
    assert issue_in(merchant.do(name, "cancel", expect=400, reason="x" * 129)) == "INVALID_STRING_MAX_LENGTH"


def test_a_body_that_is_no_json_is_refused(merchant: Merchant) -> None:
    headers = {"Content-Type": "application/json"}
    assert merchant.client.post(SUBSCRIPTIONS, content=b"{", headers=headers).status_code == 400
    assert merchant.client.post(SUBSCRIPTIONS, data={"plan_id": "P"}).status_code == 415


def test_the_plan_and_the_failure_are_shown_to_those_who_ask(merchant: Merchant) -> None:
    name = merchant.subscribe(wallet="fails", custom_id="42")
    plain = merchant.show(name)
    assert plain["custom_id"] == "42"
    assert "plan" not in plain
    assert "last_failed_payment" not in plain["billing_info"]
    asked = merchant.show(name, "plan,last_failed_payment")
    assert asked["plan"]["billing_cycles"][0]["pricing_scheme"]["fixed_price"]["value"] == "50.00"
    assert asked["billing_info"]["last_failed_payment"]["reason_code"] == "PAYER_CANNOT_PAY"


def test_a_subscription_may_have_terms_of_its_own(merchant: Merchant) -> None:
    price = {"fixed_price": {"value": "40.00", "currency_code": "USD"}}
    name = merchant.subscribe(terms={"billing_cycles": [{"sequence": 1, "pricing_scheme": price}]})
    assert merchant.show(name)["plan_overridden"] is True
    assert merchant.transactions(name)[0]["amount_with_breakdown"]["gross_amount"]["value"] == "40.00"
    path = "/plan/billing_cycles/@sequence==1/pricing_scheme/fixed_price"
    change = [replace(path, {"value": "45.00", "currency_code": "USD"}), replace("/custom_id", "43")]
    merchant.call("PATCH", f"{SUBSCRIPTIONS}/{name}", change, expect=204)
    shown = merchant.show(name, "plan")
    assert shown["custom_id"] == "43"
    assert shown["plan"]["billing_cycles"][0]["pricing_scheme"]["fixed_price"]["value"] == "45.00"


def test_transactions_need_a_window(merchant: Merchant) -> None:
    name = merchant.subscribe()
    refused = merchant.call("GET", f"{SUBSCRIPTIONS}/{name}/transactions", expect=400)
    assert issue_in(refused) == "MISSING_REQUIRED_PARAMETER"
    window = "start_time=2028-01-01T00:00:00Z&end_time=2029-01-01T00:00:00Z"
    assert merchant.call("GET", f"{SUBSCRIPTIONS}/{name}/transactions?{window}", expect=200)["transactions"] == []


def test_a_sale_is_refunded_in_parts_and_never_more_than_was_paid(merchant: Merchant) -> None:
    sale = merchant.transactions(merchant.subscribe())[0]["id"]
    path = f"/v1/payments/sale/{sale}/refund"
    part = {"amount": {"total": "20.00", "currency": "USD"}}
    first = merchant.call("POST", path, part, expect=201, PayPal_Request_Id="refund-1")
    assert merchant.call("POST", path, part, expect=200, PayPal_Request_Id="refund-1")["id"] == first["id"]
    too_much = {"amount": {"total": "30.01", "currency": "USD"}}
    refused = merchant.call("POST", path, too_much, expect=400)
    assert refused["name"] == "REFUND_EXCEEDED_TRANSACTION_AMOUNT"
    rest = merchant.call("POST", path, {}, expect=201)
    assert (rest["amount"]["total"], rest["total_refunded_amount"]["value"]) == ("30.00", "50.00")
    assert merchant.call("POST", path, {}, expect=400)["name"] == "TRANSACTION_ALREADY_REFUNDED"
    assert merchant.call("GET", f"/v1/payments/sale/{sale}", expect=200)["state"] == "refunded"


def test_events_that_were_lost_can_be_read_afterwards(paypal: Counterparts, merchant: Merchant) -> None:
    paypal.control("mode", mode="lose")
    name = merchant.subscribe()
    listed = merchant.call("GET", "/v1/notifications/webhooks-events?page_size=2", expect=200)
    assert [event["event_type"] for event in listed["events"]] == [
        "PAYMENT.SALE.COMPLETED",
        "BILLING.SUBSCRIPTION.ACTIVATED",
    ]
    following = link_to(listed, "next").removeprefix(paypal.paypal)
    assert merchant.call("GET", following, expect=200)["events"][0]["resource"]["id"] == name
    one = listed["events"][0]["id"]
    assert merchant.call("GET", f"/v1/notifications/webhooks-events/{one}", expect=200)["id"] == one
    only = "event_type=BILLING.SUBSCRIPTION.CREATED&start_time=2027-01-01T00:00:00Z"
    assert len(merchant.call("GET", f"/v1/notifications/webhooks-events?{only}", expect=200)["events"]) == 1


def test_the_webhook_is_listed_and_its_signatures_can_be_verified(paypal: Counterparts, merchant: Merchant) -> None:
    webhook = merchant.call("GET", "/v1/notifications/webhooks", expect=200)["webhooks"][0]
    assert webhook["url"] == "http://testserver/webhooks/paypal"
    merchant.call("GET", "/v1/notifications/webhooks-event-types", expect=200)
    merchant.subscribe()
    signed = paypal.signed(paypal.events()[-1]["id"])[0]
    asked = {
        "auth_algo": signed.headers["PAYPAL-AUTH-ALGO"],
        "cert_url": signed.headers["PAYPAL-CERT-URL"],
        "transmission_id": signed.headers["PAYPAL-TRANSMISSION-ID"],
        "transmission_sig": signed.headers["PAYPAL-TRANSMISSION-SIG"],
        "transmission_time": signed.headers["PAYPAL-TRANSMISSION-TIME"],
        "webhook_id": webhook["id"],
        "webhook_event": json.loads(signed.body),
    }
    path = "/v1/notifications/verify-webhook-signature"
    assert merchant.call("POST", path, asked, expect=200)["verification_status"] == "SUCCESS"
    asked["webhook_event"]["summary"] = "Something else"
    assert merchant.call("POST", path, asked, expect=200)["verification_status"] == "FAILURE"


@pytest.mark.parametrize(("trouble", "status"), [("down", 503), ("nonsense", 200)])
def test_the_api_can_be_troubled(paypal: Counterparts, merchant: Merchant, trouble: str, status: int) -> None:
    paypal.control("trouble", provider="paypal", trouble=trouble)
    answer = merchant.client.get("/v1/billing/plans")
    assert answer.status_code == status
    assert not answer.headers["Content-Type"].startswith("application/json")


def test_what_does_not_keep_to_the_documents_would_be_found(merchant: Merchant, paypal_contract: Contract) -> None:
    merchant.subscribe()
    entries = merchant.counterparts.control("journal", provider="paypal")
    created = next(each for each in entries if each["path"] == SUBSCRIPTIONS)
    assert paypal_contract.complaints_about_call(created) == []
    bad = created | {"body": created["body"] | {"surprise": 1}, "answer": created["answer"] | {"status": "odd"}}
    complaints = " ".join(paypal_contract.complaints_about_call(bad))
    assert "/surprise is not in the document" in complaints
    assert "'odd'" in complaints
    unknown = created | {"path": "/v1/billing/nothing"}
    assert paypal_contract.complaints_about_call(unknown) == ["POST /v1/billing/nothing: in no document"]
    event = merchant.counterparts.events(kind="BILLING.SUBSCRIPTION.ACTIVATED")[0]
    event["resource"]["billing_info"]["outstanding_balance"] = "0.00"
    assert "outstanding_balance" in " ".join(paypal_contract.complaints_about_event(event))
