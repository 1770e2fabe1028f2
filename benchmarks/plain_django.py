"""The floor: what startproject and the tutorials of Django and Django REST framework lead to, on the platform's rows.

Startproject's middleware, ModelSerializers over select_related and prefetch_related, pages that are counted, templates
over objects; nothing of it is built for speed, and nothing is done badly. It is served as the platform is, with
connections that are kept. Nobody signs in here, which is easier than what the platform does. DATABASE_URL says which
database; events go into the table `plain_events`, which is that of events in one piece.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

DATABASE = urlsplit(os.environ.get("DATABASE_URL", ""))
settings.configure(
    DEBUG=False,
    SECRET_KEY=os.environ.get("SECRET_KEY", "-"),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=[
        *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages"),
        "rest_framework",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parent / "plain_templates"],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE.path.lstrip("/"),
            "USER": DATABASE.username or "",
            "HOST": parse_qs(DATABASE.query).get("host", [DATABASE.hostname or ""])[0],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 20,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402 - Django must know its settings first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import get_object_or_404, render  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import generics, serializers, status  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Row(models.Model):
    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True


class Person(Row):
    name = models.CharField(max_length=150)

    class Meta:
        app_label, managed, db_table = "plain", False, "accounts_user"


class Topic(Row):
    name = models.CharField(max_length=60)
    slug = models.SlugField()

    class Meta:
        app_label, managed, db_table = "plain", False, "tutorials_topic"


class Tutorial(Row):
    title = models.CharField(max_length=120)
    slug = models.SlugField()
    summary = models.CharField(max_length=200)
    body_html = models.TextField()
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE)
    author = models.ForeignKey(Person, null=True, on_delete=models.CASCADE)
    tags = ArrayField(models.CharField(max_length=40))
    difficulty = models.CharField(max_length=12)
    access = models.CharField(max_length=7)
    minutes = models.IntegerField()
    status = models.CharField(max_length=9)
    published_at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "plain", False, "tutorials_tutorial"
        ordering = ("-published_at", "-id")


class Category(Row):
    name = models.CharField(max_length=60)
    slug = models.SlugField()

    class Meta:
        app_label, managed, db_table = "plain", False, "community_category"


class Post(Row):
    title = models.CharField(max_length=200)
    type = models.CharField(max_length=13)
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    tags = ArrayField(models.CharField(max_length=40))
    body_html = models.TextField()
    text = models.TextField()
    author = models.ForeignKey(Person, null=True, on_delete=models.CASCADE)
    state = models.CharField(max_length=9)
    created_at = models.DateTimeField()
    active_at = models.DateTimeField()
    likes_count = models.IntegerField()
    comments_count = models.IntegerField()

    class Meta:
        app_label, managed, db_table = "plain", False, "community_post"
        ordering = ("-active_at", "-id")


class Comment(Row):
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(Person, null=True, on_delete=models.CASCADE)
    body_html = models.TextField()
    created_at = models.DateTimeField()
    likes_count = models.IntegerField()

    class Meta:
        app_label, managed, db_table = "plain", False, "community_comment"
        ordering = ("id",)


class Progress(Row):
    user = models.ForeignKey(Person, on_delete=models.CASCADE)
    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE)
    fraction = models.FloatField(default=0)
    seconds = models.IntegerField(default=0)
    visits = models.JSONField(default=list)
    block = models.CharField(max_length=80, default="")
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label, managed, db_table = "plain", False, "tutorials_tutorialprogress"


class Like(Row):
    user = models.ForeignKey(Person, on_delete=models.CASCADE)
    post = models.ForeignKey(Post, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label, managed, db_table = "plain", False, "community_like"


class Event(Row):
    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    visitor = models.BigIntegerField(default=-1)
    audience_id = models.IntegerField(default=1)
    name = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    source = models.CharField(max_length=200, default="", blank=True)
    properties = models.JSONField()

    class Meta:
        app_label, managed, db_table = "plain", False, "plain_events"


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Person, ("id", "name")


class TutorialSerializer(serializers.ModelSerializer):
    topic: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    author = PersonSerializer()

    class Meta:
        model = Tutorial
        fields = (
            *("slug", "title", "summary", "topic", "author", "tags", "difficulty", "access", "minutes"),
            "published_at",
        )


class CommentSerializer(serializers.ModelSerializer):
    author = PersonSerializer()

    class Meta:
        model, fields = Comment, ("id", "author", "body_html", "likes_count", "created_at")


class PostSerializer(serializers.ModelSerializer):
    category: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    author = PersonSerializer()
    comments = CommentSerializer(many=True)

    class Meta:
        model = Post
        fields = (
            *("id", "title", "type", "category", "tags", "author", "body_html", "likes_count", "comments_count"),
            *("created_at", "active_at", "comments"),
        )


class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Event, ("id", "name", "subject", "properties")


class Tutorials(generics.ListAPIView):
    queryset = Tutorial.objects.filter(status="published").select_related("topic", "author").defer("body_html")
    serializer_class = TutorialSerializer


class OnePost(generics.RetrieveAPIView):
    queryset = (
        Post.objects.filter(state="published").select_related("category", "author").prefetch_related("comments__author")
    )
    serializer_class = PostSerializer


class Events(APIView):
    def post(self, request: Request) -> Response:
        asked: Any = request.data
        events = [each | {"subject": each["path"]} for each in asked["events"]]
        serializer = EventSerializer(data=events, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response({"accepted": len(events)}, status=status.HTTP_202_ACCEPTED)


class ProgressView(APIView):
    @transaction.atomic
    def put(self, request: Request, slug: str) -> Response:
        asked: Any = request.data
        tutorial = get_object_or_404(Tutorial.objects.defer("body_html"), slug=slug)
        progress, _ = Progress.objects.get_or_create(user_id=asked["user"], tutorial=tutorial)
        progress.fraction = max(progress.fraction, asked["fraction"])
        progress.moved_at = timezone.now()
        progress.save()
        return Response({"fraction": progress.fraction})


class LikeView(APIView):
    @transaction.atomic
    def put(self, request: Request, pk: int) -> Response:
        asked: Any = request.data
        post = get_object_or_404(Post, pk=pk)
        _, is_new = Like.objects.get_or_create(user_id=asked["user"], post=post)
        if is_new:
            Post.objects.filter(pk=pk).update(likes_count=F("likes_count") + 1)
        return Response({"liked": True})


def tutorial_page(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Tutorial.objects.select_related("topic", "author"), slug=slug, status="published")
    return render(request, "tutorial.html", {"tutorial": found})


def thread(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    found = get_object_or_404(OnePost.queryset.all(), pk=pk)
    return render(request, "thread.html", {"post": found})


def topics(request: HttpRequest) -> HttpResponse:
    found = Post.objects.filter(state="published").select_related("category", "author")[:20]
    count = Post.objects.filter(state="published").count()
    return render(request, "topics.html", {"posts": found, "count": count})


urlpatterns: list[Any] = [
    path("api/tutorials", Tutorials.as_view()),
    path("api/posts/<int:pk>", OnePost.as_view()),
    path("api/analytics/events", Events.as_view()),
    path("api/tutorials/<slug:slug>/progress", ProgressView.as_view()),
    path("api/posts/<int:pk>/like", LikeView.as_view()),
    path("tutorials/<slug:slug>/", tutorial_page),
    path("community/", topics),
    path("community/posts/<int:pk>/<slug:slug>/", thread),
]
application = get_wsgi_application()
