from __future__ import annotations
import io, json
from datetime import UTC, datetime, timedelta
import pytest
from PIL import Image
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import *
from tests.tutorials.callers import Caller
from tests.tutorials.learners import *
from tutorials.models import *
from tutorials.services import writing, images, tracks, awarding
from tutorials.listing import list_tutorials
from tutorials.forms import TutorialListForm
from django.http import QueryDict

pytestmark = pytest.mark.django_db

def png(c=1):
    f = io.BytesIO(); Image.new("RGB", (4,4),(c,2,3)).save(f,"PNG"); return f.getvalue()

def test_slug_change_keeps_images(author, learner):
    t = make_tutorial("Old name", body="Opening ![a](a.png)\n\n## H\n\ntext", author=author)
    images.put_image(by=author, tutorial=t, name="a.png", data=png())
    writing.change_tutorial(by=author, tutorial=t, changes={"slug": "new-name"})
    t.refresh_from_db()
    c = Client(); c.force_login(learner)
    print("HTML", t.body_html)
    r = c.get("/tutorials/new-name/images/a.png"); print("image new", r.status_code)
    assert "/tutorials/new-name/images/" in t.body_html

def test_prefix_image_leak(author, learner):
    t = make_tutorial("Prem", access="premium", body="Opening ![a](a.png.webp)\n\n## H\n\n![b](a.png)", author=author)
    images.put_image(by=author, tutorial=t, name="a.png.webp", data=png(1))
    images.put_image(by=author, tutorial=t, name="a.png", data=png(9))
    assert Client().get("/tutorials/prem/images/a.png").status_code == 404

def test_nul_bookmark(learner, tutorial):
    c = Client(raise_request_exception=False); c.force_login(learner)
    r = c.post(f"/tutorials/{tutorial.slug}/bookmark/remove/", {"block": "a\0b"})
    assert r.status_code < 500

def test_nul_image(learner, tutorial):
    c = Client(raise_request_exception=False)
    for p in ("%00", "a%00.png", "%ff%fe", "%ED%A0%80.png", "..%2f..%2fetc%2fpasswd", "x"*5000):
        r = c.get(f"/tutorials/{tutorial.slug}/images/{p}")
        print(p[:20], r.status_code)
    r = c.get(f"/tutorials/{tutorial.slug}/images/a%00.png")
    assert r.status_code < 500

def test_nul_admin_remove(admin, tutorial):
    c = Client(raise_request_exception=False); c.force_login(admin)
    r = c.post(f"/admin/tutorials/tutorial/{tutorial.pk}/images/remove/", {"name": "a\0b"})
    print(r.status_code, r.get("Location"))
    assert r.status_code < 500

