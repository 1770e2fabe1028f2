"""Whether an object is what the official library says it is: names, types, words, and what may be missing."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from stripe._object_classes import get_object_class

PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
    "Decimal": (str,),
}


@dataclass(frozen=True)
class Described:
    """A class of the library: its fields, and the classes that are described inside it."""

    name: str
    fields: dict[str, ast.expr]
    inner: dict[str, Described]


# The classes in which a field stands, the outermost first: their inner ones are meant before others of the same name.
Around = tuple[Described, ...]


def faults(thing: Any, at: str = "") -> Iterator[str]:
    """All that is wrong with an object of Stripe's, in words."""
    kind = thing.get("object", "")
    if kind == "list":
        for number, one in enumerate(thing["data"]):
            yield from faults(one, f"{at}[{number}]")
        return
    described = describe(kind)
    yield from faults_of_fields(thing, (described,), at or kind)


def faults_of_fields(thing: dict[str, Any], around: Around, at: str) -> Iterator[str]:
    described = around[-1]
    for name in thing.keys() - described.fields.keys():
        yield f"{at}.{name}: {described.name} has no such field"
    for name, annotation in described.fields.items():
        if name in thing:
            yield from faults_of_value(thing[name], annotation, around, f"{at}.{name}")
        elif split(annotation)[0] != "Optional":
            yield f"{at}.{name}: is missing"


def faults_of_value(value: Any, annotation: ast.expr, around: Around, at: str) -> Iterator[str]:
    outer, inside = split(annotation)
    may_be = {"Optional": value is None, "ExpandableField": isinstance(value, str), "UntypedStripeObject": True}
    if may_be.get(outer):
        return
    if outer == "List":
        for number, one in enumerate(value):
            yield from faults_of_value(one, inside, around, f"{at}[{number}]")
    elif outer == "Literal":
        if value not in words(inside):
            yield f"{at}: {value!r} is no word for it"
    elif outer in ("ListObject", "Union") and isinstance(value, dict):
        # Which of several classes it is, it says itself.
        yield from faults(value, at)
    elif outer == "Union":
        # A word or a string: what the library knows today, and what may come.
        assert isinstance(inside, ast.Tuple)
        yield from faults_of_value(value, inside.elts[0], around, at)
    elif inside is not annotation:
        yield from faults_of_value(value, inside, around, at)
    else:
        yield from faults_of_name(value, outer, around, at)


def split(annotation: ast.expr) -> tuple[str, ast.expr]:
    """`List[X]` into `List` and X; a mere name, also one in quotes, into itself twice."""
    if isinstance(annotation, ast.Subscript):
        return ast.unparse(annotation.value), annotation.slice
    if isinstance(annotation, ast.Constant):
        return str(annotation.value), annotation
    return ast.unparse(annotation), annotation


def words(inside: ast.expr) -> tuple[Any, ...]:
    found = ast.literal_eval(inside)
    return found if isinstance(found, tuple) else (found,)


def faults_of_name(value: Any, name: str, around: Around, at: str) -> Iterator[str]:
    inner = next((place.inner[name] for place in reversed(around) if name in place.inner), None)
    if name in PLAIN:
        is_right = isinstance(value, PLAIN[name]) and isinstance(value, bool) == (name == "bool")
        if not is_right:
            yield f"{at}: {value!r} is no {name}"
    elif not isinstance(value, dict):
        yield f"{at}: {value!r} is no {name}"
    elif inner:
        yield from faults_of_fields(value, (*around, inner), at)
    else:
        yield from faults(value, at)


@cache
def describe(kind: str) -> Described:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(get_object_class("V1", kind)))).body
    assert isinstance(tree, ast.ClassDef)
    return described(tree)


def described(tree: ast.ClassDef) -> Described:
    fields = {
        ast.unparse(node.target): node.annotation
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation)
    }
    inner = {node.name: described(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    return Described(tree.name, fields, inner)
