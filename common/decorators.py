"""What views of several apps have around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

View = TypeVar("View", bound=Callable[..., HttpResponse])


def public_for(seconds: int) -> Callable[[View], View]:
    """The same for everybody, and caches may keep it so long; asked for again, what is the same is a 304."""

    def decorate(view: View) -> View:
        kept: Any = cache_control(public=True, max_age=seconds)(conditional_page(view))
        public: View = login_not_required(require_safe(kept))
        return public

    return decorate
