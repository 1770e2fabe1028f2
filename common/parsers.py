"""What the API reads."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as FrameworkJSONParser

# How the half of a sign outside the first plane is written; two of them make one sign.
HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class JSONParser(FrameworkJSONParser):
    """Also refuses what is nested so deep that reading it would exhaust the stack, and halves of signs.

    A half (a lone surrogate) can be neither stored nor sent, only fail somewhere further down.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw: bytes = stream.read()
        charset = (parser_context or {}).get("encoding", "utf-8")
        try:
            data = super().parse(BytesIO(raw), media_type, parser_context)
            # UTF-8 itself has no halves; other ways of writing (UTF-7) do, unescaped.
            if HALF.search(raw) or codecs.lookup(charset).name != "utf-8":
                json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deep.") from error
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error - half of a sign (a lone surrogate) is no text.") from error
        return data
