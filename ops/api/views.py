"""The schema as JSON, and as pages in the look of the others. Both are public, and the same for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.openapi import described, stands_for
from common.permissions import Public
from ops import contract, reference

# Seconds that others may keep it without asking whether it is still so.
KEPT = 300
ANY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"type": "string"},
        "info": {"type": "object", "additionalProperties": True},
        "paths": {"type": "object", "additionalProperties": True},
        "components": {"type": "object", "additionalProperties": True},
    },
    "example": {"openapi": "3.1.0", "info": {"title": "How-to-AI", "version": "0.1.0"}, "paths": {}, "components": {}},
}


class SchemaDoor(APIView):
    """Everything that this API takes and answers, as OpenAPI 3.1; what clients can be made of."""

    authentication_classes = ()
    permission_classes = (Public,)
    group = "Contract"
    negotiates = False

    @described("Read this schema", headers=("If-None-Match",), gives={200: ANY_SCHEMA}, gives_headers=("ETag",))
    def get(self, request: Request) -> Response:
        raise NotImplementedError("only describes `schema`, which answers")


# Nothing can be sent here, and whoever tries is told that and not to reload a form.
@stands_for(SchemaDoor)
@csrf_exempt
@login_not_required
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    made = contract.current()
    response = HttpResponse(made.json, content_type="application/json")
    response["Cache-Control"] = f"public, max-age={KEPT}"
    response["ETag"] = made.etag
    return get_conditional_response(request, etag=made.etag, response=response) or response


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "ops/reference.html", {"groups": reference.groups(), "overview": reference.overview()})


@login_not_required
@require_safe
def docs_of_group(request: HttpRequest, group: str) -> HttpResponse:
    found = next((each for each in reference.groups() if each.slug == group), None)
    if found is None:
        raise Http404
    context = {"groups": reference.groups(), "group": found, "page": reference.page_of(found)}
    return render(request, "ops/reference_group.html", context)
