"""What answers hold, field by field, each with an example: `title = Text("Ask well", "As it stands in lists.")`.

They only describe. Answers are built from rows (representations), and tests hold them to these shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

if TYPE_CHECKING:
    Base = serializers.Field
else:
    Base = object


class Shape(serializers.Serializer):
    """What one kind of thing looks like in answers."""


class Shown(Base):
    """A field with an example of its own; a field that is not always there is `required=False`."""

    def __init__(self, example: Any, says: str = "", **kwargs: Any) -> None:
        self.example = example
        super().__init__(help_text=says, **kwargs)


class Text(Shown, serializers.CharField):
    """May be empty."""


class Whole(Shown, serializers.IntegerField):
    pass


class Number(Shown, serializers.FloatField):
    pass


class Truth(Shown, serializers.BooleanField):
    def __init__(self, says: str = "", *, example: Any = True, **kwargs: Any) -> None:
        super().__init__(example, says, **kwargs)


class Time(Shown, serializers.DateTimeField):
    """ISO 8601 in UTC."""

    def __init__(self, says: str = "", *, example: Any = "2026-11-30T09:30:00Z", **kwargs: Any) -> None:
        super().__init__(example, says, **kwargs)


class Day(Shown, serializers.DateField):
    pass


class Id(Shown, serializers.UUIDField):
    pass


class Address(Shown, serializers.URLField):
    """A whole one. What may be empty instead is a Text."""


class OneOf(Shown, serializers.ChoiceField):
    """The example is the first choice, unless it is told."""

    def __init__(self, choices: Any, says: str = "", *, example: Any = None, **kwargs: Any) -> None:
        first = next(iter(serializers.ChoiceField(choices).choices))
        super().__init__(first if example is None else example, says, choices=choices, **kwargs)


class Texts(Shown, serializers.ListField):
    child = serializers.CharField()


def example_of(serializer: serializers.Serializer) -> dict[str, Any]:
    """One thing of this shape, of the examples of its fields."""
    return {name: example_of_field(field) for name, field in serializer.fields.items()}


def example_of_field(field: Any) -> Any:
    if isinstance(field, serializers.ListSerializer):
        return [example_of_field(field.child)]
    return example_of(field) if isinstance(field, serializers.Serializer) else field.example
