"""Markup of hot pages: written as a template, rendered once, and from then on filled by joining strings.

A template is rendered once for each combination of its flags, with a marker in the place of each
value; what stands between the markers is kept for as long as the process lives. So the template
stays the only home of the markup, and a page with fifty comments costs fifty joins. In
development each filling renders anew, so that a changed template shows.

A whole page may be one too, if it extends "filled.html", which takes what differs in the frame as
fields (common.frame).

What was rendered once is shown to everybody: the flags and fields are therefore all that a
template gets, and one that asks for anything else (a user, a request) is refused, as is one that
does more with a field than print it or put it into an address. Whatever has to be decided or
formatted by value is decided by a flag, or formatted before it is filled in.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.conf import settings
from django.template import Context, Node, Variable
from django.template.base import FilterExpression, NodeList, Template, VariableNode
from django.template.defaulttags import (
    AutoEscapeControlNode,
    CsrfTokenNode,
    FilterNode,
    ForNode,
    NowNode,
    URLNode,
    WithNode,
)
from django.template.library import SimpleBlockNode, SimpleNode
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.template.smartif import TokenBase
from django.templatetags.static import StaticNode
from django.utils.safestring import SafeString

Flag = str | bool
Value = str | int

# Digits alone, so that a marker may stand for a number in an address.
MARKER_DIGITS = 20
# A flag that takes more values than this is no flag: each combination is kept for good.
MOST_VARIANTS = 2_048
# Present in every template without being given.
GIVEN = frozenset({"True", "False", "None", "forloop"})
# Where a field may stand: it comes out as it went in.
PLACES = {(VariableNode, "filter_expression"), (URLNode, "args"), (URLNode, "kwargs")}
NAMINGS = {(IncludeNode, "extra_context"), (WithNode, "extra_context")}
REFUSED = {
    AutoEscapeControlNode: "autoescape: what is filled in is always escaped, unless it is a SafeString",
    FilterNode: "filter: it would change the markers within",
    NowNode: "now: the time would stand still",
}


class FragmentError(Exception):
    """A template does what cannot be done once for all values."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What one combination of flags renders to: text with gaps at each odd place, and which fields fill them."""

    pieces: list[str]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, Value]) -> SafeString:
        """As Fragment.fill. Quickest where all is escaped already."""
        if not SAFE.issuperset(map(type, values.values())):
            values = {name: escaped(value) for name, value in values.items()}
        filled: list[str] = self.pieces.copy()
        filled[1::2] = map(values.__getitem__, self.names)  # type: ignore[arg-type]  # all are SafeStrings by now
        return SafeString("".join(filled))


SAFE = frozenset((SafeString,))


def escaped(value: Value) -> SafeString:
    if isinstance(value, SafeString):
        return value
    return SafeString(value if type(value) is int else html.escape(str(value)))


class Fragment:
    """A template with fields (text and numbers that differ each time) and flags (what it decides by).

    To be made once, at the top of a module; the template is read when it is first filled.
    """

    def __init__(self, template_name: str, *, fields: tuple[str, ...] = (), flags: tuple[str, ...] = ()) -> None:
        self.template_name = template_name
        self.fields = fields
        self.flags = flags
        self.variants: dict[tuple[Flag, ...], Variant] = {}

    def __repr__(self) -> str:
        return f"Fragment({self.template_name!r})"

    def fill(self, values: Mapping[str, Value], **flags: Flag) -> SafeString:
        """The markup with these values, escaped unless they are SafeStrings.

        Raises FragmentError for a template that cannot be used so, TypeError for other flags than
        the declared ones, and KeyError for a missing value.
        """
        return self.variant(**flags).fill(values)

    def variant(self, **flags: Flag) -> Variant:
        """For loops in which many rows share their flags. Do not keep it beyond the request."""
        try:
            key = tuple([flags[name] for name in self.flags])
        except KeyError:
            key = ()
        if len(key) != len(flags) or len(key) != len(self.flags):
            raise TypeError(f"{self} takes the flags {self.flags}, not {tuple(flags)}")
        if settings.DEBUG or (kept := self.variants.get(key)) is None:
            kept = self.variants[key] = self.render(flags)
            if len(self.variants) > MOST_VARIANTS:
                raise FragmentError(f"{self} has more than {MOST_VARIANTS} combinations of flags: one is a field")
        return kept

    def render(self, flags: Mapping[str, Flag]) -> Variant:
        template: Template = get_template(self.template_name).template  # type: ignore[attr-defined]  # Django's own
        Check(self, template).run()
        return with_gaps(self.fields, lambda markers: template.render(Context(dict(flags) | markers)))


