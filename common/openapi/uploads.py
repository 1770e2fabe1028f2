"""A file that is sent as a part of a form. Only describes: views read the part themselves."""

from __future__ import annotations

from rest_framework import serializers


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField()
