"""The images that members show in what they write."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import member
from common.files import open_or_404
from common.forms import PlaceForm, asked_place, faults_in_words, submit
from common.paging import neighbours, page_of
from community.forms.images import ImageForm
from community.models import PostImage
from community.models.images import markdown_of
from community.querysets.images import IMAGE_COLUMNS, IMAGES_NEWEST_FIRST
from community.services import images

# A week: an image never changes, but copies must go when its owner goes. Only the browser keeps it: others may not
# open the space in which it is shown.
KEPT_BY_BROWSERS = f"private, max-age={7 * 24 * 60 * 60}, immutable"


@login_not_required
@require_safe
def image(request: HttpRequest, name: str) -> FileResponse:
    found = get_object_or_404(PostImage.objects.all().visible_to(request.user).named([name]))
    # Whatever was sent to us, what is stored is a WebP that we have drawn.
    response = FileResponse(open_or_404(found.file), content_type="image/webp", filename=found.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = KEPT_BY_BROWSERS
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def image_list(request: HttpRequest) -> HttpResponse:
    """One's own images with the Markdown that shows them, and the way to add one without script."""
    user = member(request)
    form = ImageForm(request.POST, request.FILES) if request.method == "POST" else ImageForm()
    if form.is_bound:
        added = submit(form, lambda: images.upload(user=user, file=form.cleaned_data["file"]))
        if added is not None:
            messages.success(request, "Your image is here. Copy its Markdown into your text.")
            return redirect("community:images")
    rows = PostImage.objects.filter(user=user).values(*IMAGE_COLUMNS)
    with faults_in_words():
        page = page_of(rows, order=IMAGES_NEWEST_FIRST, **asked_place(PlaceForm(request.GET)))
    context = {
        "form": form,
        "images": [row | {"markdown": markdown_of(row["name"])} for row in page.rows],
        **neighbours(request, page),
    }
    return render(request, "community/images.html", context)


@require_POST
def remove_image(request: HttpRequest, name: str) -> HttpResponse:
    found = get_object_or_404(PostImage.objects.filter(user=member(request)).named([name]))
    images.remove(image=found)
    messages.success(request, "The image is gone.")
    return redirect("community:images")
