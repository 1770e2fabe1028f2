"""`/api/posts/images`: one's own images, for texts to show."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, Row, answer_from
from common.forms import PlaceForm
from common.openapi import OF_ONE_PERSON, Limit, Listed, described
from common.openapi.describing import FORM
from common.openapi.uploads import UploadSerializer
from common.parsers import JSONParser
from community.api import shapes
from community.models import PostImage
from community.models.images import markdown_of
from community.querysets.images import IMAGE_COLUMNS, IMAGES_NEWEST_FIRST
from community.services import images

NO_FILE = "Send the image as the part “file”."


class ImagesView(PrivateView):
    area = "community"
    # JSON has no files, but then it is said what to send.
    parser_classes = (MultiPartParser, JSONParser)

    @described("List your images", query=PlaceForm, gives=Listed(shapes.UploadedImage))
    def get(self, request: Request) -> Response:
        rows = PostImage.objects.filter(user=member(request)).values(*IMAGE_COLUMNS)
        return answer_from(request, rows, order=IMAGES_NEWEST_FIRST, item=lambda row: image_item(row, request))

    @described(
        "Upload an image",
        takes=UploadSerializer,
        media=FORM,
        gives={201: shapes.UploadedImage},
        gives_headers=("Location",),
        limits=(Limit(images.IMAGES_OF_ONE_PERSON, OF_ONE_PERSON),),
    )
    def post(self, request: Request) -> Response:
        """The file is the part called `file`; sent again, it is the image that is there already."""
        file = request.FILES.get("file")
        if file is None:
            raise ValidationError({"file": ValidationError(NO_FILE, code="required")})
        image = images.upload(user=member(request), file=file)
        item = image_item({column: getattr(image, column) for column in IMAGE_COLUMNS}, request)
        return Response(item, status=status.HTTP_201_CREATED, headers={"Location": item["url"]})


class ImageView(PrivateView):
    area = "community"

    @described("Delete an image")
    def delete(self, request: Request, name: str) -> Response:
        """Texts that show it say in words what it showed."""
        image: PostImage = get_object_or_404(PostImage.objects.filter(user=member(request)).named([name]))
        images.remove(image=image)
        return Response(status=status.HTTP_204_NO_CONTENT)


def image_item(row: Row, request: Request) -> Row:
    asked: HttpRequest = request._request
    item: dict[str, Any] = {"name": row["name"], "markdown": markdown_of(row["name"])}
    item["url"] = asked.build_absolute_uri(reverse("community:image", args=[row["name"]]))
    return item | {name: row[name] for name in ("width", "height", "uploaded_at")}
