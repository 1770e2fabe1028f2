"""Searching posts and comments, for pages and API: the question in its own small language, and one page of answers.

Entries of texts are made by the SQL function community_vector (migration 0002), given the title (NULL for a comment),
the tags of the post, the text, author_id, category_id and created_at; community.querysets.search says why.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from accounts.models import Profile
from analytics import track
from common.forms import cleaned
from common.paging import PAGE_SIZE, Page, page_among
from community.categories import categories_for
from community.forms.searching import BEST, NEWEST
from community.listing import complete
from community.models.posts import LONGEST_TITLE, slug_of
from community.querysets.search import RUNS, Narrowed, rows_of, search_texts, similar_titles
from community.search_language import Asked, understand
from tutorials.listing import marked
from tutorials.querysets import MARKS

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.forms.searching import SearchForm
    from community.models import Category

ORDER = ("-rank", "-id")
# Characters of an excerpt before and behind what was found, where PostgreSQL cannot find it.
AROUND = 60
SHORTEST_TITLE = 8  # characters, before similar posts are looked for


def search(
    question: str, *, user: User | AnonymousUser, order: str = BEST, cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of the posts that have what is asked for, in themselves or in a comment, as this person may see them.

    Rows are those of a list of posts (community.querysets.listing), with `comment_id` (where it was found, None: in
    the post itself), `marked_excerpt` and `marked_title`: safe HTML with the words in <mark>. Raises ValidationError
    for `q` or `cursor`.
    """
    visible = categories_for(user)
    try:
        asked = understand(question)
        narrowed = narrow(asked, visible, user)
    except ValidationError as error:
        raise ValidationError({"q": error}) from error
    is_something = bool(asked.wanted or asked.unwanted or asked.narrows)
    found = search_texts(asked, narrowed, newest=order == NEWEST) if narrowed and is_something else []
    page = page_among(found, order=ORDER, cursor=cursor, size=size)
    if is_something and not cursor:
        track.feature(user.pk, "search", place="site", query_length=len(question), found=len(page.rows))
    rows = {row["id"]: row for row in rows_of(page.rows, categories=[each.pk for each in visible], reader=user.pk)}
    # One that was taken back a moment ago is gone.
    return replace(page, rows=[in_html(rows[match["id"]], asked) for match in page.rows if match["id"] in rows])


def answer_to(form: SearchForm, user: User | AnonymousUser) -> Page:
    """One page of what the form asks for, as `search`. Raises ValidationError that names the parameter."""
    asked = cleaned(form)
    return search(asked["q"], user=user, order=asked["order"], cursor=asked["cursor"], size=asked["page_size"])


def plain_words(question: str) -> str:
    """What a question looks for, in the language of other searches; "" if it has filters, which these don't know."""
    asked = understand(question)
    if asked.narrows:
        return ""
    return " ".join(
        " or ".join(f'"{term.words}"' if term.is_phrase else term.words for term in alternatives)
        for alternatives in asked.wanted
    )


def narrow(asked: Asked, visible: list[Category], user: User | AnonymousUser) -> Narrowed | None:
    """The filters by keys; None if they name somebody who isn't there, or whose texts this person may not list."""
    by_slug = {category.slug: category.pk for category in visible}
    if unknown := [slug for _, slug in asked.categories if slug not in by_slug]:
        raise ValidationError(f"There is no category {unknown[0]}.", code="filter")
    handles = {handle for _, handle in asked.authors}
    profiles = Profile.objects.select_related("user").filter(handle__in=handles) if handles else ()
    people = {profile.handle: profile.user_id for profile in profiles if profile.shows("activity", to=user)}
    if any(wanted and handle not in people for wanted, handle in asked.authors):
        return None
    return Narrowed(
        categories=[category.pk for category in visible],
        authors=[(wanted, people[handle]) for wanted, handle in asked.authors if handle in people],
        in_categories=[(wanted, by_slug[slug]) for wanted, slug in asked.categories],
    )


def in_html(row: dict[str, Any], asked: Asked) -> dict[str, Any]:
    runs = [run for term in asked.terms for run in RUNS.findall(term.words)]
    title, excerpt = row["marked_title"], row["marked_text"]
    if runs:
        # PostgreSQL marks words, which these are not.
        title = mark_runs(row["title"], runs)
        if MARKS[0] not in excerpt:
            excerpt = mark_runs(around(row["text"], runs), runs)
    elif MARKS[0] not in excerpt:
        # Found in the title: PostgreSQL shows the first few words, which end in the middle of a thought.
        excerpt = around(row["text"], runs)
    complete(row)
    del row["text"], row["marked_text"]
    return row | {"marked_title": marked(title), "marked_excerpt": marked(excerpt)}


def mark_runs(text: str, runs: list[str]) -> str:
    either = "|".join(re.escape(run) for run in sorted(runs, key=len, reverse=True))
    return re.sub(either, rf"{MARKS[0]}\g<0>{MARKS[1]}", re.sub(f"[{''.join(MARKS)}]", "", text))


def around(text: str, runs: list[str]) -> str:
    """The part of a text where the first of these stands; its beginning if none does."""
    place = min((found for run in runs if (found := text.find(run)) >= 0), default=0)
    begin, end = max(0, place - AROUND), place + 2 * AROUND
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def similar(title: str, *, user: User | AnonymousUser) -> list[dict[str, Any]]:
    """Some posts whose titles are like this one, the likest first; none for less than SHORTEST_TITLE characters."""
    title = title.strip()[:LONGEST_TITLE]
    if len(title) < SHORTEST_TITLE:
        return []
    rows = similar_titles(title, categories=[category.pk for category in categories_for(user)])
    for row in rows:
        row["slug"] = slug_of(row["title"])
    return rows