@pytest.mark.parametrize("method,path,body", [
    ("patch", "tutorials/prompting-that-works", '{"\\ud800": 1}'),
    ("patch", "tutorials/prompting-that-works", '{"\\u0000": 1}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 0.5, "\\udfff": 1}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 1e999}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": NaN}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 0.5, "seconds": 1' + "0"*400 + '}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 1' + "0"*400 + '}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 0.5, "block": "\\u0000"}'),
    ("put", "tutorials/prompting-that-works/progress", '{"fraction": 0.5, "visit": "\\ud800"}'),
    ("put", "tutorials/prompting-that-works/progress", '[1]'),
    ("put", "tutorials/prompting-that-works/progress", '"x"'),
    ("put", "tutorials/prompting-that-works/progress", 'null'),
    ("put", "tutorials/prompting-that-works/publication", '{"at": "9999-12-31T23:59:59-14:00"}'),
    ("put", "tutorials/prompting-that-works/publication", '{"at": "0001-01-01T00:00:00+14:00"}'),
    ("put", "tutorials/prompting-that-works/publication", '{"at": "9999-12-31T23:59:59Z"}'),
    ("post", "tutorials/prompting-that-works/review/notes", '{"text":"x","read_at": "0001-01-01T00:00:00+14:00"}'),
    ("post", "tutorials/prompting-that-works/review/notes", '{"text":"x\\u0000"}'),
    ("post", "tutorials/prompting-that-works/review/notes", '{"text":["x"]}'),
    ("put", "tutorials/prompting-that-works/bookmark", '{"note":"\\ud800"}'),
    ("put", "tutorials/prompting-that-works/bookmark", '{"note":"\\u0000"}'),
    ("post", "tutorials/quizzy/quiz/attempts", '{"answers": {"\\ud800": ["a"]}}'),
    ("post", "tutorials/quizzy/quiz/attempts", '{"answers": {"what-is-a-token": ["\\ud800"]}}'),
    ("post", "tutorials/quizzy/quiz/attempts", '{"answers": {"what-is-a-token": [["x"]]}}'),
    ("post", "tutorials/quizzy/quiz/attempts", '{"answers": {"what-is-a-token": {"a":1}}}'),
    ("post", "tutorials/quizzy/quiz/attempts", '{"answers": []}'),
    ("post", "tutorials", '{"title":"x","slug":"y\\u0000","summary":"z","body":"b","topic":"\\u0000","difficulty":["x"]}'),
    ("post", "tutorials", '{"title":"x","slug":"y","summary":"z","body":"b","topic":"foundations","difficulty":{"a":1}, "tags": {"a":1}}'),
    ("post", "tutorials", '{"title":"x","slug":"y","summary":"z","body":"b\\u0001 \\u000b","topic":"foundations","difficulty":"beginner", "tags": ["a"], "pass_mark": 99999999999}'),
    ("post", "tutorials", '{"title":"x","slug":"new","summary":"z","body":"b","topic":"foundations","difficulty":"beginner", "tags": null}'),
    ("post", "tutorials", '{"title":null,"slug":"new","summary":"z","body":null,"topic":null,"difficulty":null, "access": null}'),
    ("patch", "tutorials/prompting-that-works", '{"access": "", "difficulty": ""}'),
    ("patch", "tutorials/prompting-that-works", '{"slug": "preview"}'),
    ("patch", "tutorials/prompting-that-works", '{"slug": "\\u00e4"}'),
    ("patch", "tutorials/prompting-that-works", '{"tags": ["a","a"]}'),
    ("patch", "tutorials/prompting-that-works", '{"tags": []}'),
    ("post", "tracks", '{"title":"x","slug":"y","summary":"z","position": 99999999999}'),
    ("post", "tracks", '{"title":"x\\u0001","slug":"y","summary":"z\\u0008\\n","position": 1, "is_published": true}'),
    ("post", "tracks", '{"title":"x","slug":"y2","summary":"z","tutorials": ["prompting-that-works","prompting-that-works"]}'),
    ("post", "tracks", '{"title":"x","slug":"y3","summary":"z","tutorials": ["\\ud800", "a\\u0000"]}'),
    ("post", "tracks", '{"title":"x","slug":"y4","summary":"z","tutorials": null, "is_published": null}'),
])
def test_odd_json(admin, tutorial, method, path, body):
    make_quiz_tutorial("Quizzy")
    c = Caller(admin); c.client.raise_request_exception = False
    r = c.send(method, path, body)
    print(method, path, body[:90], "->", r.status_code, r.content[:260].decode(errors="replace"))
    assert r.status_code < 500

def test_scheduled_words(learner):
    make_tutorial("About food", body="food here\n\n## H\n\nx")
    make_tutorial("Zanzibarism", status="published", published_at=timezone.now()+timedelta(days=3), body="nothing\n\n## H\n\nx")
    q = QueryDict("q=fooed or zanzibarsm")
    listed = list_tutorials(TutorialListForm(q), learner)
    print("MEANT", listed.meant)
    assert "zanzibarism" not in listed.meant

def test_premium_words(learner, author):
    make_tutorial("About food", body="food here\n\n## H\n\nx")
    t = make_tutorial("Plain", body="nothing\n\n## H\n\nThe codeword is zanzibarism.", author=author)
    writing.change_tutorial(by=author, tutorial=t, changes={"access": "premium"})
    listed = list_tutorials(TutorialListForm(QueryDict("q=fooed or zanzibarsm")), learner)
    print("MEANT", listed.meant)
    assert "zanzibarism" not in listed.meant

def test_days_member(learner):
    from tutorials.counts import days_as_member
    from accounts.models import User
    User.objects.filter(pk=learner.pk).update(date_joined=timezone.now()-timedelta(days=6, hours=13))
    v = list(days_as_member(learner.pk))
    assert v[0]["value"] == 6

def test_done_id():
    t = make_tutorial("Ids", body="o\n\n## Done\n\nx\n\n## Finish\n\nx\n\n## Main\n\n## Marks\n\n## Mark form\n")
    ids = [b["id"] for b in t.blocks]
    print(ids)
    assert not {"done","finish","main","marks","mark-form"} & set(ids)

def test_archive_step(learner, author):
    a, b = make_tutorial("A1"), make_tutorial("B1")
    track = make_track(a, b)
    finish(learner, a)
    writing.archive(by=author, tutorial=b)
    assert TrackCompletion.objects.filter(user=learner).exists()

def test_quiz_removed(learner, author):
    a = make_quiz_tutorial("A1", author=author)
    track = make_track(a, quizzes_required=True)
    finish(learner, a)
    writing.change_tutorial(by=author, tutorial=a, changes={"body": "x\n\n## y\n\nz\n"})
    assert TrackCompletion.objects.filter(user=learner).exists()
