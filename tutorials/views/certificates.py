"""A certificate, as whoever was given its address sees it, and what its holder may do with it."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import member
from common.addresses import absolute
from common.forms import submit
from tutorials.forms import CertificateNameForm
from tutorials.models import Certificate
from tutorials.qr_code import qr_code
from tutorials.services import certificates


@login_not_required
@require_safe
def certificate(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Certificate.objects.public(), pk=pk)
    return show(request, found, CertificateNameForm(initial={"name": found.name}))


@require_POST
def change_name(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Certificate.objects.public().of(member(request)), pk=pk)
    form = CertificateNameForm(request.POST)
    if not submit(form, lambda: certificates.change_name(by=member(request), certificate=found, **form.cleaned_data)):
        return show(request, found, form)
    messages.success(request, "Your certificate shows this name now.")
    return redirect(found)


def show(request: HttpRequest, found: Certificate, form: CertificateNameForm) -> HttpResponse:
    profile = found.user.profile
    address = absolute(found.get_absolute_url())
    context = {
        "certificate": found,
        "own": found.user_id == request.user.pk,
        # Who hides what they learn may have another name here than on the certificate.
        "profile": profile if profile.shows("learning", to=request.user) else None,
        "is_listed": profile.shows("learning", to=AnonymousUser()),
        "address": address,
        "host": urlsplit(address).netloc,
        "qr_code": qr_code(address),
        "form": form,
    }
    return render(request, "tutorials/certificate.html", context)
