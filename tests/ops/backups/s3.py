"""A real S3 server, moto's, in a process of its own, which tests may stop."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import LazySettings

BUCKET = "backups-of-tests"
CREDENTIALS = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class S3:
    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.words = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=self.words,
            stderr=self.words,
        )
        self.client: Any = boto3.client(
            "s3", endpoint_url=self.url, config=Config(retries={"max_attempts": 20, "mode": "standard"}), **CREDENTIALS
        )
        while True:
            # boto3 itself waits between its attempts.
            with suppress(BotoCoreError, ClientError):
                self.client.create_bucket(Bucket=BUCKET)
                break
            assert self.process.poll() is None, "moto's server ended"

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def unfinished(self) -> list[str]:
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if not self.words.closed:
            self.words.close()

    def options(self) -> dict[str, Any]:
        return {
            "bucket_name": BUCKET,
            "location": "site",
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "access_key": "id",
            "secret_key": "secret",
            "addressing_style": "path",
        }


@pytest.fixture
def s3(settings: LazySettings) -> Iterator[S3]:
    """The storage of backups is a bucket there."""
    server = S3()
    settings.STORAGES = settings.STORAGES | {
        "backups": {"BACKEND": "ops.gateways.backups.s3.S3Backups", "OPTIONS": server.options()}
    }
    yield server
    server.stop()
