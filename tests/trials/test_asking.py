"""What the attack asks is all that can be asked, and what it gets is judged."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from accounts.forms import PeopleListForm
from analytics.api.figures import SeriesSerializer, ViewSerializer
from common.forms import PlaceForm
from community.forms.listing import PostListForm
from community.forms.searching import SearchForm
from trials.attack.asking import API, Target, targets
from trials.attack.crawl import Form, Page, Walk
from trials.attack.people import Browser
from tutorials.forms.finding import TutorialListForm


def test_every_parameter_of_the_api_is_known_to_the_attack(db: None) -> None:
    place = set(PlaceForm().fields)
    known = {
        "/api/tutorials": set(TutorialListForm().fields),
        "/api/posts": set(PostListForm({}, user=AnonymousUser()).fields) | set(SearchForm().fields),
        "/api/users": set(PeopleListForm().fields),
        "/api/analytics/summary": set(ViewSerializer().fields),
        "/api/analytics/series": set(SeriesSerializer().fields),
        "/api/posts/similar": {"title"},
        "/api/notifications": {"unread"} | place,
    }
    assert {path: set(names) for path, names in API.items()} == {path: known.get(path, place) for path in API}


def test_parameters_are_taken_from_links_forms_and_the_schema(browser: Browser) -> None:
    walk = Walk(browser, status={"/search/?q=x&kind=posts": 200, "/about/": 200, "/search/?q=y&kind=posts": 200})
    walk.forms = {
        Form("post", "/community/posts/7/report/", (("reason", ""), ("csrfmiddlewaretoken", "t"))),
        Form("post", "/community/posts/8/report/", (("reason", ""),)),
        Form("post", "/accounts/logout/", (("next", "/"),)),
    }
    found = targets([walk], {"/api/things": ("sort",)})
    assert Target("GET", "/search/", (("q", "x"), ("kind", "posts"))) in found
    assert Target("GET", "/api/things", (("sort", ""),)) in found
    # One of those that differ in a number.
    assert [(each.method, each.fields) for each in found if "report" in each.path] == [("POST", (("reason", ""),))]
    assert not any("logout" in each.path for each in found)


def test_links_and_forms_of_a_page_are_found() -> None:
    page = Page(
        '<a href="/x/">x</a><form method="post" action="/y/"><input name="a" value="1"><select name="b"></form>'
    )
    assert page.links == ["/x/"]
    assert page.forms == [Form("post", "/y/", (("a", "1"), ("b", "")))]
