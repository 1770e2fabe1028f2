"""JSON that is made often: as `json.dumps` makes it, without what that makes anew for each call."""

from __future__ import annotations

from _json import make_encoder
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any


def writer_of_json(
    default: Callable[[Any], Any], *, item_separator: str = ", ", key_separator: str = ": ", allow_nan: bool = True
) -> Callable[[Any], str]:
    """For objects and lists that do not hold themselves (not checked); `default` is given what JSON cannot hold.

    What is written raises ValueError for what is no number, unless that is allowed; whatever `default` raises.
    """
    sorts_keys = skips_keys = False
    encode = make_encoder(
        *(None, default, encode_basestring, None, key_separator, item_separator, sorts_keys, skips_keys, allow_nan)
    )
    return lambda value: "".join(encode(value, 0))
