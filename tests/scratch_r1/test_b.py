from __future__ import annotations
import random
from datetime import UTC, datetime, timedelta
import pytest
from django.test import Client
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone
from tests.factories import *
from tests.tutorials.callers import Caller
from tests.tutorials.learners import *
from tutorials.models import *
from tutorials.services import writing, images, tracks, awarding, bookmarks
from tutorials.querysets import search_published
from tutorials.vocabulary import corrected
from common.database import indexes_only
from urllib.parse import quote

pytestmark = pytest.mark.django_db
ODD = ["\0", "a\0b", "\ud800", "9"*30, "9"*5000, "-1", "NaN", "1e999", "'", "\"", "\\", "%", "a"*3000, "🙂", "\u0660", "[]", "{}", "<->", "&|!():*<", "²", "١", "null", "../../x", " "]
PATHS = ["/", "/tutorials/", "/tutorials/feed.atom", "/tutorials/quizzy.md", "/tutorials/quizzy/", "/tutorials/quizzy/quiz/", "/tracks/", "/tracks/tr/", "/learning/", "/learning/finished/", "/learning/bookmarks/", "/achievements/first.svg", "/sitemap.xml", "/sitemap-tutorials.xml", "/sitemap-x.xml", "/robots.txt", "/llms.txt",
 "/api/tutorials", "/api/tutorials/quizzy", "/api/tutorials/quizzy/progress", "/api/tutorials/quizzy/quiz/attempts", "/api/tutorials/quizzy/bookmark", "/api/tutorials/quizzy/review/notes", "/api/tutorials/quizzy/versions", "/api/topics", "/api/tracks", "/api/tracks/tr", "/api/bookmarks", "/api/achievements", "/api/users/me/achievements",
 "/admin/tutorials/tutorial/", "/admin/tutorials/tutorialprogress/", "/admin/billing/accessgrant/", "/admin/tutorials/tutorial/{pk}/versions/", "/admin/tutorials/tutorial/{pk}/readers/", "/admin/tutorials/award/", "/admin/tutorials/quizattempt/", "/admin/tutorials/track/"]
NAMES = ["q","topic","difficulty","access","tag","exact","cursor","page_size","attempt","p","version","with","v","page","format","state","o","status__exact","published_at__year", "_to_field"]

def esc(s): 
    return quote(s.encode("utf-8","surrogatepass"))

@pytest.mark.parametrize("path", PATHS)
def test_fuzz_get(admin, path):
    t = make_quiz_tutorial("Quizzy", author=admin); make_track(t, slug="tr"); make_achievement("tutorials_finished", code="first")
    c = Client(raise_request_exception=False); c.force_login(admin)
    bad = []
    for n in NAMES:
        for o in ODD:
            r = c.get(path.format(pk=t.pk) + f"?{n}={esc(o)}" )
            if r.status_code >= 500: bad.append((n, o[:20]))
            if n == "q" and r.status_code not in (200,400,301,302): bad.append((n,o[:10],r.status_code))
    print("BAD", path, bad)
    assert not bad

POSTS = {"/tutorials/quizzy/progress/": ["fraction","seconds","block","visit"], "/tutorials/quizzy/bookmark/": ["block","note"], "/tutorials/quizzy/bookmark/remove/": ["block"], "/learning/goal/": ["daily_goal"], "/tutorials/quizzy/quiz/": ["what-is-a-token", "zz", "which-of-these-belong-in-a-prompt","what-turns-a-text-into-numbers"],
 "/admin/tutorials/tutorial/preview/": ["body"], "/admin/tutorials/tutorial/{pk}/step/approve/": ["read_at","text"], "/admin/tutorials/tutorial/{pk}/step/schedule/": ["published_at_0","published_at_1"],"/admin/tutorials/tutorial/{pk}/step/comment/": ["text"], "/admin/tutorials/tutorial/{pk}/images/remove/": ["name"]}
