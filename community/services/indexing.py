"""What search and similar posts find: one entry for each published text, made and taken away with its state.

Both functions are idempotent, take part in the caller's transaction and read what is saved, so call
them after the row was. An entry says when, where and by whom a text was written and which tags its
post has, so that a search narrows by these in the index; a post that is moved or gets other tags
has the entries of its comments made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import connection

from community.models import Comment, Post, SearchEntry
from community.models.search import LONGEST_WORD
from community.querysets.search import PAIRED

# Parts of words are looked for from three letters on; those of PAIRED are found in pairs.
WORD = re.compile(rf"(?:(?!{PAIRED})[^\W_]){{3,{LONGEST_WORD}}}")

ENTER = """
    INSERT INTO community_searchentry AS entry (post_id, comment_id, category_id, created_at, vector)
    {texts}
    ON CONFLICT (post_id, comment_id)
    DO UPDATE SET category_id = excluded.category_id, created_at = excluded.created_at, vector = excluded.vector
"""
POST = """
    SELECT id, NULL, category_id, created_at, community_vector(title, tags, text, author_id, category_id, created_at)
    FROM community_post WHERE id = %s AND state = 'published'
"""
COMMENTS = """
    SELECT post.id, comment.id, post.category_id, comment.created_at,
        community_vector(NULL, post.tags, comment.text, comment.author_id, post.category_id, comment.created_at)
    FROM community_comment AS comment JOIN community_post AS post ON post.id = comment.post_id
    WHERE comment.{which} = %s AND comment.state = 'published' AND post.state = 'published'
    ORDER BY comment.id
"""
THE_POST = ENTER.format(texts=POST)
ONE_COMMENT = ENTER.format(texts=COMMENTS.format(which="id"))
ALL_COMMENTS = ENTER.format(texts=COMMENTS.format(which="post_id"))
# What its comments' entries say of a post.
PLACE = """
    SELECT category_id, ARRAY(SELECT substr(lexeme, 3) FROM unnest(vector) WHERE lexeme LIKE '#t%%')
    FROM community_searchentry WHERE post_id = %s AND comment_id IS NULL
"""
# In one order for all, so that two who write at once wait for each other rather than lock each other.
LEARN = """
    INSERT INTO community_postword (word) SELECT word FROM unnest(%s::text[]) AS word ORDER BY word
    ON CONFLICT (word) DO NOTHING
"""
# In the same order, for the same reason.
UNLEARN = """
    DELETE FROM community_postword WHERE word IN (
        SELECT word FROM community_postword AS known WHERE word = ANY(%s::text[]) AND NOT EXISTS (
            SELECT FROM community_searchentry WHERE vector @@ plainto_tsquery('english', known.word)
        )
        ORDER BY word FOR UPDATE
    )
"""


def index(text: Post | Comment) -> None:
    """Have a text found, if it is published. A post takes its comments along when it comes back or moves."""
    with connection.cursor() as cursor:
        if isinstance(text, Comment):
            cursor.execute(ONE_COMMENT, [text.pk])
            learn(text.text)
            return
        cursor.execute(PLACE, [text.pk])
        before = cursor.fetchone()
        cursor.execute(THE_POST, [text.pk])
        if before is None or (before[0], set(before[1])) != (text.category_id, set(text.tags)):
            cursor.execute(ALL_COMMENTS, [text.pk])
        learn(text.title, *text.tags, text.text)


def unindex(text: Post | Comment) -> None:
    """Have a text found no more; with a post, what was said to it neither."""
    which = {"comment": text} if isinstance(text, Comment) else {"post": text}
    SearchEntry.objects.filter(**which).delete()


def learn(*texts: str) -> None:
    """Know the words by whose parts somebody may search."""
    with connection.cursor() as cursor:
        cursor.execute(LEARN, [sorted(words_of(texts))])


def forget(*texts: str) -> None:
    """Of texts that nobody finds any more, forget the words that no other has.

    For erasures: asking the index for each word takes too long for every deletion, and nobody is shown these words.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNLEARN, [sorted(words_of(texts))])


def words_of(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text.lower())}
