"""The pages about the API, which engines should list too."""

from __future__ import annotations

from django.urls import reverse
from django.utils.text import slugify

from ops.contract import GROUPS
from tutorials.sitemaps import SITEMAPS, OurSitemap


class Reference(OurSitemap):
    def items(self) -> list[str]:
        return [reverse("api-docs"), *(reverse("api-docs-of-group", args=[slugify(name)]) for name in GROUPS)]

    def location(self, item: str) -> str:
        return item


SITEMAPS["api"] = Reference
