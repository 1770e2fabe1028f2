"""PayPal's own OpenAPI documents, against which all that is said to and by the stand-in is held."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.functional import cached_property
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from billing.gateways.paypal import certificates
from tests.counterparts.process import PAYPAL_CLIENT, PAYPAL_WEBHOOK, ROOT, Counterparts

FOLDER = ROOT.parent / "shared" / "paypal"
NAMES = ("billing_subscriptions_v1", "catalogs_products_v1", "notifications_webhooks_v1")
# Older APIs, of which PayPal publishes no document.
WITHOUT_DOCUMENT = re.compile(r"/v1/(oauth2/token|payments/sale/\w+(/refund)?|notifications/certs/.+)")
# What a webhook carries, by its resource_type: the document and the name of the schema.
RESOURCES = {
    "subscription": ("billing_subscriptions_v1", "subscription"),
    "plan": ("billing_subscriptions_v1", "plan"),
    "product": ("catalogs_products_v1", "product"),
}
# These have no schema of their own.
FREE_RESOURCES = {"sale", "refund", "dispute"}


class Document:
    """One OpenAPI document."""

    def __init__(self, path: Path) -> None:
        self.uri = f"urn:paypal:{path.stem}"
        self.contents: dict[str, Any] = json.loads(path.read_text())

    def pointer(self, *names: str) -> str:
        return f"{self.uri}#/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)

    def find(self, pointer: str) -> Any:
        """What stands at "#/components/…"."""
        here: Any = self.contents
        for name in pointer.partition("#/")[2].split("/"):
            here = here[name.replace("~1", "/").replace("~0", "~")]
        return here

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """The template of the path and what it says of the method."""
        for template, methods in self.contents["paths"].items():
            pattern = re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(template))
            if method.lower() in methods and re.fullmatch(pattern, path):
                return template, methods[method.lower()]
        return None

    def undeclared(self, schema: dict[str, Any], value: Any, where: str = "") -> Iterator[str]:
        """Fields that the schema does not name. JSON Schema lets them pass; PayPal would ignore them."""
        parts = list(self.parts(schema))
        if isinstance(value, list):
            for part in parts:
                for each in value if "items" in part else ():
                    yield from self.undeclared(part["items"], each, f"{where}[]")
        elif isinstance(value, dict):
            properties: dict[str, Any] = {}
            for part in parts:
                properties = part.get("properties", {}) | properties
            # An object of which nothing is said may hold anything.
            for name, inner in value.items() if properties else ():
                if name in properties:
                    yield from self.undeclared(properties[name], inner, f"{where}/{name}")
                else:
                    yield f"{where}/{name} is not in the document"

    def parts(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A schema with all that it is put together from."""
        if "$ref" in schema:
            yield from self.parts(self.find(schema["$ref"]))
            return
        yield schema
        for kind in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(kind, ()):
                yield from self.parts(part)


