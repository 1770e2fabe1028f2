from django.urls import get_resolver
from analytics.pages import form_of, page_at
from tests.architecture.test_routes import all_routes

def test_x():
    for r in sorted(all_routes()):
        if not r.startswith(("admin/","api/")):
            print(repr(r), "->", form_of(r))
    for p in ("/", "/tutorials/a/", "/tutorials/a/progress/", "/community/posts/7/", "/community/posts/7/title/", "/community/posts/7/edit/","/u/lea/","/nowhere/","/api/posts","/admin/","/tutorials/{x}/", "//x"):
        print(p, repr(page_at(p)))
    assert 0
