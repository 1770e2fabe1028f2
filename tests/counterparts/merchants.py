"""Whoever speaks to the stand-in for PayPal directly, for tests of the stand-in itself."""

from __future__ import annotations

from typing import Any, Self

import httpx

from tests.counterparts.process import PAYPAL_CLIENT, PLATFORM, Counterparts

# One month for fifty dollars, without an end.
MONTHLY = {
    "frequency": {"interval_unit": "MONTH", "interval_count": 1},
    "tenure_type": "REGULAR",
    "sequence": 1,
    "total_cycles": 0,
    "pricing_scheme": {"fixed_price": {"value": "50.00", "currency_code": "USD"}},
}
CONTEXT = {
    "brand_name": "How-to-AI",
    "user_action": "SUBSCRIBE_NOW",
    "return_url": f"{PLATFORM}/billing/return/?x=1",
    "cancel_url": f"{PLATFORM}/pricing/",
}


class Merchant:
    """A signed-in client of the API."""

    def __init__(self, counterparts: Counterparts) -> None:
        self.counterparts = counterparts
        self.client = httpx.Client(base_url=counterparts.paypal, timeout=30, trust_env=False)
        self.sign_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.client.close()

    def sign_in(self) -> None:
        asked = {"grant_type": "client_credentials"}
        token = self.client.post("/v1/oauth2/token", data=asked, auth=PAYPAL_CLIENT).json()
        self.client.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, body: Any = None, *, expect: int, **headers: str) -> Any:
        """The JSON of an answer that must have this status; None if there is nothing in it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.request(method, path, json=body, headers=named)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def make_product(self, **fields: Any) -> str:
        body = {"name": "Premium", "type": "SERVICE"} | fields
        return str(self.call("POST", "/v1/catalogs/products", body, expect=201)["id"])

    def make_plan(self, *cycles: dict[str, Any], product: str = "", threshold: int = 3, **fields: Any) -> str:
        body = {
            "product_id": product or self.make_product(),
            "name": "Premium by the month",
            "billing_cycles": list(cycles) or [MONTHLY],
            "payment_preferences": {"payment_failure_threshold": threshold},
        } | fields
        return str(self.call("POST", "/v1/billing/plans", body, expect=201)["id"])

    def subscribe(self, plan: str = "", wallet: str = "works", terms: Any = None, **fields: Any) -> str:
        """A subscription to which the buyer has consented already; `terms`: what of the plan is otherwise for it."""
        made = self.ask(plan, **fields | ({"plan": terms} if terms else {}))
        self.counterparts.control("paypal/approve", id=made["id"], wallet=wallet)
        return str(made["id"])

    def ask(self, plan_id: str = "", /, **fields: Any) -> dict[str, Any]:
        """A subscription that waits for consent."""
        body = {"plan_id": plan_id or self.make_plan(), "application_context": CONTEXT} | fields
        made: dict[str, Any] = self.call("POST", "/v1/billing/subscriptions", body, expect=201)
        return made

    def show(self, subscription: str, fields: str = "") -> Any:
        query = f"?fields={fields}" if fields else ""
        return self.call("GET", f"/v1/billing/subscriptions/{subscription}{query}", expect=200)

    def do(self, subscription: str, verb: str, *, expect: int = 204, **body: Any) -> Any:
        return self.call("POST", f"/v1/billing/subscriptions/{subscription}/{verb}", body, expect=expect)

    def transactions(self, subscription: str) -> list[dict[str, Any]]:
        window = "start_time=2020-01-01T00:00:00Z&end_time=2040-01-01T00:00:00Z"
        path = f"/v1/billing/subscriptions/{subscription}/transactions?{window}"
        found: list[dict[str, Any]] = self.call("GET", path, expect=200)["transactions"]
        return found


def link_to(thing: dict[str, Any], rel: str) -> str:
    return next(str(link["href"]) for link in thing["links"] if link["rel"] == rel)
