from django.conf import settings
from django.http import HttpRequest

from common.addresses import absolute


def site(request: HttpRequest) -> dict[str, str]:
    return {"site_name": settings.SITE_NAME, "canonical": absolute(request.path)}