class Contract:
    """All documents together."""

    @cached_property
    def documents(self) -> dict[str, Document]:
        missing = [name for name in NAMES if not (FOLDER / f"{name}.json").exists()]
        if missing:
            pytest.fail(f"PayPal's documents are not where they are expected: {FOLDER}/{missing[0]}.json")
        return {name: Document(FOLDER / f"{name}.json") for name in NAMES}

    @cached_property
    def registry(self) -> Registry[Any]:
        resources = [(document.uri, DRAFT4.create_resource(document.contents)) for document in self.documents.values()]
        return Registry().with_resources(resources)

    def complaints_about_call(self, entry: dict[str, Any]) -> list[str]:
        """What is wrong with one entry of the journal, request and answer."""
        method, path, status = entry["method"], entry["path"], str(entry["status"])
        if WITHOUT_DOCUMENT.fullmatch(path):
            return []
        for document in self.documents.values():
            found = document.operation(method, path)
            if found is None:
                continue
            template, operation = found
            place = ("paths", template, method.lower())
            # What was refused need not have been well-formed.
            asked = self.about_request(document, place, operation, entry) if entry["status"] < 400 else []
            return asked + self.about_answer(document, place, operation, status, entry["answer"])
        return [f"{method} {path}: in no document"]

    def about_request(
        self, document: Document, place: tuple[str, ...], operation: dict[str, Any], entry: dict[str, Any]
    ) -> list[str]:
        known = {
            each["name"]
            for each in (document.find(part["$ref"]) for part in operation.get("parameters", []))
            if each["in"] == "query"
        }
        complaints = [f"?{name} is not in the document" for name in entry["query"] if name not in known | {"start_id"}]
        if "requestBody" in operation and entry["body"] != "":
            pointer = document.pointer(*place, "requestBody")
            if "$ref" in operation["requestBody"]:
                pointer = document.uri + operation["requestBody"]["$ref"]
            # What else is only read is sent back by whoever wants its signature verified.
            kind = OAS30ReadValidator if entry["path"].endswith("/verify-webhook-signature") else OAS30WriteValidator
            complaints += self.about(document, f"{pointer}/content/application~1json/schema", entry["body"], kind)
        return [f"{entry['method']} {entry['path']}: {complaint}" for complaint in complaints]

    def about_answer(
        self, document: Document, place: tuple[str, ...], operation: dict[str, Any], status: str, answer: Any
    ) -> list[str]:
        said = operation["responses"].get(status) or operation["responses"]["default"]
        if "$ref" in said:
            pointer = f"{document.uri}{said['$ref']}/content/application~1json/schema"
        elif "content" in said:
            key = status if status in operation["responses"] else "default"
            pointer = document.pointer(*place, "responses", key, "content", "application/json", "schema")
        else:
            return [] if answer == "" else [f"{place[1:]} {status}: should be empty"]
        complaints = self.about(document, pointer, answer, OAS30ReadValidator)
        return [f"{place[2].upper()} {place[1]} {status}: {complaint}" for complaint in complaints]

    def complaints_about_event(self, event: dict[str, Any]) -> list[str]:
        document = self.documents["notifications_webhooks_v1"]
        pointer = document.pointer("components", "schemas", "event")
        complaints = self.about(document, pointer, event, OAS30ReadValidator)
        if event["resource_type"] not in FREE_RESOURCES:
            name, schema = RESOURCES[event["resource_type"]]
            document = self.documents[name]
            pointer = document.pointer("components", "schemas", schema)
            complaints += self.about(document, pointer, event["resource"], OAS30ReadValidator)
        return [f"{event['event_type']}: {complaint}" for complaint in complaints]

    def about(self, document: Document, pointer: str, value: Any, kind: Any) -> list[str]:
        validator = kind({"$ref": pointer}, registry=self.registry)
        wrong = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
        return wrong + list(document.undeclared(document.find(pointer), value))


@pytest.fixture(scope="session")
def paypal_contract() -> Contract:
    return Contract()


@pytest.fixture
def paypal_stand_in(counterparts: Counterparts, paypal_contract: Contract) -> Iterator[Counterparts]:
    """The stand-ins; all that was said to and by PayPal's is held against its documents when the test is over."""
    yield counterparts
    complaints = [
        complaint
        for entry in counterparts.control("journal", provider="paypal")
        # What a troubled API says keeps to nothing.
        if not str(entry["answer"]).startswith(("<", "upstream"))
        for complaint in paypal_contract.complaints_about_call(entry)
    ]
    for event in counterparts.events():
        if "event_type" in event:
            complaints += paypal_contract.complaints_about_event(event)
    assert complaints == []


def forget_certificates() -> None:
    """All that this process knows of them."""
    certificates.certificate_at.cache_clear()
    certificates.refusals.clear()
    certificates.fetches.clear()


@pytest.fixture
def paypal_keys(paypal_stand_in: Counterparts, settings: Any, tmp_path: Path) -> Counterparts:
    """The platform's PayPal is the stand-in, of which it knows no certificate."""
    forget_certificates()
    authority = tmp_path / "paypal-ca.pem"
    authority.write_text(paypal_stand_in.control("paypal/authority"))
    settings.PAYPAL_API_BASE = paypal_stand_in.paypal
    settings.PAYMENT_PAGE_ORIGINS = [paypal_stand_in.url]
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT
    settings.PAYPAL_WEBHOOK_ID = PAYPAL_WEBHOOK
    settings.PAYPAL_CA_FILE = str(authority)
    return paypal_stand_in
