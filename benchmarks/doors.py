"""What counting costs a page, and how many events a second the API reads: `python benchmarks/doors.py`.

CPU time of one thread, of the platform's own code in a process of its own: what the middleware adds to a request beyond
`collect`, with and without it; reading batches of 50 events; and whole requests with such a batch, through all
middleware, where the pipeline takes them and where it is switched off.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from server import manage, served

MEASURE = r"""
import json, logging, statistics, time, uuid
logging.disable(logging.CRITICAL)
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from accounts.models import User
from analytics import middleware
from analytics.api import events as door
from analytics.incoming import read_batch
from analytics.requests import VisitOfRequest
from common.identities import new_id
from config.wsgi import application

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
make = RequestFactory(HTTP_USER_AGENT=CHROME, HTTP_HOST="127.0.0.1")
PATH = "/tutorials/retrieval-from-scratch/"
user = User.objects.create_user(email="x@howtoai.example", password=None)
user.reads_premium = False

def microseconds(call, number):
    call()
    rounds = []
    for _ in range(7):
        begun = time.thread_time()
        for _ in range(number):
            call()
        rounds.append((time.thread_time() - begun) / number * 1e6)
    return statistics.median(rounds)

def page(who, referrer=""):
    view = lambda request: response
    response = HttpResponse("x")
    counted = middleware.PageViewMiddleware(view)
    match = resolve(PATH)
    def ask(through):
        request = make.get(PATH, HTTP_REFERER=referrer) if referrer else make.get(PATH)
        request.user, request.resolver_match = who, match
        request.GET
        through(request)
    return microseconds(lambda: ask(counted), 3000) - microseconds(lambda: ask(view), 3000)

def event(number):
    if number % 5:
        measured = {"seconds": 12.5, "scroll": 0.75, "lcp": 900, "inp": 40, "cls": 0.02, "time_zone": "Europe/Berlin"}
        return {"id": str(new_id()), "name": "page_left", "path": PATH, "properties": measured}
    properties = {"query_length": 12, "place": "site"}
    return {"id": str(new_id()), "name": "feature", "feature": "search", "properties": properties}

batch = [event(number) for number in range(50)]
visit = VisitOfRequest(make.get("/"))
visit.request.user = AnonymousUser()
body = json.dumps({"events": batch}).encode()
single = json.dumps({"events": batch[:1]}).encode()
door.OF_VISITOR = door.OF_NETWORK = 10**9

def whole(sent):
    def ask():
        import io
        environ = make._base_environ(
            REQUEST_METHOD="POST",
            PATH_INFO="/api/analytics/events",
            CONTENT_TYPE="text/plain",
            CONTENT_LENGTH=str(len(sent)),
            HTTP_SEC_FETCH_SITE="same-origin",
        )
        environ["wsgi.input"] = io.BytesIO(sent)
        status = []
        b"".join(application(environ, lambda line, headers: status.append(line)))
        assert status[0].startswith("202"), status
    return ask

found = {}
settings.ANALYTICS = False
found["page of a visitor, without collect: us"] = page(AnonymousUser())
found["page of a visitor from elsewhere, without collect: us"] = page(AnonymousUser(), "https://www.google.com/")
found["page of a member, without collect: us"] = page(user)
settings.ANALYTICS = True
found["page of a visitor, with collect: us"] = page(AnonymousUser())
settings.ANALYTICS = False
found["reading alone: events/s"] = 50e6 / microseconds(lambda: read_batch(batch, visit), 40)
found["requests with 50, without the pipeline: events/s"] = 50e6 / microseconds(whole(body), 40)
settings.ANALYTICS = True
found["requests with 50, all in all: events/s"] = 50e6 / microseconds(whole(body), 40)
found["requests with 1, all in all: us"] = microseconds(whole(single), 200)
print(json.dumps(found))
"""


def main() -> None:
    with served() as platform:
        for name, figure in json.loads(manage(platform, MEASURE).splitlines()[-1]).items():
            print(f"{name:60}{figure:12,.1f}")


if __name__ == "__main__":
    main()
