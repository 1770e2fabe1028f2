"""While the database is away, everybody is told so soon, and nobody sees a fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from config.env import BASE_DIR

ASK = """
import json, warnings
warnings.simplefilter("ignore")
import django
django.setup()
from django.conf import settings
from django.test import Client
answers = {}
for address in ("/", "/tutorials/?q=x", "/api/tutorials", "/api/tutorials/x", "/readyz", "/healthz"):
    answer = Client(raise_request_exception=False, headers={"host": "localhost"}).get(address)
    answers[address] = [answer.status_code, answer["Content-Type"], answer.get("Retry-After")]
    if address == "/readyz":
        answers["parts"] = answer.json()["parts"]
member = Client(raise_request_exception=False, headers={"host": "localhost"})
member.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
answer = member.get("/settings/sessions/")
answers["member"] = [answer.status_code, answer["Content-Type"], answer.get("Retry-After")]
print(json.dumps(answers))
"""


def test_every_door_says_that_it_cannot_answer_just_now() -> None:
    nowhere = "postgres://howtoai@/howtoai?host=" + os.environ["VAR_DIR"]
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=BASE_DIR,
        env=os.environ | {"DATABASE_URL": nowhere, "DJANGO_SETTINGS_MODULE": "tests.settings", "RUNS_COMMAND": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    html, problem = "text/html; charset=utf-8", "application/problem+json"
    assert answers == {
        "/": [503, html, "5"],
        "/tutorials/?q=x": [503, html, "5"],
        "/api/tutorials": [503, problem, "5"],
        "/api/tutorials/x": [503, problem, "5"],
        "/readyz": [503, "application/json", None],
        # Asking for the migrations would only wait a second time.
        "parts": {"database": "failing", "cache": "ok", "disk": "ok", "migrations": "unknown"},
        "/healthz": [200, "application/json", None],
        # The page does not ask who is there, which only the database knows.
        "member": [503, html, "5"],
    }
