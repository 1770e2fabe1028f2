"""Authors write in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import make_topic, make_tutorial, make_user
from tests.tutorials.test_images import picture
from tutorials.models import Achievement, ReviewNote, Track, Tutorial, TutorialProgress, TutorialVersion

ADD = "admin:tutorials_tutorial_add"
LIST = "admin:tutorials_tutorial_changelist"
PREVIEW = "admin:tutorials_tutorial_preview"
QUIZ = "```quiz\n? Which?\n(x) This\n( ) That\n```\n"


def fields(**changes: Any) -> dict[str, Any]:
    given = {
        "title": "New one",
        "slug": "new-one",
        "summary": "Why read it.",
        "body": "Hello *there*.",
        "topic": str(make_topic("Foundations").pk),
        "tags": "",
        "difficulty": "beginner",
        "access": "free",
        "pass_mark": "80",
    }
    return given | changes


def fields_of(tutorial: Tutorial, **changes: Any) -> dict[str, Any]:
    names = ("title", "slug", "summary", "body", "difficulty", "access", "pass_mark")
    return fields(**{name: getattr(tutorial, name) for name in names}) | changes


def change(tutorial: Tutorial) -> str:
    return reverse("admin:tutorials_tutorial_change", args=[tutorial.pk])


def step(tutorial: Tutorial, name: str) -> str:
    return reverse("admin:tutorials_tutorial_step", args=[tutorial.pk, name])


def page(tutorial: Tutorial, name: str) -> str:
    return reverse(f"admin:tutorials_tutorial_{name}", args=[tutorial.pk])


def test_an_author_writes_a_tutorial(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields(tags="Prompting, open source,"))
    assert response.status_code == 302, response.context["errors"]
    tutorial = Tutorial.objects.get()
    assert tutorial.body_html == "<p>Hello <em>there</em>.</p>\n"
    assert tutorial.status == "draft"
    assert tutorial.tags == ["prompting", "open-source"]
    # An author may not look people up, so what they write is their own.
    assert tutorial.author == author
    editor = client.get(change(tutorial))
    assert b"data-preview-url" in editor.content
    assert b'value="prompting, open-source"' in editor.content
    assert client.get(reverse(LIST)).status_code == 200


def test_an_administrator_chooses_the_author(client: Client, admin: User, author: User) -> None:
    client.force_login(admin)
    assert client.post(reverse(ADD), fields(author=str(author.pk))).status_code == 302
    assert Tutorial.objects.get().author == author


def test_an_edit_of_a_published_tutorial_makes_a_version(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    body = tutorial.body.replace("\n", "\r\n")
    response = client.post(change(tutorial), fields_of(tutorial, body=body, title="A better title"))
    assert response.status_code == 302, response.context["errors"]
    assert list(TutorialVersion.objects.values_list("number", "title")) == [
        (2, "A better title"),
        (1, "Prompting that works"),
    ]
    assert Tutorial.objects.get().body == tutorial.body


def test_saving_without_a_change_writes_nothing(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    body = tutorial.body.replace("\n", "\r\n")
    assert client.post(change(tutorial), fields_of(tutorial, body=body)).status_code == 302
    assert Tutorial.objects.get().updated_at == tutorial.updated_at
    assert not TutorialVersion.objects.exists()


def test_nobody_overwrites_what_they_have_not_seen(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    seen = client.get(change(tutorial)).context["adminform"].form["seen"].value()
    given = fields_of(tutorial, title="Mine", seen=seen)
    assert client.post(change(tutorial), fields_of(tutorial, title="Theirs", seen=seen)).status_code == 302
    response = client.post(change(tutorial), given)
    assert b"Somebody has changed this tutorial since you opened it." in response.content
    assert Tutorial.objects.get().title == "Theirs"


def test_a_taken_slug_is_refused_in_our_words(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields(slug=tutorial.slug))
    assert b"There is already a tutorial with this slug." in response.content


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tags": "a, b!"}, "Use small letters, digits and single hyphens in a tag."),
        ({"tags": "a, a"}, "Name each tag once."),
        ({"pass_mark": "0"}, "The pass mark is a percentage from 1 to 100."),
        ({"body": "Hi\n\n```quiz\n? Which?\n```\n"}, "Line 4 of the text: There is nothing to answer"),
        ({"access": "premium"}, "A premium tutorial needs a heading"),
        ({"title": "a\x07b"}, "Control characters are not allowed."),
        ({"body": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    client: Client, author: User, wrong: dict[str, str], words: str
) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields(**wrong), follow=True)
    assert words in response.content.decode()
    assert not Tutorial.objects.exists()


def test_images_come_with_the_text_that_shows_them(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    body = "![A chart](my-chart.png)\n\n## S\n"
    refused = client.post(change(tutorial), fields_of(tutorial, body=body))
    assert "The text shows images that are not there: my-chart.png." in refused.content.decode()
    upload = SimpleUploadedFile("My Chart.PNG", picture())
    response = client.post(change(tutorial), fields_of(tutorial, body=body, new_images=upload))
    assert response.status_code == 302, response.context["errors"]
    assert "<img src=" in Tutorial.objects.get().body_html
    assert b"![What it shows](my-chart.png)" in client.get(change(tutorial)).content
    client.post(page(tutorial, "remove_image"), {"name": "my-chart.png"}, follow=True)
    assert Tutorial.objects.get().images.count() == 1  # readers see it
    Tutorial.objects.update(status="draft")
    client.post(page(tutorial, "remove_image"), {"name": "my-chart.png"})
    assert not Tutorial.objects.get().images.exists()


def test_an_upload_that_is_no_image_is_refused_at_its_field(client: Client, author: User) -> None:
    client.force_login(author)
    upload = SimpleUploadedFile("a.png", b"<script>alert(1)</script>", "image/png")
    response = client.post(reverse(ADD), fields(new_images=upload))
    assert "a.png: This is no image that we can read." in response.content.decode()
    assert not Tutorial.objects.exists()


def test_the_preview_shows_what_readers_will_see(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(PREVIEW), {"body": f"## Hi\n\n<script>alert(1)</script>\n\n{QUIZ}"})
    assert b'<h2 id="hi">Hi</h2>' in response.content
    assert b"<script>" not in response.content
    assert b"<strong>Right:</strong>" in response.content
    assert not Tutorial.objects.exists()


def test_the_preview_says_on_which_line_a_quiz_is_wrong(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(PREVIEW), {"body": "## Hi\n\n```quiz\n? Which?\n```\n"})
    assert b"Line 4 of the text:" in response.content
    assert b'<h2 id="hi">Hi</h2>' in response.content


@pytest.mark.parametrize(("who", "status"), [("learner", 302), ("moderator", 403), ("author", 200), ("admin", 200)])
def test_who_may_preview(client: Client, request: pytest.FixtureRequest, who: str, status: int) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse(PREVIEW), {"body": "x"}).status_code == status


def test_the_preview_is_not_an_address_to_visit(client: Client, author: User) -> None:
    client.force_login(author)
    assert client.get(reverse(PREVIEW)).status_code == 405


def test_a_tutorial_goes_its_way_in_the_admin(client: Client, author: User) -> None:
    tutorial = make_tutorial("One", status="draft", published_at=None, author=author)
    reviewer = make_user(role="author")
    client.force_login(author)
    assert b"Ask for review" in client.get(change(tutorial)).content
    assert client.get(step(tutorial, "ask-for-review")).status_code == 200
    assert Tutorial.objects.get().status == "draft"  # it only asked
    client.post(step(tutorial, "ask-for-review"))
    own = client.post(step(tutorial, "approve"), {"text": ""})
    assert b"Nobody approves their own tutorial." in own.content
    client.force_login(reviewer)
    asked = client.post(step(tutorial, "request-changes"), {"text": ""})
    assert b"This field is required." in asked.content
    client.post(step(tutorial, "comment"), {"text": "Fine so far. <b>"})
    assert b"Fine so far. &lt;b&gt;" in client.get(change(tutorial)).content
    read_at = client.get(step(tutorial, "approve")).context["form"]["read_at"].value()
    assert client.post(step(tutorial, "approve"), {"text": "", "read_at": read_at}).status_code == 302
    assert ReviewNote.objects.count() == 2
    client.force_login(author)
    no_date = client.post(step(tutorial, "schedule"), {"published_at_0": "", "published_at_1": ""})
    assert b"Choose when it should come out." in no_date.content
    at = timezone.now() + timedelta(days=2)
    client.post(step(tutorial, "schedule"), {"published_at_0": f"{at:%Y-%m-%d}", "published_at_1": "10:00:00"})
    assert b"Scheduled" in client.get(change(tutorial)).content
    assert not Tutorial.objects.published().exists()
    client.post(step(tutorial, "unpublish"))
    client.post(step(tutorial, "publish"))
    assert Tutorial.objects.published().exists()
    again = client.post(step(tutorial, "publish"), follow=True)
    assert b"This tutorial is published already." in again.content
    client.post(step(tutorial, "archive"))
    refused = client.post(change(tutorial), fields_of(tutorial, title="Other"))
    assert b"This tutorial is archived. Bring it back to draft first." in refused.content
    history = client.get(reverse("admin:tutorials_tutorial_history", args=[tutorial.pk]))
    assert b"Archived." in history.content


def test_a_text_that_changed_meanwhile_is_not_approved(client: Client, author: User) -> None:
    tutorial = make_tutorial("One", status="in_review", author=make_user(role="author"))
    client.force_login(author)
    read_at = client.get(step(tutorial, "approve")).context["form"]["read_at"].value()
    tutorial.body = "Something else."
    tutorial.save(update_fields=["body"])
    response = client.post(step(tutorial, "approve"), {"text": "", "read_at": read_at})
    assert b"The text has changed since you opened it. Read it again." in response.content
    assert Tutorial.objects.get().approved_at is None


def test_versions_are_compared_and_restored(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    client.post(change(tutorial), fields_of(tutorial, body="The <b>opening</b>.\n\n## S\n"))
    shown = client.get(page(tutorial, "versions"), {"version": "2"}).content.decode()
    assert "From version 1 to version 2." in shown
    assert "<ins>&lt;b&gt;</ins>" in shown
    assert client.get(page(tutorial, "versions"), {"version": "1", "with": "now"}).status_code == 200
    assert client.get(page(tutorial, "versions"), {"version": "9"}).status_code == 404
    assert client.get(page(tutorial, "versions"), {"version": "x"}).status_code == 200
    restore = reverse("admin:tutorials_tutorial_restore", args=[tutorial.pk, 1])
    assert client.get(restore).status_code == 405
    client.post(restore)
    assert Tutorial.objects.get().body == tutorial.body
    assert TutorialVersion.objects.count() == 3


def test_only_what_was_never_published_can_be_deleted(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    draft = make_tutorial("Draft", status="draft")
    delete = "admin:tutorials_tutorial_delete"
    assert client.post(reverse(delete, args=[tutorial.pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse(delete, args=[draft.pk]), {"post": "yes"}).status_code == 302
    assert Tutorial.objects.get() == tutorial
    assert b"delete_selected" not in client.get(reverse(LIST)).content


@pytest.mark.parametrize(("who", "status"), [("learner", 302), ("moderator", 403), ("author", 200), ("admin", 200)])
@pytest.mark.parametrize("name", ["versions", "readers", "step"])
def test_who_may_see_the_pages_around_the_editor(
    client: Client, request: pytest.FixtureRequest, tutorial: Tutorial, who: str, status: int, name: str
) -> None:
    client.force_login(request.getfixturevalue(who))
    address = step(tutorial, "archive") if name == "step" else page(tutorial, name)
    assert client.get(address).status_code == status
    assert client.get(address.replace(str(tutorial.pk), "99999999")).status_code in (status, 404)
    if who != "learner":
        assert client.post(step(tutorial, "nonsense")).status_code == 403


def test_a_moderator_sees_no_tutorials_in_the_admin(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    assert client.get(reverse(LIST)).status_code == 403


def test_a_search_in_the_admin_does_not_look_into_texts(client: Client, admin: User, tutorial: Tutorial) -> None:
    client.force_login(admin)
    assert list(client.get(reverse(LIST), {"q": "secret middle"}).context["cl"].result_list) == []
    assert list(client.get(reverse(LIST), {"q": "prompting"}).context["cl"].result_list) == [tutorial]
    asked = {"app_label": "tutorials", "model_name": "trackstep", "field_name": "tutorial"}
    autocomplete = reverse("admin:autocomplete")
    assert client.get(autocomplete, {**asked, "term": "secret middle"}).json()["results"] == []
    (found,) = client.get(autocomplete, {**asked, "term": "prompting"}).json()["results"]
    assert found == {"id": str(tutorial.pk), "text": tutorial.title}


def track_fields(tutorials: list[Tutorial], **changes: str) -> dict[str, str]:
    given = {"title": "T", "slug": "t", "summary": "S", "position": "0", "is_published": "on"}
    given |= {"steps-TOTAL_FORMS": str(len(tutorials)), "steps-INITIAL_FORMS": "0"}
    for place, tutorial in enumerate(tutorials):
        given |= {f"steps-{place}-tutorial": str(tutorial.pk), f"steps-{place}-position": str(len(tutorials) - place)}
    return given | changes


def test_an_author_makes_a_track_with_its_order(client: Client, author: User) -> None:
    first, second = make_tutorial("First"), make_tutorial("Second")
    client.force_login(author)
    response = client.post(reverse("admin:tutorials_track_add"), track_fields([second, first]))
    assert response.status_code == 302, response.context["errors"]
    track = Track.objects.get()
    assert [each.tutorial for each in track.steps.all()] == [first, second]
    (one, two) = track.steps.all()
    given = track_fields([first, second]) | {
        "steps-INITIAL_FORMS": "2",
        "steps-0-id": str(one.pk),
        "steps-1-id": str(two.pk),
        "steps-0-track": str(track.pk),
        "steps-1-track": str(track.pk),
        "steps-1-DELETE": "on",
    }
    assert client.post(reverse("admin:tutorials_track_change", args=[track.pk]), given).status_code == 302
    assert [each.tutorial for each in track.steps.all()] == [first]


def test_a_track_has_no_tutorial_twice(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    response = client.post(reverse("admin:tutorials_track_add"), track_fields([tutorial, tutorial]))
    assert b"This track already has this tutorial." in response.content
    assert not Track.objects.exists()


def test_an_achievement_is_made_with_a_picture_of_shapes(client: Client, author: User) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{}</svg>'
    given = {"code": "c", "title": "T", "description": "D", "rule": "tutorials_finished", "threshold": "1"}
    given |= {"position": "0", "is_active": "on"}
    client.force_login(author)
    add = reverse("admin:tutorials_achievement_add")
    refused = client.post(add, given | {"picture": svg.format("<script>alert(1)</script>")})
    assert b"A picture may not contain" in refused.content
    response = client.post(add, given | {"picture": svg.format('<circle r="3"/>')})
    assert response.status_code == 302, response.context["errors"]
    changelist = client.get(reverse("admin:tutorials_achievement_changelist"))
    assert b'<img src="data:image/svg+xml;base64,' in changelist.content
    assert Achievement.objects.count() == 1


def test_authors_do_not_see_who_reads(client: Client, author: User, admin: User) -> None:
    for name in ("tutorialprogress", "quizattempt", "award", "trackcompletion"):
        address = reverse(f"admin:tutorials_{name}_changelist")
        client.force_login(author)
        assert client.get(address).status_code == 403
        client.force_login(admin)
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", ["tutorial", "track", "tutorialprogress"])
def test_a_list_costs_the_same_with_more_rows(
    client: Client, admin: User, django_assert_num_queries: Any, name: str
) -> None:
    def add() -> None:
        for _ in range(3):
            tutorial = make_tutorial(topic=make_topic())
            track = Track.objects.create(title=tutorial.title, slug=tutorial.slug, summary="S")
            track.steps.create(tutorial=tutorial)
            TutorialProgress.objects.create(user=make_user(), tutorial=tutorial)

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"admin:tutorials_{name}_changelist")).status_code == 200
        return len(captured)

    client.force_login(admin)
    add()
    queries()
    before = queries()
    add()
    assert queries() == before
