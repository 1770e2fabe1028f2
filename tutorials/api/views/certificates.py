"""Certificates of finished tracks: one's own, somebody's, and one by its address."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Profile
from accounts.permissions import member
from common.api import PrivateView, answer_from, validated
from common.forms import PlaceForm
from common.openapi import Listed, Refusal, described
from common.permissions import Public, PublicToRead
from tutorials.api import shapes
from tutorials.api.representations import CERTIFICATE_COLUMNS, certificate_item, certificate_row
from tutorials.api.serializers import CertificateNameSerializer
from tutorials.models import Certificate
from tutorials.querysets import CERTIFICATES_NEWEST_FIRST, CertificateQuerySet
from tutorials.services import certificates


class MyCertificatesView(PrivateView):
    """Also those that were revoked."""

    area = "tutorials"
    group = "Learning"

    @described("List your certificates", query=PlaceForm, gives=Listed(shapes.Certificate))
    def get(self, request: Request) -> Response:
        return listed(request, Certificate.objects.of(member(request)))


class CertificatesOfPersonView(PrivateView):
    """Somebody's, if they show to whoever asks what they learned."""

    permission_classes = (Public,)
    area = "tutorials"
    group = "Learning"

    @described("List somebody's certificates", query=PlaceForm, gives=Listed(shapes.Certificate))
    def get(self, request: Request, user_id: int) -> Response:
        people: Any = Profile.objects.public()
        profile: Profile = get_object_or_404(people, pk=user_id)
        if not profile.shows("learning", to=request.user):
            raise Http404
        return listed(request, Certificate.objects.of(profile.user).standing())


class CertificateView(PrivateView):
    permission_classes = (PublicToRead,)
    area = "tutorials"
    group = "Learning"

    @described("Verify a certificate", gives=shapes.Certificate)
    def get(self, request: Request, pk: UUID) -> Response:
        """Whoever knows its id may ask. Of one that was revoked nobody but its holder is told the name."""
        return Response(shown(request, find(pk)))

    @described(
        "Correct the name on your certificate",
        takes=CertificateNameSerializer,
        gives=shapes.Certificate,
        refuses=(Refusal(403, "permission_denied", "it is somebody else's, or was revoked"),),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        found = find(pk)
        changes = validated(CertificateNameSerializer(data=request.data))
        certificates.change_name(by=member(request), certificate=found, **changes)
        return Response(shown(request, find(pk)))


def find(pk: UUID) -> Certificate:
    """Raises Http404."""
    people_here: Any = Certificate.objects.public()
    found: Certificate = get_object_or_404(people_here, pk=pk)
    return found


def shown(request: Request, certificate: Certificate) -> dict[str, Any]:
    return certificate_item(certificate_row(certificate), request)


def listed(request: Request, rows: CertificateQuerySet) -> Response:
    """One page of these, the newest first."""
    return answer_from(
        request,
        rows.values(*CERTIFICATE_COLUMNS),
        order=CERTIFICATES_NEWEST_FIRST,
        item=lambda row: certificate_item(row, request),
    )