@pytest.mark.parametrize("path", POSTS)
def test_fuzz_post(admin, path):
    t = make_quiz_tutorial("Quizzy"); 
    t2 = t
    if "step/approve" in path: Tutorial.objects.update(status="in_review")
    if "step/schedule" in path: Tutorial.objects.update(status="draft")
    c = Client(raise_request_exception=False); c.force_login(admin)
    bad = []
    for n in POSTS[path]:
        for o in ODD:
            data = {k: "0" for k in POSTS[path]} if "progress" in path else {}
            if "progress" in path: data["block"] = ""
            body = "&".join([f"{k}={esc(v)}" for k, v in {**data, n: o}.items()])
            r = c.post(path.format(pk=t.pk), body, content_type="application/x-www-form-urlencoded")
            if r.status_code >= 500: bad.append((n, o[:20], r.status_code))
    print("BAD", path, bad)
    assert not bad

def test_admin_change_fuzz(admin):
    t = make_quiz_tutorial("Quizzy")
    c = Client(raise_request_exception=False); c.force_login(admin)
    base = {"title":"Quizzy","slug":"quizzy","summary":"s","body":"b\n","topic":str(t.topic_id),"tags":"","difficulty":"beginner","access":"free","pass_mark":"80","author":"","seen":""}
    bad=[]
    for n in base:
        for o in ODD:
            body = "&".join(f"{k}={esc(v)}" for k,v in {**base,n:o}.items())
            r = c.post(f"/admin/tutorials/tutorial/{t.pk}/change/", body, content_type="application/x-www-form-urlencoded")
            if r.status_code>=500: bad.append((n,o[:20],"change"))
            r = c.post(f"/admin/tutorials/tutorial/add/", body.replace("slug=quizzy", f"slug=q{abs(hash((n,o)))}"), content_type="application/x-www-form-urlencoded")
            if r.status_code>=500: bad.append((n,o[:20],"add"))
    for pth in ["9"*30, "9"*5000, "abc", "%00", "١"]:
        for tail in ("change/","versions/","readers/","step/publish/","delete/","history/"):
            r = c.get(f"/admin/tutorials/tutorial/{pth}/{tail}")
            if r.status_code>=500: bad.append((pth[:10],tail))
    r = c.post(f"/admin/tutorials/tutorial/{t.pk}/versions/{'9'*30}/restore/"); 
    if r.status_code>=500: bad.append("restore")
    for q in ("9"*30,"9"*5000,"١","²"):
        r = c.post(f"/admin/tutorials/tutorial/preview/?tutorial={quote(q)}", {"body":"x"})
        if r.status_code>=500: bad.append(("preview",q[:10]))
        r = c.get(f"/api/users/{quote(q)}/achievements")
        if r.status_code>=500: bad.append(("ach",q[:10]))
        r = c.get(f"/api/tutorials/quizzy/versions/{quote(q)}")
        if r.status_code>=500: bad.append(("ver",q[:10]))
    print("BAD", bad)
    assert not bad

def test_search_fuzz():
    make_tutorial("Prompting & <-> it's", body="it's a:b c\\d <2> http://a.b/<->x user@x.y 1.5e3 foo/bar \"q\"\n\n## H\n\nx")
    random.seed(7)
    atoms = ['"', "'", "\\", "-", "or", "and", "<->", "<2>", ":", "*", "&", "|", "!", "(", ")", "it's", "http://a.b/c<->d?x=1", "a@b.c", "the", "of", "foo/bar", "1.5", "-7", "\u00ad", "\u2028", "🙂", "ß", "İ", "%s", "%", "{x}", "a:b", "\t", "é", "&amp;", "<b>x</b>", "c:\\x\\y", "x'y", "~/a b/c", "/usr/'x'/<->"]
    bad=[]
    from django.db import transaction
    for i in range(6000):
        s = (" " if random.random()<.6 else "").join(random.choice(atoms) for _ in range(random.randint(1,8)))[:200]
        try:
            with transaction.atomic(), indexes_only():
                search_published(s, whole=bool(i%2), tag=random.choice(["", "a-b"]))
                corrected(s)
                list(Tutorial.objects.with_matches(s, ["free"]).values("excerpt"))
        except Exception as e:
            bad.append((s, repr(e)[:150]))
    print("BAD", len(bad), bad[:5])
    assert not bad

