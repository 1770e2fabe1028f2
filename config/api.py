"""The one router of the REST API; its paths end without a slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tutorials.api.views import TutorialViewSet

router = SimpleRouter(trailing_slash=False)
router.register("tutorials", TutorialViewSet, basename="api-tutorial")

urlpatterns = [path("", include("accounts.api.urls")), *router.urls]
