"""Authors write here, with a live preview, and take a tutorial from draft to its readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from common import markdown
from common.admin import ByDate, LooksUp, OneByOne, ServiceAdmin
from common.comparing import compare
from common.forms import put_faults
from tutorials import statistics
from tutorials.admin.steps import STEPS
from tutorials.admin.visits import visits_to
from tutorials.forms.admin import TutorialAdminForm
from tutorials.models import Status, Tutorial, TutorialVersion
from tutorials.quiz import parse, split
from tutorials.services import images, writing

# What a list has no use for; the last are of no use anywhere here.
TEXTS = ("body", "body_html", "opening_html", "text", "opening_text", "blocks", "quiz", "source")
SEARCHED = ("search", "open_search")


@admin.register(Tutorial)
class TutorialAdmin(ByDate, LooksUp, OneByOne, ServiceAdmin):
    form = TutorialAdminForm
    list_display = ("title", "topic", "difficulty", "access", "status", "published_at", "minutes")
    list_filter = ("status", "access", "difficulty", "topic")
    list_select_related = ("topic",)
    # Not the texts: nobody finds out by a search here what they say.
    search_fields = ("title", "summary", "slug")
    prepopulated_fields = {"slug": ("title",)}
    autocomplete_fields = ("author",)
    date_hierarchy = "published_at"
    readonly_fields = ("minutes", "updated_at")
    show_full_result_count = False
    change_form_outer_before_template = "tutorials/_admin_standing.html"
    # An hour of writing is not lost by a click on the menu.
    warn_unsaved_form = True
    change_form_outer_after_template = "tutorials/_admin_beside.html"
    fieldsets = (
        (None, {"fields": ("title", "slug", "summary", "body", "new_images", "seen")}),
        ("Place", {"fields": ("topic", "tags", "difficulty", "access", "pass_mark")}),
        ("About", {"fields": ("author", "minutes", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tutorial]:
        """Only the editor needs the texts."""
        tutorials: QuerySet[Tutorial] = super().get_queryset(request)
        page = (request.resolver_match and request.resolver_match.url_name) or ""
        return tutorials.defer(*SEARCHED) if page.endswith("_change") else tutorials.defer(*SEARCHED, *TEXTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Tutorial | None = None) -> tuple[str, ...]:
        """Whoever may not look people up cannot choose one either: what they write is their own."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.has_perm("accounts.view_user") else (*fields, "author")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: Tutorial | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or writing.can("delete", obj))

    # Writing

    def save_model(self, request: HttpRequest, obj: Tutorial, form: TutorialAdminForm, change: bool) -> None:
        """Images first: what is published must not name one that is not there."""
        by = cast("User", request.user)
        new_images = form.cleaned_data["new_images"]
        if not change:
            obj.pk = writing.create_tutorial(by=by, values=form.changes()).pk
        for name, data in new_images.items():
            images.put_image(by=by, tutorial=obj, name=name, data=data)
        if change:
            writing.change_tutorial(by=by, tutorial=obj, changes=form.changes())

    def delete_model(self, request: HttpRequest, obj: Tutorial) -> None:
        writing.delete_tutorial(by=cast("User", request.user), tutorial=obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        beside = self.beside(request, object_id) if object_id else {}
        return super().changeform_view(request, object_id, form_url, {**beside, **(extra_context or {})})

    def beside(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """What stands around the editor."""
        tutorial = self.get_object(request, object_id)
        if tutorial is None or not self.has_view_permission(request, tutorial):
            return {}
        user = cast("User", request.user)
        may_write = writing.may_write(user, tutorial)
        return {
            "steps": [(name, step) for name, step in STEPS.items() if may_write and step.can(tutorial, user)],
            "standing": standing_of(tutorial),
            "notes": tutorial.review_notes.select_related("by"),
            "images": tutorial.images.all(),
            "shown": images.names_in(tutorial),
            "missing": tutorial.missing_images(),
            "may_write": may_write,
        }

    # Pages of its own

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            view = self.admin_site.admin_view(view)
            return path(route, view, name=f"tutorials_tutorial_{name}")

        return [
            page("preview/", self.preview, "preview"),
            page("<path:object_id>/step/<slug:step>/", self.step, "step"),
            page("<path:object_id>/versions/", self.versions, "versions"),
            page("<path:object_id>/versions/<int:number>/restore/", self.restore, "restore"),
            page("<path:object_id>/images/remove/", self.remove_image, "remove_image"),
            page("<path:object_id>/readers/", self.readers, "readers"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """The Markdown as its readers will see it, and its quiz with the answers; nothing is saved."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        body = request.POST.get("body", "")[: markdown.LARGEST_SOURCE]
        context: dict[str, Any] = {}
        try:
            text, source = split(body)
            context["quiz"] = parse(source) if source else None
        except ValidationError as error:
            text, context["faults"] = body.split("```quiz")[0], error.messages
        own = request.GET.get("tutorial", "")
        tutorial = self.get_object(request, own) if own.isdecimal() else None
        context["html"] = markdown.render(text, images=tutorial.pictures(text) if tutorial else None).html
        return render(request, "tutorials/admin_preview.html", context)

    def step(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """Asks first, then takes a tutorial a step on."""
        tutorial = self.find(request, object_id, to_write=True)
        if step not in STEPS:
            raise PermissionDenied
        chosen = STEPS[step]
        form = chosen.form_for(tutorial, request.POST if request.method == "POST" else None)
        if request.method == "POST" and (form is None or form.is_valid()):
            try:
                values = form.cleaned_data if form else {}
                return self.take(request, tutorial, partial(chosen.act, tutorial=tutorial, **values), chosen.done)
            except ValidationError as error:
                if form is None:
                    return self.refuse(request, error, address(tutorial))
                put_faults(form, error)
        context = {"form": form, "step": chosen, "notes": tutorial.review_notes.select_related("by")}
        return self.page(request, tutorial, "tutorials/admin_step.html", chosen.verb, context)

    @transaction.atomic
    def take(self, request: HttpRequest, tutorial: Tutorial, act: Callable[..., Any], done: str) -> HttpResponse:
        act(by=cast("User", request.user))
        self.log_change(request, tutorial, done)
        self.message_user(request, done, level=messages.SUCCESS)
        return HttpResponseRedirect(address(tutorial))

    @method_decorator(require_safe)
    def versions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was published, newest first; one of them beside the one before it, or beside the text of now."""
        tutorial = self.find(request, object_id)
        rows = list(tutorial.versions.latest_first().select_related("by").defer("body"))
        context: dict[str, Any] = {"versions": rows, "may_write": writing.may_write(request.user, tutorial)}
        asked = request.GET.get("version", "")
        if asked.isdecimal() and len(asked) < 10:
            version = get_object_or_404(tutorial.versions.select_related("topic", "by"), number=int(asked))
            before = tutorial.versions.filter(number=version.number - 1).select_related("topic").first()
            with_now = request.GET.get("with") == "now" or before is None
            pair = (version, tutorial) if with_now else (before, version)
            context |= {"version": version, "with_now": with_now, "before": before, **difference(*pair)}
        return self.page(request, tutorial, "tutorials/admin_versions.html", "Versions", context)

    @method_decorator(require_POST)
    def restore(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        tutorial = self.find(request, object_id, to_write=True)
        version = get_object_or_404(tutorial.versions.select_related("topic", "tutorial"), number=number)
        act = partial(writing.restore_version, version=version)
        try:
            return self.take(request, tutorial, act, f"The tutorial says again what version {number} said.")
        except ValidationError as error:
            return self.refuse(request, error, address(tutorial))

    @method_decorator(require_POST)
    def remove_image(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tutorial = self.find(request, object_id, to_write=True)
        name = request.POST.get("name", "")
        image = get_object_or_404(tutorial.images, name=name.replace("\0", ""))
        try:
            return self.take(request, tutorial, partial(images.remove_image, image=image), f"{image.name} is removed.")
        except ValidationError as error:
            return self.refuse(request, error, address(tutorial))

    @method_decorator(require_safe)
    def readers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How many come, where they stop, and how hard the questions are."""
        tutorial = self.find(request, object_id)
        context = {
            "visits": visits_to(tutorial),
            "reading": statistics.reading_of(tutorial),
            "quizzing": statistics.quizzing_of(tutorial),
        }
        return self.page(request, tutorial, "tutorials/admin_readers.html", "Readers", context)

    def find(self, request: HttpRequest, object_id: str, *, to_write: bool = False) -> Tutorial:
        """404 for what is not there. Raises PermissionDenied."""
        key = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        tutorial = get_object_or_404(Tutorial.objects.select_related("topic", "author").defer(*SEARCHED), pk=key)
        allowed = writing.may_write(request.user, tutorial) if to_write else self.has_view_permission(request, tutorial)
        if not allowed:
            raise PermissionDenied
        return tutorial

    def page(
        self, request: HttpRequest, tutorial: Tutorial, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        common = {"title": title, "opts": self.model._meta, "tutorial": tutorial, "original": tutorial}
        return render(request, template, {**self.admin_site.each_context(request), **common, **context})


def address(tutorial: Tutorial) -> str:
    return reverse("admin:tutorials_tutorial_change", args=[tutorial.pk])


def standing_of(tutorial: Tutorial) -> str:
    """Where a tutorial stands, in words."""
    if tutorial.status == Status.PUBLISHED:
        return "published" if tutorial.is_out() else "scheduled"
    if tutorial.status == Status.IN_REVIEW:
        return "approved" if tutorial.approved_at else "in review"
    return str(tutorial.get_status_display()).lower()


def difference(before: Tutorial | TutorialVersion, after: Tutorial | TutorialVersion) -> dict[str, Any]:
    """The lines of the text and the other fields that are not the same."""
    names = ("title", "summary", "topic", "tags", "difficulty", "access", "pass_mark")
    pairs = [(name.replace("_", " "), shown(before, name), shown(after, name)) for name in names]
    return {"rows": compare(before.body, after.body), "fields": [pair for pair in pairs if pair[1] != pair[2]]}


def shown(of: Tutorial | TutorialVersion, name: str) -> str:
    value = getattr(of, name)
    return ", ".join(value) if isinstance(value, list) else str(value)
