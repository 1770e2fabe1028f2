from django.urls import path

from tutorials import views

app_name = "tutorials"

urlpatterns = [
    path("", views.home, name="home"),
    path("tutorials/", views.tutorial_list, name="list"),
    path("tutorials/<slug:slug>/", views.tutorial_detail, name="detail"),
]
