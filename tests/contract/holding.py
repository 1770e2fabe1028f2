"""Holds answers to the schema: status, headers, media type and body, in which nothing may be that is not told of."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.openapi.inspecting import route_names
from ops import contract

# What the framework answers by itself, for any operation or for none.
UNTOLD_METHODS = ("HEAD", "OPTIONS")
NOT_ALLOWED = 405
OURS = "config.urls"


class ContractMiddleware:
    """Outermost in tests: each answer of the API, whatever it is a test of, is as the schema says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        operation = operation_of(request)
        if operation is not None and response.status_code != NOT_ALLOWED:
            hold(operation, response)
        return response


def operation_of(request: HttpRequest) -> str | None:
    """Its name; None for what is no operation of the API, or of addresses that a test made up."""
    if settings.ROOT_URLCONF != OURS:
        return None
    route = request.resolver_match.route if request.resolver_match else ""
    name = route_names().get(route)
    if name is None or request.method in UNTOLD_METHODS:
        return None
    named = f"{str(request.method).lower()}_{name.removeprefix('api-').replace('-', '_')}"
    return named if named in operations() else None


def hold(operation: str, response: Any) -> None:
    """Raises AssertionError."""
    said = operations()[operation]["responses"].get(str(response.status_code))
    assert said is not None, f"{operation} answered {response.status_code}, which the schema does not tell of"
    said = resolved(said)
    for name, header in said["headers"].items():
        assert name in response or not resolved(header).get("required"), f"{operation} answered without {name}"
    if "content" not in said:
        assert response.content == b"", f"{operation} answered {response.status_code} with a body"
        return
    ((media, _),) = said["content"].items()
    assert response["Content-Type"].partition(";")[0] == media, f"{operation} answered {response['Content-Type']}"
    fault = next(validator(operation, response.status_code).iter_errors(json.loads(response.content)), None)
    if fault is not None:
        where = "/".join(str(each) for each in fault.instance_path)
        raise AssertionError(
            f"{operation} answered {response.status_code} otherwise than told: {where}: {fault.message}"
        )


@cache
def operations() -> dict[str, Any]:
    """By their names."""
    paths = contract.current().document["paths"]
    return {operation["operationId"]: operation for path in paths.values() for operation in path.values()}


@cache
def validator(operation: str, status: int) -> Any:
    ((_, media),) = resolved(operations()[operation]["responses"][str(status)])["content"].items()
    schema = closed(media["schema"]) | {"components": closed_components()}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@cache
def closed_components() -> Any:
    return {"schemas": closed(contract.current().document["components"]["schemas"])}


def closed(schema: Any) -> Any:
    """The same, but objects have the properties that are told of, and no others."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    is_object = inner.get("type") == "object" and isinstance(inner.get("properties"), dict)
    return {"additionalProperties": False} | inner if is_object else inner


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = contract.current().document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)