def with_gaps(fields: Sequence[str], render: Callable[[dict[str, str]], str]) -> Variant:
    """What `render` makes of a marker in the place of each field, cut there.

    What is rendered is not checked as that of a Fragment is: it must print the fields, and decide by none of them.
    """
    # Another each time: what is rendered may hold what people wrote, and nobody may write a gap into it.
    begin = str(10 ** (MARKER_DIGITS - 1) + secrets.randbelow(9 * 10 ** (MARKER_DIGITS - 1)))
    markers = {name: f"{begin}{number:04}" for number, name in enumerate(fields)}
    names = {marker: name for name, marker in markers.items()}
    pieces = re.split(f"({begin}[0-9]{{4}})", render(markers))
    return Variant(pieces, tuple(names[marker] for marker in pieces[1::2]))


class Check:
    """Whether a template, with what it includes, can be rendered once for all values."""

    def __init__(self, fragment: Fragment, template: Template) -> None:
        self.fragment = fragment
        self.nodes = list(walk(template))
        # Names that the template itself gives, and those of them that hold a field.
        self.made = {name for _, node in self.nodes for name in names_made_by(node)}
        self.holding = set(fragment.fields)
        while names := {name for _, node in self.nodes for name in self.holders(node)} - self.holding:
            self.holding |= names

    def run(self) -> None:
        """Raises FragmentError."""
        used = set()
        for template, node in self.nodes:
            for refused, reason in REFUSED.items():
                if isinstance(node, refused):
                    raise self.error(template, node, reason)
            if isinstance(node, CsrfTokenNode):
                used.add("csrf_token")
                if "csrf_token" not in self.fragment.fields:
                    raise self.error(template, node, "csrf_token: it is another for each person, so name it as a field")
            for attribute, expression in expressions_of(node):
                used |= self.names_used(template, node, attribute, expression)
        if unused := set(self.fragment.fields) - used:
            raise FragmentError(f"{self.fragment.template_name} does not show: {', '.join(sorted(unused))}")

    def names_used(self, template: Template, node: Node, attribute: str, expression: Expression) -> set[str]:
        roots = set(roots_of(expression))
        if unknown := roots - GIVEN - self.made - set(self.fragment.flags) - set(self.fragment.fields):
            raise self.error(template, node, f"{', '.join(sorted(unknown))}: neither a flag nor a field")
        held = roots & self.holding
        if held and not (is_bare(expression) and (type(node), attribute) in PLACES | NAMINGS):
            message = "is a field: print it or put it into an address, without filters, attributes and conditions"
            raise self.error(template, node, f"{', '.join(sorted(held))} {message}")
        return roots

    def holders(self, node: Node) -> Iterator[str]:
        """Names that this node gives to a field, or to an address with a field in it."""
        if isinstance(node, IncludeNode | WithNode):
            for name, expression in node.extra_context.items():
                if self.holding.intersection(roots_of(expression)):
                    yield name
        elif isinstance(node, URLNode) and node.asvar:
            roots = chain.from_iterable(roots_of(expression) for _, expression in expressions_of(node))
            yield from [node.asvar] if self.holding.intersection(roots) else []
        elif isinstance(node, SimpleBlockNode) and node.target_var:
            # Whatever stands in it.
            yield node.target_var

    def error(self, template: Template, node: Node, message: str) -> FragmentError:
        line = node.token.lineno if node.token else "?"
        return FragmentError(f"{template.name}, line {line}: {message}")


