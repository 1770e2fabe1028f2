"""Parameters as Stripe takes them: form-encoded, nested with brackets, unknown ones refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from counterparts.stripe.errors import invalid

Asked = dict[str, Any]
Reader = Callable[[str, Any], Any]
# What may be asked: a reader for one value, a mapping of names, or a list with one shape for all that it holds.
Shape: TypeAlias = "Reader | Mapping[str, Shape] | Sequence[Shape]"


def nested(pairs: Iterable[tuple[str, str]]) -> Asked:
    """`items[0][price]=x` becomes `{"items": {"0": {"price": "x"}}}`; `[]` counts on."""
    found: Asked = {}
    for name, value in pairs:
        *way, last = [key or None for key in re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)] or [name]
        place = found
        for key in way:
            place = place.setdefault(key or str(len(place)), {})
            if not isinstance(place, dict):
                raise invalid(f"Invalid hash: {name}", param=name)
        place[last or str(len(place))] = value
    return found


def read(shape: Shape, given: Any, at: str = "") -> Any:
    """What was given, in its types; 400 for what nobody knows or what is no such value."""
    if callable(shape):
        return shape(at, given)
    if isinstance(shape, Mapping):
        return read_mapping(shape, given, at)
    if given == "":
        return []
    values = list(given.values()) if isinstance(given, dict) else None
    if values is None:
        raise invalid("Invalid array", param=at)
    return [read(shape[0], value, f"{at}[{number}]") for number, value in enumerate(values)]


def read_mapping(shape: Mapping[str, Shape], given: Any, at: str) -> Any:
    if given == "":
        return None
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=at)
    for name in given:
        if name not in shape:
            inside = f"{at}[{name}]" if at else name
            raise invalid(f"Received unknown parameter: {inside}", param=inside, code="parameter_unknown")
    return {name: read(shape[name], value, f"{at}[{name}]" if at else name) for name, value in given.items()}


def demand(asked: Asked, *names: str) -> None:
    for name in names:
        if asked.get(name) in (None, [], {}):
            raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")


def text(at: str, given: Any) -> str | None:
    """An empty one unsets."""
    if not isinstance(given, str):
        raise invalid(f"Invalid string: {at}", param=at)
    return given or None


def whole(at: str, given: Any) -> int | None:
    if given == "":
        return None
    if not isinstance(given, str) or not re.fullmatch(r"-?\d{1,15}", given):
        raise invalid(f"Invalid integer: {given}", param=at, code="parameter_invalid_integer")
    return int(given)


def fraction(at: str, given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise invalid(f"Invalid decimal: {given}", param=at) from error


def flag(at: str, given: Any) -> bool:
    if given not in ("true", "false"):
        raise invalid(f"Invalid boolean: {given}", param=at)
    return bool(given == "true")


def mapping(at: str, given: Any) -> dict[str, str]:
    """Metadata: names that are no one's business but the caller's; all are unset with an empty string."""
    if given == "":
        return {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid(f"Invalid {at}: must be key-value pairs", param=at)
    return given


def one_of(*choices: str) -> Reader:
    def choice(at: str, given: Any) -> str | None:
        if given == "":
            return None
        if given not in choices:
            raise invalid(f"Invalid {at}: must be one of {', '.join(choices)}", param=at)
        return str(given)

    return choice


def or_else(word: str, reader: Reader) -> Reader:
    """A value that may also be this word, such as `trial_end=now`."""

    def either(at: str, given: Any) -> Any:
        return word if given == word else reader(at, given)

    return either


def time_range(at: str, given: Any) -> dict[str, int]:
    """`created=1` or `created[gte]=1`: the bounds by their names."""
    if isinstance(given, dict):
        bounds: dict[str, int] = read({"gt": whole, "gte": whole, "lt": whole, "lte": whole}, given, at)
        return bounds
    exactly = whole(at, given)
    if exactly is None:
        raise invalid(f"Invalid timestamp: {given}", param=at)
    return {"gte": exactly, "lte": exactly}


def anything(at: str, given: Any) -> Any:
    """Taken and not used: what has no meaning where no money moves."""
    return given


def merged(metadata: dict[str, str], asked: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: what is named is set, what is named with an empty string goes."""
    if asked is None:
        return metadata
    if not asked:
        return {}
    return {name: value for name, value in (metadata | asked).items() if value != ""}


ADDRESS: Shape = {"city": text, "country": text, "line1": text, "line2": text, "postal_code": text, "state": text}
LIST: dict[str, Shape] = {"limit": whole, "starting_after": text, "ending_before": text}
