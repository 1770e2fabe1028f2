"""The pages of figures, and their tables as files; for those who have `analytics.view_figures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from analytics.admin.dashboard import community, learning, members, visitors, ways
from analytics.admin.dashboard.asked import MOST_IN_FILE, MOST_SHOWN, Asked, Page, Section
from analytics.admin.dashboard.filters import FiguresForm
from analytics.days import day_of
from analytics.models import Figures, WeeklyReader
from analytics.services import weekly
from common.admin import RecordAdmin
from common.tables import Panel, spreadsheet

PAGES = {
    page.name: page for page in (visitors.PAGE, learning.PAGE, community.PAGE, members.PAGE, ways.GOALS, ways.JOURNEYS)
}
FIRST = visitors.PAGE.name


@dataclass(frozen=True)
class Tab:
    title: str
    url: str
    is_here: bool


@admin.register(Figures)
class FiguresAdmin(RecordAdmin):
    def get_urls(self) -> list[URLPattern]:
        page, file = self.admin_site.admin_view(self.page), self.admin_site.admin_view(self.file)
        weekly_mail = self.admin_site.admin_view(self.weekly_mail)
        return [
            path("", page, {"name": FIRST}, name="analytics_figures_changelist"),
            path("weekly/", weekly_mail, name="analytics_figures_weekly"),
            path("<slug:name>/", page, name="analytics_figures_page"),
            path("<slug:name>/<slug:section>.csv", file, name="analytics_figures_file"),
        ]

    def page(self, request: HttpRequest, name: str) -> HttpResponse:
        page, form = self.found(request, name)
        asked = asked_of(form, rows=MOST_SHOWN)
        panels = [(section, panel(page, section, asked, form)) for section in page.sections]
        context = self.admin_site.each_context(request) | {
            "title": f"Figures: {page.title}",
            "form": form,
            "tabs": tabs(page, form),
            "cards": page.cards(asked),
            "choices": page.choices(asked),
            "choice_label": page.choice_label,
            "wide": [each for section, each in panels if section.is_wide],
            "narrow": [each for section, each in panels if not section.is_wide],
            "view": asked.view,
            "before": asked.view.before() if page.is_compared else None,
            "is_topic_asked": bool(asked.view.topic),
            "reads_weekly": WeeklyReader.objects.filter(pk=person_of(request)).exists(),
        }
        return TemplateResponse(request, "analytics/admin_figures.html", context)

    def weekly_mail(self, request: HttpRequest) -> HttpResponse:
        """Begin or end the summary by mail, for whoever asks."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user_id = person_of(request)
        if "end" in request.POST:
            weekly.unsubscribe(user_id=user_id)
            messages.success(request, "You get no summary by mail any more.")
        else:
            weekly.subscribe(user_id=user_id, now=timezone.now())
            messages.success(request, "You get a summary by mail each Monday, from the next week on.")
        return redirect("admin:analytics_figures_changelist")

    def file(self, request: HttpRequest, name: str, section: str) -> HttpResponseBase:
        page, form = self.found(request, name)
        found = next((each for each in page.sections if each.name == section), None)
        if found is None:
            raise Http404
        if not form.is_valid():
            raise BadRequest("The address asks for what there is not. Choose on the page of figures again.")
        asked = asked_of(form, rows=MOST_IN_FILE)
        return spreadsheet(found.make(asked).table, f"{section}-{asked.view.first}-{asked.view.last}")

    def found(self, request: HttpRequest, name: str) -> tuple[Page, FiguresForm]:
        """What is asked for, of somebody who may. Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if name not in PAGES:
            raise Http404
        return PAGES[name], FiguresForm(request.GET, today=day_of(timezone.now()), has_steps=PAGES[name].has_steps)


def person_of(request: HttpRequest) -> int:
    """Whoever works in the admin has signed in."""
    return cast("int", request.user.pk)


def asked_of(form: FiguresForm, *, rows: int) -> Asked:
    return Asked(form.view(), timezone.now(), form.today, form.about, rows, form.length)


def panel(page: Page, section: Section, asked: Asked, form: FiguresForm) -> Any:
    shown = section.make(asked)
    file = f"{reverse('admin:analytics_figures_file', args=[page.name, section.name])}?{form.query()}"
    return Panel(section.words, shown.table, file, shown.chart, tuple(shown.remarks))


def tabs(here: Page, form: FiguresForm) -> list[Tab]:
    # What a page is about is nothing that another could be about.
    query = form.query(of="")
    return [
        Tab(page.title, f"{reverse('admin:analytics_figures_page', args=[name])}?{query}", page is here)
        for name, page in PAGES.items()
    ]