Expression = FilterExpression | Variable


Blocks = Mapping[str, tuple[Template, BlockNode]]


def walk(template: Template, part: object = None, blocks: Blocks | None = None) -> Iterator[tuple[Template, Node]]:
    """All nodes that are shown, with the template that each stands in, those of what is included or extended too.

    `part` of the template, or all of it; `blocks` are those that a template which extends it puts in the place of
    its own.
    """
    blocks = blocks or {}
    for node in nodes_in(template.nodelist if part is None else part):
        yield template, node
        if isinstance(node, IncludeNode):
            yield from walk(template.engine.get_template(constant(template, node.template)))
        elif isinstance(node, ExtendsNode):
            own = {name: (template, block) for name, block in node.blocks.items()}
            parent = template.engine.get_template(constant(template, node.parent_name))
            yield from walk(parent, blocks=own | dict(blocks))
        elif isinstance(node, BlockNode):
            there, block = blocks.get(node.name, (template, node))
            yield from walk(there, block.nodelist, blocks)


def constant(template: Template, name: FilterExpression | Node) -> str:
    if not (isinstance(name, FilterExpression) and isinstance(name.var, str)):
        raise FragmentError(f"{template.name}: name what is included or extended; a variable cannot be followed")
    return name.var


def nodes_in(part: object) -> Iterator[Node]:
    """All below, but what stands in blocks: another template may give it (`walk`)."""
    if isinstance(part, Node):
        yield part
        if isinstance(part, BlockNode | ExtendsNode):
            return
        for child in vars(part).values():
            yield from nodes_in(child)
    elif isinstance(part, list | tuple | NodeList):
        for child in part:
            yield from nodes_in(child)


def expressions_of(node: Node) -> Iterator[tuple[str, Expression]]:
    """What a node itself looks up, with the name of the attribute that holds it."""
    for attribute, value in vars(node).items():
        for expression in expressions_in(value):
            yield attribute, expression


def expressions_in(part: object) -> Iterator[Expression]:
    if isinstance(part, FilterExpression | Variable):
        yield part
    elif isinstance(part, TokenBase):  # of the condition of an {% if %}
        yield from chain.from_iterable(map(expressions_in, vars(part).values()))
    elif isinstance(part, dict):
        yield from chain.from_iterable(map(expressions_in, part.values()))
    elif isinstance(part, list | tuple):
        yield from chain.from_iterable(map(expressions_in, part))


def roots_of(expression: Expression) -> Iterator[str]:
    """The names that an expression begins from, those in the arguments of its filters included."""
    if isinstance(expression, Variable):
        if expression.lookups:
            yield expression.lookups[0]
        return
    if isinstance(expression.var, Variable):
        yield from roots_of(expression.var)
    for _, arguments in expression.filters:
        for is_variable, argument in arguments:
            if is_variable:
                yield from roots_of(argument)


def is_bare(expression: Expression) -> bool:
    """Whether it is a name alone."""
    if isinstance(expression, FilterExpression):
        return not expression.filters and isinstance(expression.var, Variable) and is_bare(expression.var)
    return expression.lookups is not None and len(expression.lookups) == 1


def names_made_by(node: Any) -> Iterator[str]:
    if isinstance(node, IncludeNode | WithNode):
        yield from node.extra_context
    elif isinstance(node, ForNode):
        yield from node.loopvars
    elif isinstance(node, URLNode) and node.asvar:
        yield node.asvar
    elif isinstance(node, StaticNode) and node.varname:
        yield node.varname
    elif isinstance(node, SimpleNode) and node.target_var:
        yield node.target_var
