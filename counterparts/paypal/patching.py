"""PATCH: a list of operations on fields, of which only some may be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterparts.paypal import errors
from counterparts.world import Thing

# The pattern of a path → what may be done there.
Allowed = Mapping[str, tuple[str, ...]]
BY_SEQUENCE = re.compile(r"@sequence==(\d+)")


def checked(body: Any, allowed: Allowed) -> list[Thing]:
    """The operations, if all of them may be done."""
    if not isinstance(body, list) or not body:
        raise errors.invalid(errors.MISSING, "/")
    for operation in body:
        check(operation, allowed)
    return body


def check(operation: Thing, allowed: Allowed) -> None:
    path = operation.get("path", "")
    verbs = [verbs for pattern, verbs in allowed.items() if re.fullmatch(pattern, path)]
    if not verbs:
        issue = "INVALID_PATCH_PATH", "The specified field cannot be patched."
        raise errors.invalid(issue, path)
    if operation.get("op") not in verbs[0]:
        issue = "UNSUPPORTED_PATCH_OPERATION", "The specified patch operation not supported for this field."
        raise errors.invalid(issue, path)


def apply(thing: Thing, operation: Thing) -> None:
    *parents, last = operation["path"].strip("/").split("/")
    here: Any = thing
    for name in parents:
        here = step(here, name)
    if operation["op"] == "remove":
        here.pop(last, None)
    else:
        here[last] = operation["value"]


def step(here: Any, name: str) -> Any:
    """The next part of a path: a field, or "@sequence==2" in a list of billing cycles."""
    found = BY_SEQUENCE.fullmatch(name)
    if found is None:
        return here.setdefault(name, {})
    for each in here:
        if each["sequence"] == int(found[1]):
            return each
    raise errors.invalid(errors.INVALID, name)
