"""The images of a tutorial, for those who write it. Readers get them from the page."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, answer_from
from common.forms import PlaceForm
from common.openapi import Listed, described
from common.openapi.describing import FORM
from common.openapi.uploads import UploadSerializer
from common.parsers import JSONParser
from tutorials.api.representations import IMAGE_COLUMNS, image_item
from tutorials.api.shapes import Image
from tutorials.api.views import find_to_write
from tutorials.pictures import LARGEST_IMAGE, TOO_LARGE
from tutorials.services import images


class ImagesView(PrivateView):
    area = "tutorials"
    group = "Writing tutorials"

    @described("List the images of a tutorial", query=PlaceForm, gives=Listed(Image))
    def get(self, request: Request, slug: str) -> Response:
        rows = find_to_write(request, slug).images.values(*IMAGE_COLUMNS)
        return answer_from(request, rows, order=("name", "id"), item=image_item)


class ImageView(PrivateView):
    area = "tutorials"
    group = "Writing tutorials"
    # JSON has no files, but then it is said what to send.
    parser_classes = (MultiPartParser, JSONParser)

    @described("Put an image", takes=UploadSerializer, media=FORM, gives=Image)
    def put(self, request: Request, slug: str, name: str) -> Response:
        """The file is the part called `file`; sent again, it takes the place of the one before."""
        tutorial = find_to_write(request, slug)
        file = request.FILES.get("file")
        if file is None:
            raise ValidationError({"file": ValidationError("Send the image as the part “file”.", code="required")})
        if (file.size or 0) > LARGEST_IMAGE:
            raise ValidationError({"file": TOO_LARGE})
        image = images.put_image(by=member(request), tutorial=tutorial, name=name, data=file.read())
        return Response(image_item({column: getattr(image, column) for column in IMAGE_COLUMNS}))

    @described("Remove an image")
    def delete(self, request: Request, slug: str, name: str) -> Response:
        """Only one that the text does not show."""
        image = None if "\0" in name else find_to_write(request, slug).images.filter(name=name).first()
        if image is None:
            raise Http404
        images.remove_image(by=member(request), image=image)
        return Response(status=status.HTTP_204_NO_CONTENT)