def test_without_second_factor(author):
    from allauth.mfa.models import Authenticator
    t = make_tutorial("Text", status="draft", author=None); p = make_tutorial("Prem", access="premium")
    Authenticator.objects.filter(user=author).delete()
    from accounts.models import User
    u = User.objects.get(pk=author.pk)
    c = Caller(u)
    print("acts", u.acts_as_staff, c.get("tutorials/text").status_code, c.get("tutorials/prem").json()["may_read"], c.patch("tutorials/prem", {"title":"x"}).status_code, c.post("tutorials", {}).status_code, c.put("tutorials/prem/archive").status_code)

def test_track_control_chars(admin, tutorial, tmp_path):
    c = Caller(admin)
    c.post("tracks", {"title":"x\x01","slug":"y","summary":"z\x08","is_published":True,"tutorials":[tutorial.slug]})
    from tutorials.services.exporting import export_tutorials
    from tutorials.services.importing import import_tutorials
    export_tutorials(path=tmp_path/"o", drafts=False)
    import_tutorials(path=tmp_path/"o")

def test_topic_deleted_cache(admin):
    tp = make_topic("Gone"); 
    c = Client(); c.force_login(admin)
    Client().get("/tutorials/")
    c.post(f"/admin/tutorials/topic/{tp.pk}/delete/", {"post":"yes"})
    print("exists", Topic.objects.filter(pk=tp.pk).exists())
    r = Client().get("/tutorials/?topic=gone"); print(r.status_code)
    assert r.status_code == 400

def test_add_track_only(db):
    from django.contrib.auth.models import Permission
    u = make_user(role="moderator"); 
    u.user_permissions.add(*Permission.objects.filter(codename__in=["add_track","view_track","view_tutorial"]))
    c = Client(raise_request_exception=False); c.force_login(u)
    t = make_tutorial()
    r = c.post("/admin/tutorials/track/add/", {"title":"T","slug":"t","summary":"s","position":"0","steps-TOTAL_FORMS":"0","steps-INITIAL_FORMS":"0","steps-MIN_NUM_FORMS":"0","steps-MAX_NUM_FORMS":"1000"})
    print(r.status_code, Track.objects.count())
    assert r.status_code == 302

def test_zero_progress_counts_day(learner, tutorial):
    c = Caller(learner)
    r = c.put(f"tutorials/{tutorial.slug}/progress", {"fraction": 0})
    print(r.json(), LearningDay.objects.count(), Learner.objects.get(user=learner).streak)
    assert not LearningDay.objects.exists()

def test_page_and_api_words(learner, tutorial):
    c = Client(); c.force_login(learner); a = Caller(learner)
    long = "x"*81
    print("PAGE", c.post(f"/tutorials/{tutorial.slug}/progress/", {"fraction":"0.5","block":long}).content.decode()[-900:].split("<main")[-1][:50])
    r = c.post(f"/tutorials/{tutorial.slug}/progress/", {"fraction":"0.5","block":long})
    import re; print("PAGE", re.sub(r"<[^>]+>|\s+"," ", r.content.decode().split("<main")[1])[:300])
    print("API", a.put(f"tutorials/{tutorial.slug}/progress", {"fraction":0.5,"block":long}).json()["detail"])
    r = c.post(f"/tutorials/{tutorial.slug}/bookmark/", {"block":long}); print("PAGE", re.sub(r"<[^>]+>|\s+"," ", r.content.decode().split("<main")[1])[:300])
    r = c.post(f"/tutorials/{tutorial.slug}/bookmark/", {"block":"", "note":"n"*2001}); print("PAGE", re.sub(r"<[^>]+>|\s+"," ", r.content.decode().split("<main")[1])[:300])
    print("API", a.put(f"tutorials/{tutorial.slug}/bookmark", {"note":"n"*2001}).json()["detail"])

def test_draft_of_author_finishes(author, learner):
    t = make_tutorial("Own", status="draft", published_at=None, author=learner)
    make_achievement("tutorials_finished", 1)
    finish(learner, t)
    print("AWARDS", Award.objects.count())
    assert not Award.objects.exists()
