"""Making the document of what views say of themselves. Loaded with the first question for it, not by the views."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from common.api import StrictSerializer
from common.openapi.describing import JSON, Answer, Description, Listed, Scheme
from common.openapi.problems import Part, problem_of
from common.openapi.shapes import Shape, example_of
from common.permissions import Public, PublicToRead

CSRF = Scheme(
    "csrfToken",
    {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "The value of the cookie `__Host-csrf`, beside cookies, for whatever changes something.",
    },
)
# Headers that a request may have, and what they mean.
CONDITIONS = {
    "If-None-Match": "The `ETag` that you have: while it is still so, the answer is a 304 without a body.",
    "If-Match": "The `ETag` of what you read: if that has changed since, the answer is a 412, and nothing is written.",
}
ANSWERED = {
    "Location": {"description": "Where it is now.", "required": True, "schema": {"type": "string"}},
    "ETag": {"description": "A name of what was answered.", "required": True, "schema": {"type": "string"}},
}
# What stands in addresses.
IN_PATHS = {
    "slug": ("The short name that stands in addresses.", "how-language-models-work"),
    "block": ("The id of a heading, see `blocks` of the tutorial.", "tokens"),
    "name": ("The name of the image, as the text has it.", "one.png"),
    "number": ("The number of the version.", 1),
    "place": ("`post`, `tutorial-{id}`, `comment-{post}`, `reply-{comment}` and so on.", "post"),
    "tag": ("A tag.", "citations"),
    "session_id": ("The `id` of a session.", "0b9c2f6e-3a8f-4a59-9f0e-2c64a1f0f7de"),
}
AN_ID = ("Its `id`.", 7)
# Of what else than a tutorial.
SLUGS = {"tracks": "start-here", "categories": "prompting", "organisations": "company"}
# A parameter that is empty is as good as left out.
EMPTY_IS_NONE: Part = {"allowEmptyValue": True}


class ApiSchema(AutoSchema):
    """Of one method of one view, from what it says by `described`."""

    @property
    def told(self) -> Description:
        """Raises AttributeError that names the method if it says nothing."""
        method = getattr(self.view, self.method.lower())
        described = getattr(method, "described", None)
        if described is None:
            raise AttributeError(f"{method.__qualname__} says nothing of itself: see common.openapi.described")
        return cast("Description", described)

    @property
    def name(self) -> str:
        """Of the route, such as `api-post-like`."""
        return route_names()[self.path_regex]

    def get_operation_id(self) -> str:
        return f"{self.method.lower()}_{self.name.removeprefix('api-').replace('-', '_')}"

    def get_summary(self) -> str:
        return self.told.title.format(thing=getattr(self.view, "thing", ""))

    def get_description(self) -> str:  # type: ignore[override]  # as the library has it
        method = getattr(self.view, self.method.lower())
        said = inspect.getdoc(method) or own_words(type(self.view)) or ""
        limits = "".join(f"\n\nAt most {limit}." for limit in self.told.limits)
        return f"{said}{limits}".strip()

    def get_tags(self) -> list[str]:
        """What the view says as its `group`, or else the app that it belongs to."""
        app: str = type(self.view).__module__.partition(".")[0]
        return [getattr(self.view, "group", app.capitalize())]

    def get_extensions(self) -> Part:
        limits = [{"rate": limit.rate, "of": limit.of} for limit in self.told.limits]
        return {"x-rate-limits": limits} if limits else {}

    # Who may ask

    def get_auth(self) -> list[Part]:
        """Each alternative; an empty one where nobody has to say who they are."""
        alternatives = []
        for authenticator in self.view.get_authenticators():
            scheme: Scheme = authenticator.scheme  # type: ignore[attr-defined]  # each of ours has one
            required = self.requirement(scheme)
            if required is not None:
                alternatives.append(required)
        if not alternatives or self.is_open:
            alternatives.append({})
        return alternatives

    def requirement(self, scheme: Scheme) -> Part | None:
        if scheme.has_scopes:
            # A view without one takes no keys.
            if (area := getattr(self.view, "area", None)) is None:
                return None
            self.register(scheme)
            return {scheme.name: [f"{area}:{'read' if self.is_safe else 'write'}"]}
        self.register(scheme)
        if scheme.needs_token and not self.is_safe:
            self.register(CSRF)
            return {scheme.name: [], CSRF.name: []}
        return {scheme.name: []}

    def register(self, scheme: Scheme) -> None:
        component = ResolvedComponent(scheme.name, ResolvedComponent.SECURITY_SCHEMA, scheme.definition, scheme.name)
        self.registry.register_on_missing(component)

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE_METHODS

    @property
    def is_open(self) -> bool:
        """Whether visitors may ask, too."""
        permissions = self.view.get_permissions()
        return all(
            isinstance(each, Public) or (isinstance(each, PublicToRead) and self.is_safe) for each in permissions
        )

    # What comes in

    def get_request_serializer(self) -> Any:
        return self.told.takes

    def get_response_serializers(self) -> None:
        """The library would guess from these whether a list is answered; `told.gives` says it."""

    def _get_parameters(self) -> list[Part]:
        parameters = [self.explained(parameter) for parameter in super()._get_parameters()]
        query = self.told.query
        if query is not None:
            parameters += form_parameters(query) if issubclass(query, forms.Form) else self.field_parameters(query)
        for header in self.told.headers:
            condition = {"description": CONDITIONS[header], "schema": {"type": "string"}}
            parameters.append({"name": header, "in": "header"} | condition)
        return parameters

    def explained(self, parameter: Part) -> Part:
        """A part of the address, with words and an example."""
        says, example = IN_PATHS.get(parameter["name"], AN_ID)
        if parameter["name"] == "slug":
            example = SLUGS.get(self._tokenize_path()[0], example)
        return parameter | {"description": says, "example": example}

    def field_parameters(self, query: type[serializers.Serializer]) -> list[Part]:
        mapped = self._map_serializer(query(), "request")
        required = mapped.get("required", [])
        parameters = []
        for name, schema in mapped["properties"].items():
            parameter = {"name": name, "in": "query", "schema": schema}
            if says := schema.pop("description", ""):
                parameter["description"] = says
            parameters.append(parameter | ({"required": True} if name in required else EMPTY_IS_NONE))
        return parameters

    def _get_request_body(self, direction: Any = "request") -> Part | None:
        takes = self.told.takes
        if takes is None:
            return None
        schema, is_required = self._get_request_for_media_type(takes, direction)  # type: ignore[no-untyped-call]
        media = {"schema": schema} | ({"example": getattr(takes, "example", None)} if self.told.media == JSON else {})
        return {"content": {self.told.media: media}} | ({"required": True} if is_required else {})

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Part:
        mapped: Part = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        # What those say of themselves from which it is made is no description of it.
        mapped["description"] = own_words(type(serializer))
        if not mapped["description"]:
            del mapped["description"]
        if isinstance(serializer, StrictSerializer):
            mapped["additionalProperties"] = False
        if isinstance(serializer, Shape):
            mapped["examples"] = [example_of(serializer)]
        return mapped

    # What goes out

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Part]:
        told = self.told
        answers = {status: self.success(status, answer) for status, answer in told.gives.items()}
        answers |= {status: problem_of(status, told.refuses, told.limits) for status in self.problems()}
        if "If-None-Match" in told.headers:
            answers[HTTPStatus.NOT_MODIFIED] = {
                "description": "It is still as you have it.",
                "headers": {"ETag": ANSWERED["ETag"]} | request_id(),
            }
        return {str(int(status)): answers[status] for status in sorted(answers)}

    def success(self, status: int, answer: Answer) -> Part:
        headers = {name: ANSWERED[name] for name in self.told.gives_headers} | request_id()
        said = {"description": HTTPStatus(status).phrase, "headers": headers}
        if answer is None:
            return said
        example: Any
        if isinstance(answer, Listed):
            schema, example = self.page_of(answer.shape)
        elif isinstance(answer, type):
            schema, example = self.component(answer), example_of(answer())
        else:
            schema, example = dict(answer), answer.get("example")
        return said | {"content": {JSON: {"schema": schema, "example": example}}}

    def component(self, shape: type[serializers.Serializer]) -> Part:
        reference: Part = self.resolve_serializer(shape, "response").ref
        return reference

    def page_of(self, shape: type[serializers.Serializer]) -> tuple[Part, Part]:
        name = f"{self._get_serializer_name(shape(), 'response')}Page"
        address = {"type": ["string", "null"], "format": "uri"}
        page = {
            "type": "object",
            "description": "One page of a list. Follow `next` and `previous`; null at the ends.",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": address,
                "previous": address,
                "results": {"type": "array", "items": self.component(shape)},
            },
        }
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, page, name)
        self.registry.register_on_missing(component)
        return component.ref, {"next": None, "previous": None, "results": [example_of(shape())]}

    def problems(self) -> Iterator[int]:
        """The statuses of whatever may be wrong here."""
        told = self.told
        yield from (400, 414, 500, 503)
        yield from (refusal.status for refusal in told.refuses)
        is_asked_who = bool(self.view.get_authenticators())
        yield from (401, 403, 429) if is_asked_who else (429,) if told.limits else ()
        if getattr(self.view, "negotiates", True):
            yield 406
        if "{" in self.path:
            yield 404
        if not self.is_safe:
            yield 413
        if told.takes is not None:
            yield 415
        if "If-Match" in told.headers:
            yield 412


def request_id() -> Part:
    return {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}


def own_words(view: type) -> str:
    """What a view says of itself, not what those say from which it is made."""
    said = vars(view).get("__doc__")
    return inspect.cleandoc(said) if said else ""


def form_parameters(form: type[forms.Form]) -> list[Part]:
    """Of a form that reads a query string, the parameters."""
    parameters = []
    for name, field in form.base_fields.items():
        says = field.help_text or SAID.get(name, "")
        parameter: Part = {"name": name, "in": "query", "schema": schema_of(field)} | EMPTY_IS_NONE
        parameters.append(parameter | ({"description": str(says)} if says else {}))
    return parameters


SAID = {
    "cursor": "Where in the list: take `next` and `previous` of an answer whole, rather than this.",
    "page_size": "How many on one page; 20 unless given.",
    "q": "What to search for.",
}


def schema_of(field: forms.Field) -> Part:
    if isinstance(field, forms.ChoiceField):
        # Without choices in the class they are of the moment.
        named: Any = field.choices
        choices = [choice for choice, _ in named if choice != ""]
        return {"type": "string", "enum": choices} if choices else {"type": "string"}
    if isinstance(field, forms.IntegerField):
        limits = {"minimum": field.min_value, "maximum": field.max_value}
        return {"type": "integer"} | {name: limit for name, limit in limits.items() if limit is not None}
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean"}
    longest = getattr(field, "max_length", None)
    return {"type": "string"} | ({} if longest is None else {"maxLength": longest})


@cache
def route_names() -> dict[str, str]:
    """Route, as Django spells it → its name. Raises ValueError for a route of the API without one of its own."""
    named: dict[str, str] = {}
    for route, name in routes(get_resolver().url_patterns):
        if route.startswith("api/"):
            if not name or name in named.values():
                raise ValueError(f"{route} needs a name of its own, since operations are named by it")
            named[route] = name
    return named


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.name or ""
