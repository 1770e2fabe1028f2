"""The schema for people: written as Markdown, and so set as everything else that is read here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.text import slugify

from common import markdown
from ops import contract

Part = dict[str, Any]
# How deep fields of fields are told of; examples show the rest.
MOST_LEVELS = 3


@dataclass(frozen=True, eq=False)
class Operation:
    method: str
    path: str
    spec: Part

    @property
    def title(self) -> str:
        title: str = self.spec["summary"]
        return title

    @property
    def anchor(self) -> str:
        """On the page of its group."""
        name: str = self.spec["operationId"]
        return name.replace("_", "-")


@dataclass(frozen=True, eq=False)
class Group:
    name: str
    about: str
    operations: tuple[Operation, ...]

    @property
    def slug(self) -> str:
        return slugify(self.name)


@cache
def groups() -> tuple[Group, ...]:
    document = contract.current().document
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            found[spec["tags"][0]].append(Operation(method.upper(), path, spec))
    return tuple(Group(tag["name"], tag["description"], tuple(found[tag["name"]])) for tag in document["tags"])


@cache
def overview() -> markdown.Rendered:
    return markdown.render(contract.current().document["info"]["description"])


@cache
def page_of(group: Group) -> markdown.Rendered:
    return markdown.render("\n\n".join("\n\n".join(told(operation)) for operation in group.operations))


def told(operation: Operation) -> Iterator[str]:
    """Paragraphs of Markdown."""
    spec = operation.spec
    yield f"## {operation.title} {{#{operation.anchor}}}"
    yield f"`{operation.method} {operation.path}`"
    if said := spec.get("description"):
        yield said
    yield who(spec)
    if parameters := spec.get("parameters"):
        yield "**Parameters**"
        yield table((each["name"], each["schema"], each) for each in parameters)
    if body := spec.get("requestBody"):
        ((media, content),) = body["content"].items()
        yield f"**Body**, as `{media}`"
        yield table(fields_of(content["schema"]))
    yield fenced("sh", curl(operation))
    for status, answer in spec["responses"].items():
        if int(status) < 300:
            yield from success(status, answer)
    yield refusals(spec["responses"])


def who(spec: Part) -> str:
    alternatives = spec["security"]
    keys = [alternative["apiKey"][0] for alternative in alternatives if "apiKey" in alternative]
    key = f"an API key needs `{keys[0]}`" if keys else "no API key opens it"
    if alternatives == [{}]:
        return "Whoever is signed in already, and how, plays no part."
    return f"For everybody; {key}." if {} in alternatives else f"For those who have signed in; {key}."


def success(status: str, answer: Part) -> Iterator[str]:
    content = answer.get("content")
    headers = [f"`{name}`" for name in answer["headers"] if name != "X-Request-ID"]
    with_headers = f", with {' and '.join(headers)}" if headers else ""
    if content is None:
        yield f"**{status}**: {answer['description']}, without a body{with_headers}"
        return
    ((_, media),) = content.items()
    yield f"**{status}**: {answer['description']}{with_headers}"
    yield table(fields_of(media["schema"]))
    yield fenced("json", json.dumps(media["example"], indent=2, ensure_ascii=False))


def refusals(responses: Part) -> str:
    """What is refused here in words of its own, and the statuses of what is refused everywhere."""
    usual, lines = [], []
    for status, answer in responses.items():
        if "$ref" in answer:
            usual.append(status)
        elif int(status) >= 400:
            lines.append(f"**{status}**: {answer['description']}")
    rest = f"And, [as everywhere](/api/docs#errors): {', '.join(usual)}."
    return "\n\n".join([*lines, rest])


def curl(operation: Operation) -> str:
    path = operation.path
    for parameter in operation.spec.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    verb = "" if operation.method == "GET" else f" -X {operation.method}"
    lines = [f'curl -s{verb} "$API{path.removeprefix("/api")}"']
    if {} not in operation.spec["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if body := operation.spec.get("requestBody"):
        ((media, content),) = body["content"].items()
        if "example" in content:
            example = json.dumps(content["example"], ensure_ascii=False).replace("'", "\\u0027")
            lines += [f"-H 'Content-Type: {media}'", f"-d '{example}'"]
        else:
            lines.append("-F file=@picture.png")
    return " \\\n  ".join(lines)


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def table(rows: Iterator[tuple[str, Part, Part]]) -> str:
    """Name, type and words of each, from its name, its schema, and what else may say something of it."""
    lines = ["| name | type | meaning |", "| --- | --- | --- |"]
    for name, schema, more in rows:
        says = more.get("description") or schema.get("description") or ""
        place = f", in the {more['in']}" if more.get("in", "query") != "query" else ""
        lines.append(f"| `{name}` | {type_of(schema)}{place} | {in_cell(says)} |")
    return "\n".join(lines) if len(lines) > 2 else "Any object."


def in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def fields_of(schema: Part, prefix: str = "", level: int = 1) -> Iterator[tuple[str, Part, Part]]:
    """Each field, and beneath it those of the object, or list of objects, that it is."""
    schema = resolved(schema)
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        optional = "" if name in required else "?"
        yield f"{prefix}{name}{optional}", field, {}
        if level < MOST_LEVELS:
            inner, dots = (field["items"], "[]") if field.get("type") == "array" else (field, "")
            yield from fields_of(inner, f"{prefix}{name}{dots}.", level + 1)


def resolved(schema: Part) -> Part:
    """Without references; of what may be null, what it is else."""
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            (schema,) = (each for each in schema[key] if each.get("type") != "null")
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        found: Part = contract.current().document["components"]["schemas"][name]
        return resolved(found)
    return schema


def type_of(schema: Part) -> str:
    may_be_null = any(each.get("type") == "null" for each in schema.get("oneOf", []))
    inner = resolved(schema)
    kinds = inner.get("type", "anything")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if "enum" in inner:
        said = ", ".join(f"`{each}`" for each in inner["enum"] if each not in (None, ""))
    elif "array" in names:
        said = f"list of {type_of(inner['items'])}s"
    else:
        form = {"date-time": "time", "date": "day", "uuid": "UUID", "uri": "address", "binary": "file"}
        words = {
            "string": form.get(inner.get("format", ""), "text"),
            "integer": "whole number",
            "boolean": "true or false",
        }
        said = " or ".join(words.get(name, name) for name in names if name != "null")
    return f"{said} or null" if may_be_null or "null" in names else said
