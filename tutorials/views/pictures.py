"""The images of tutorials."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from common.files import open_or_404
from tutorials.views import find

KEPT_BY_BROWSERS = f"private, max-age={24 * 60 * 60}, immutable"


@login_not_required
@require_safe
def image(request: HttpRequest, slug: str, name: str) -> FileResponse:
    """An image of a tutorial; of a closed one only what its opening shows."""
    tutorial = find(request, slug)
    is_open = tutorial.access_for(request.user).allowed or name in tutorial.open_images()
    if not is_open or "\0" in name:
        raise Http404
    picture = get_object_or_404(tutorial.images, name=name)
    response = FileResponse(open_or_404(picture.file), content_type=f"image/{picture.kind}")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = KEPT_BY_BROWSERS if request.GET.get("v") else "private, no-cache"
    return response
