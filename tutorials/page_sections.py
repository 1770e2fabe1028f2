"""What apps above this one show on the page of a tutorial: sections after its text, and where to ask about a block."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.html import format_html

from common.sections import Place, Section

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from tutorials.models import Tutorial

# Its content is asked with the tutorial and with whoever reads it. What visitors see is kept for a minute.
PageSection = Section[["Tutorial", "User | AnonymousUser"]]
place: Place[[Tutorial, User | AnonymousUser]] = Place()
register = place.register

# The address where one asks about a block (by its id) of a tutorial; an app above sets it. None: nobody can be asked.
asking: Callable[[Tutorial, str], str] | None = None

# As the renderer writes it; raw HTML never gets into a text.
HEADING = re.compile(r'<(h[23]) id="([a-z0-9-]+)">(.*?)</\1>', re.DOTALL)


def with_questions(html: str, tutorial: Tutorial) -> str:
    """Put a link beside each heading, by which one asks about what stands below it.

    The link has no text of its own, and the heading says its name, so that it does not read as
    "First steps Ask about First steps".
    """
    if asking is None:
        return html
    address, names = asking, {block["id"]: block["text"] for block in tutorial.blocks}

    def add_link(found: re.Match[str]) -> str:
        tag, block, text = found.groups()
        if block not in names:
            return found[0]
        link = format_html(
            '<a class="ask" href="{}" aria-label="Ask about {}" title="Ask about this" rel="nofollow"></a>',
            address(tutorial, block),
            names[block],
        )
        opening = format_html('<{} id="{}" aria-label="{}">', tag, block, names[block])
        return f"{opening}{text}{link}</{tag}>"

    return HEADING.sub(add_link, html)
