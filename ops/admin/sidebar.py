"""What stands beside every page of the admin (UNFOLD["SIDEBAR"]): by what people come for, not by apps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

# Names of models, the most used first. What is not named here is listed under the name of its app.
GROUPS = {
    "Today": ("analytics.figures", "billing.revenue", "ops.system"),
    "Learning": (
        *("tutorials.tutorial", "tutorials.track", "tutorials.topic", "tutorials.achievement"),
        *("tutorials.tutorialprogress", "tutorials.quizattempt", "tutorials.trackcompletion", "tutorials.certificate"),
        "tutorials.award",
    ),
    "Community": (
        *("community.case", "community.post", "community.comment", "community.category"),
        *("community.standing", "community.staffaction"),
    ),
    "People": (
        *("accounts.user", "accounts.profile", "accounts.session", "accounts.loginhistory", "accounts.apikey"),
        *("account.emailaddress", "mfa.authenticator", "socialaccount.socialaccount", "auth.group"),
        "accounts.erasurereceipt",
    ),
    "Money": (
        *("billing.subscription", "billing.invoice", "billing.plan", "billing.price", "billing.organisation"),
        *("billing.contract", "billing.contactrequest", "billing.accessgrant", "billing.membership"),
        *("billing.seat", "billing.invitation", "billing.providerevent"),
    ),
    "What is counted": (
        *("analytics.savedmetric", "analytics.alertrule", "analytics.alert", "analytics.goal"),
        *("analytics.funnel", "analytics.note"),
    ),
    "Operations": ("ops.backuplog", "ops.errorgroup", "ops.systemlog"),
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """For whoever asks; without what they may not see."""
    desk = {"title": "Desk", "link": reverse("admin:index")}
    groups = [{"title": title, "items": list(items(request, names))} for title, names in all_groups().items()]
    groups[0]["items"] = [desk, *groups[0]["items"]]
    return [group | {"separator": number > 0} for number, group in enumerate(groups) if group["items"]]


def all_groups() -> dict[str, tuple[str, ...]]:
    named = {name for names in GROUPS.values() for name in names}
    groups = dict(GROUPS)
    for model in admin.site._registry:
        if model._meta.label_lower not in named:
            title = str(model._meta.app_config.verbose_name)
            groups[title] = (*groups.get(title, ()), model._meta.label_lower)
    return groups


def items(request: HttpRequest, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    registered = {model._meta.label_lower: (model, shown) for model, shown in admin.site._registry.items()}
    for name in names:
        if name not in registered:
            continue
        model, shown = registered[name]
        if shown.has_module_permission(request) and shown.has_view_or_change_permission(request):
            title = str(model._meta.verbose_name_plural)
            yield {
                "title": f"{title[0].upper()}{title[1:]}",
                "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
            }
