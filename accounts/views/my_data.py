"""What a member has us do with their data: a copy of it, and its erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import auth, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.forms.own import ErasureForm
from accounts.models import DataExport
from accounts.models.sessions import Door
from accounts.permissions import member
from accounts.services import erasure, exports
from accounts.views import proved_at
from accounts.visits import Visit
from common.files import open_or_404

if TYPE_CHECKING:
    import uuid


@never_cache
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    return show(request, ErasureForm())


def show(request: HttpRequest, form: ErasureForm) -> HttpResponse:
    kept = list(DataExport.objects.kept_of(request.user))
    context = {
        "exports": kept,
        "collecting": any(export.made_at is None for export in kept),
        "export_days": DataExport.KEPT.days,
        "form": form,
        "days": erasure.GRACE.days,
    }
    return render(request, "accounts/my_data.html", context)


def ask_export(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            exports.ask(user=member(request), visit=Visit.of(request, Door.PAGE))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, "We are collecting your data, and mail you when the file is ready.")
    return redirect("accounts:my_data")


@never_cache
@require_safe
def download_export(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    export = get_object_or_404(DataExport.objects.ready_for(request.user), pk=pk)
    return FileResponse(
        open_or_404(export.file), as_attachment=True, filename=export.download_name, content_type="application/zip"
    )


def has_no_password(request: HttpRequest) -> bool:
    return not member(request).has_usable_password()


@never_cache
@reauthentication_required(allow_get=True, enabled=has_no_password)  # type: ignore[untyped-decorator]  # allauth's
def ask_erasure(request: HttpRequest) -> HttpResponse:
    """Signs out and goes to the page where one can sign in again, and keep the account."""
    if request.method != "POST":
        return redirect("accounts:my_data")
    user = member(request)
    form = ErasureForm(request.POST)
    if user.has_usable_password() and not form.is_valid():
        return show(request, form)
    try:
        erase_after = erasure.ask(
            user=user,
            password=form.data.get("password", ""),
            proved_at=proved_at(request),
            visit=Visit.of(request, Door.PAGE),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return show(request, form)
    except PermissionDenied as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:my_data")
    auth.logout(request)
    day = date_format(erase_after, "j F Y")
    messages.success(request, f"Your account will be erased on {day}. To keep it, sign in before that day.")
    return redirect("account_login")


def keep_account(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        erasure.cancel(user=member(request), visit=Visit.of(request, Door.PAGE))
        messages.success(request, "You keep your account. Nothing will be erased.")
    return redirect("accounts:my_data")
