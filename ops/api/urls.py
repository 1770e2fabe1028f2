from django.urls import path

from ops.api import views

urlpatterns = [
    path("schema", views.schema, name="api-schema"),
    path("docs", views.docs, name="api-docs"),
    path("docs/<slug:group>", views.docs_of_group, name="api-docs-of-group"),
]
