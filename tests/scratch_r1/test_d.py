from __future__ import annotations
import time
import pytest
from django.test import Client
from tests.factories import *
from tests.tutorials.callers import Caller
from tests.tutorials.learners import *
from tutorials.models import *
from tutorials.services import writing, images, tracks
pytestmark = pytest.mark.django_db

def test_keys_read_only(learner, author, tutorial):
    from tests.accounts.test_api_keys import make_key
    make_quiz_tutorial("Quizzy")
    k = make_key(author, scopes=["tutorials:read"])
    c = Client(raise_request_exception=False); h={"authorization": f"Api-Key {k.text}"}
    res=[]
    for m,p in [("get","tutorials/%s"),("put","tutorials/%s/progress"),("patch","tutorials/%s"),("delete","tutorials/%s"),("post","tutorials"),("put","tutorials/%s/publication"),("put","tutorials/%s/archive"),("post","tutorials/quizzy/quiz/attempts"),("put","tutorials/%s/bookmark"),("delete","tutorials/%s/bookmark"),("post","tracks"),("put","tutorials/%s/review"),("post","tutorials/%s/review/notes"),("put","tutorials/%s/versions/1/restoration")]:
        r = getattr(c,m)("/api/"+(p%tutorial.slug if "%s" in p else p), {}, content_type="application/json", headers=h) if m!="get" else c.get("/api/"+p%tutorial.slug, headers=h); res.append((m,p,r.status_code, r.json().get("code")))
    print("KEYS", res)

def test_author_field(admin):
    t = make_quiz_tutorial("Quizzy")
    c = Client(); c.force_login(admin)
    base = {"title":"Quizzy","slug":"quizzy","summary":"s","body":"b\n","topic":str(t.topic_id),"tags":"","difficulty":"beginner","access":"free","pass_mark":"80","author":"abc","seen":""}
    r = c.post(f"/admin/tutorials/tutorial/{t.pk}/change/", base); print("AUTHOR", r.status_code)

def test_many_blocks(learner, author):
    t = make_tutorial("Many", body="o\n\n"+"# a\n"*16000, author=author)
    c = Client(); c.force_login(learner)
    for p in ("/tutorials/many/", "/api/tutorials/many"):
        s=time.time(); r = c.get(p); print("MANY", p, r.status_code, len(r.content), round(time.time()-s,2))
    for i in range(20): c.put(f"/api/tutorials/many/bookmarks/{t.blocks[i]['id']}", {}, content_type="application/json")
    s=time.time(); r = c.get("/learning/bookmarks/"); print("MANY bm", len(r.content), round(time.time()-s,2))

def test_premium_old_slug_and_img(author, learner):
    from tests.scratch_r1.test_a import png
    t = make_tutorial("Prem", access="premium", body="Opening ![a](a.png)\n\n## H\n\nx", author=author)
    images.put_image(by=author, tutorial=t, name="a.png", data=png(1))
    print("IMG before", Client().get("/tutorials/prem/images/a.png").status_code)
    writing.change_tutorial(by=author, tutorial=t, changes={"slug":"prem2"})
    print("IMG after", Client().get("/tutorials/prem2/images/a.png").status_code)

def test_page_has_dup_ids(learner):
    import re, collections
    make_tutorial("Ids", body="o\n\n## Done\n\nx\n\n## Finish\n\nx\n\n## Main\n\n## Marks\n\n## Mark form\n\n## toc\n")
    c = Client(); c.force_login(learner)
    ids = re.findall(r'\sid="([^"]+)"', c.get("/tutorials/ids/").content.decode())
    print("DUP", [k for k,v in collections.Counter(ids).items() if v>1])

def test_author_name_feed(author):
    from accounts.models import User
    User.objects.filter(pk=author.pk).update(name="A\x01B")
    make_tutorial("Feed", author=author)
    c = Client(raise_request_exception=False)
    print("FEED", c.get("/tutorials/feed.atom").status_code)

def test_topic_control(admin):
    c = Client(raise_request_exception=False); c.force_login(admin)
    r = c.post("/admin/tutorials/topic/add/", {"name":"A\x01B","slug":"ab","description":"d\x08","position":"0"}); print("TOPIC", r.status_code, repr(list(Topic.objects.values_list("name",flat=True))))

def test_banned(learner, premium_tutorial):
    make_grant(learner); c = Client(); c.force_login(learner)
    print("BAN1", b"secret middle" in c.get(premium_tutorial.get_absolute_url()).content)
    from accounts.models import User
    User.objects.filter(pk=learner.pk).update(is_active=False)
    print("BAN2", b"secret middle" in c.get(premium_tutorial.get_absolute_url()).content, c.get(f"/api/users/{learner.pk}/achievements").status_code)

def test_note_newlines_in_mark(learner, tutorial):
    c = Client(); c.force_login(learner)
    c.post(f"/tutorials/{tutorial.slug}/bookmark/", {"block":"", "note":"one\r\ntwo"})
    import re; h=c.get(tutorial.get_absolute_url()).content.decode()
    print("NOTE", re.findall(r'mark__note">(.*?)</p>', h, re.S), repr(Bookmark.objects.get().note))

def test_import_read_race(tmp_path, author):
    # slug 'feed' / dotted
    make_tutorial("X", slug="feed")
    print("SLUGFEED", Client().get("/tutorials/feed.md").status_code)

def test_quiz_key_csrf(learner):
    t = make_tutorial("Qk", body="o\n\n## h\n\n```quiz\n? Which? {#csrfmiddlewaretoken}\n( ) a\n(x) b\n```\n")
    right = t.quiz["questions"][0]["options"][1]["key"]
    c = Client(); c.force_login(learner)
    r = c.post("/tutorials/qk/quiz/", {"csrfmiddlewaretoken": right}); print("QK", r.status_code, QuizAttempt.objects.get().score)

def test_import_symlink_md(tmp_path, author):
    from tutorials.services.importing import import_tutorials
    (tmp_path/"a").mkdir(); (tmp_path/"outside.md").write_text("---\ntitle: T\nsummary: S\ntopic: Foundations\ndifficulty: beginner\naccess: free\npublished_at: 2026-01-01\nslug: leak\n---\n\nsecret\n")
    make_topic("Foundations")
    (tmp_path/"a"/"leak.md").symlink_to(tmp_path/"outside.md")
    print("SYM", import_tutorials(path=tmp_path/"a"))
