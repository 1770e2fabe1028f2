"""Markdown to safe HTML, done once when a text is saved.

CommonMark with tables, strikethrough, bare links, footnotes and task lists. Raw HTML is shown as
text, and what comes out is sanitised again by a list of allowed elements, so that a fault of one
layer is caught by the other. The typographer stays off: its quotes take quadratic time.
"""

from common.markdown.blocks import Block
from common.markdown.images import Image
from common.markdown.parser import MARKDOWN
from common.markdown.posts import LARGEST_POST, ReadPost, read_post
from common.markdown.rendering import (
    LARGEST_SOURCE,
    OWN_CONTENT,
    USER_CONTENT,
    Rendered,
    count_headings,
    image_names,
    opening_of,
    render,
    sanitise,
)

__all__ = [
    "LARGEST_POST",
    "LARGEST_SOURCE",
    "MARKDOWN",
    "OWN_CONTENT",
    "USER_CONTENT",
    "Block",
    "Image",
    "ReadPost",
    "Rendered",
    "count_headings",
    "image_names",
    "opening_of",
    "read_post",
    "render",
    "sanitise",
]
