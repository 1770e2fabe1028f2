"""The page of revenue, and its tables as files; for those who have `billing.view_revenue`."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing.admin.revenue.figures import Money
from billing.admin.revenue.filters import RevenueForm
from billing.admin.revenue.names import Names
from billing.admin.revenue.pictures import PICTURES
from billing.admin.revenue.tables import TABLES
from billing.models import Plan
from billing.models import Revenue as RightToRevenue
from billing.reports.revenue import Revenue, currencies, revenue
from billing.reports.rounding import twelfth
from common.admin import RecordAdmin
from common.figures import Count, Rate
from common.tables import Card, Panel, spreadsheet

# The sections of the page in their order, with a line of explanation; those in the second list stand in pairs.
WIDE = {
    "mrr": "What subscriptions and contracts bring in each month, at the end of each month.",
    "movements": "Above the line what was won, below it what was lost.",
}
NARROW = {
    "customers": "A pause counts as churn, and going on as reactivation.",
    "payments": "When the money came in and went back, with tax. Contracts are billed elsewhere.",
    "trials": "A trial became paying when something was paid after it.",
    "recovery": "Payments that were missing and came after all, and those that never did.",
}
SEGMENTS = "All the months together; the rates are those of a month, on average."


@admin.register(RightToRevenue)
class RevenueAdmin(RecordAdmin):
    def get_urls(self) -> list[URLPattern]:
        page, file = self.admin_site.admin_view(self.page), self.admin_site.admin_view(self.file)
        return [
            path("", page, name="billing_revenue_changelist"),
            path("<slug:name>.csv", file, name="billing_revenue_file"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        form, names = self.asked(request)
        figures = revenue(form.view())
        query = form.query(figures.view.months)
        context = self.admin_site.each_context(request) | {
            "title": "Revenue",
            "form": form,
            "figures": figures,
            "cards": cards(figures),
            "wide": [panel(figures, names, name, words, query) for name, words in WIDE.items()],
            "narrow": [panel(figures, names, name, words, query) for name, words in NARROW.items()],
            "segments": panel(figures, names, "segments", SEGMENTS, query),
            "late": Money(twelfth(figures.summary.moved.late), figures.view.currency, is_signed=True).shown,
            "query": query,
        }
        return TemplateResponse(request, "billing/admin_revenue.html", context)

    def file(self, request: HttpRequest, name: str) -> HttpResponseBase:
        form, names = self.asked(request)
        if name not in TABLES:
            raise Http404
        if not form.is_valid():
            raise BadRequest("The address asks for what there is not. Choose on the page of revenue again.")
        view = form.view()
        title = f"{name}-{view.currency}-{view.months.first:%Y-%m}-{view.months.last:%Y-%m}"
        return spreadsheet(TABLES[name](revenue(view), names), title)

    def asked(self, request: HttpRequest) -> tuple[RevenueForm, Names]:
        """What is asked for, of somebody who may. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        plans = dict(Plan.objects.values_list("code", "name"))
        return RevenueForm(request.GET, plans=plans, currencies=currencies()), Names(plans)


def panel(figures: Revenue, names: Names, name: str, words: str, query: str) -> Panel:
    file = f"{reverse('admin:billing_revenue_file', args=[name])}?{query}"
    chart = PICTURES[name](figures, names) if name in PICTURES else None
    return Panel(words, TABLES[name](figures, names), file, chart)


def cards(figures: Revenue) -> list[Card]:
    """How things stand as of the view, and what became of them in its last month."""
    now, currency = figures.now, figures.view.currency
    mrr_change = Money(now.moved.monthly.total, currency, is_signed=True).shown
    came = Count(now.moved.customers.total, is_signed=True).shown
    missing = figures.past_due
    return [
        Card("MRR", Money(now.end.monthly, currency).shown, f"{mrr_change} this month"),
        Card("ARR", Money(now.end.annual, currency).shown, "exactly, as agreed"),
        Card("Paying members", Count(now.end.customers).shown, f"{came} this month"),
        Card("ARPU", Money(now.arpu, currency).shown, "a month for each"),
        Card("Churn this month", Rate(now.logo_churn).shown, f"of members; {Rate(now.revenue_churn).shown} of revenue"),
        Card(
            "Past due",
            Money(missing.at_risk, currency).shown,
            f"a month at risk, {Count(missing.lasting).shown} payment{'' if missing.lasting == 1 else 's'} missing",
        ),
    ]
