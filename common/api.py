"""What views of the API in several apps share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.drainage import set_override
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.forms import PlaceForm, asked_place
from common.paging import Page, address_at, page_of

MOST_FAULTS = 20
Row = dict[str, Any]


@method_decorator(never_cache, name="dispatch")
class PrivateView(APIView):
    """What it answers is for one person, and no cache keeps it."""


class TextField(serializers.CharField):
    """A text, never a number that looks like one. Whether it may be empty is not said here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WordField(TextField):
    """One of these words, as the schema says. That it is none of them the service says, in words of its own."""

    def __init__(self, *, words: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        set_override(self, "field", {"type": "string", "enum": list(words)})


class NumberField(serializers.FloatField):
    """A finite number, never a text or a truth that could pass for one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class TruthField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictSerializer(serializers.Serializer):
    """What somebody may write; anything else is refused by its name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = sorted(data.keys() - self.fields.keys()) if isinstance(data, Mapping) else []
        if unknown:
            fault = serializers.ErrorDetail("This cannot be changed here.", code="not_changeable")
            raise serializers.ValidationError({name: [fault] for name in unknown[:MOST_FAULTS]})
        fields: dict[str, Any] = super().to_internal_value(data)
        return fields


def validated(serializer: serializers.Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields


def answer(request: Request, page: Page, item: Callable[[Any], Row]) -> Response:
    """One page of a list, each row as `item` makes it."""
    path = request.build_absolute_uri(request.path)
    return Response(
        {
            "next": address_at(path, request.query_params, page.next),
            "previous": address_at(path, request.query_params, page.previous),
            "results": [item(row) for row in page.rows],
        }
    )


def answer_from(
    request: Request, rows: QuerySet[Any, Row], *, order: Sequence[str], item: Callable[[Row], Row]
) -> Response:
    """The page of `rows` that the parameters `cursor` and `page_size` ask for.

    Raises ValidationError that names the parameter.
    """
    return answer(request, page_of(rows, order=order, **asked_place(PlaceForm(request.query_params))), item)
