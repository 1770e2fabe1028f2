"""What search reads: one row for each text, and the words that there are."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from community.models.categories import Category
from community.models.posts import Comment, Post

LONGEST_WORD = 40  # characters


class SearchEntry(models.Model):
    """A published post or comment as search sees it. Rows go and come with what is published."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    # Null: the post itself.
    comment = models.OneToOneField(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    # Made by the function community_vector (migration 0002): its words, and marks of what search narrows by.
    vector = SearchVectorField()

    class Meta:
        verbose_name_plural = "search entries"
        constraints = [
            models.UniqueConstraint(name="search_entry_once", fields=["post", "comment"], nulls_distinct=False)
        ]
        # One search looks into this index some dozens of times, and each time it would read all that is pending.
        indexes = [GinIndex(fields=["vector"], name="search_entry_vector", fastupdate=False)]

    def __str__(self) -> str:
        return f"{self.post_id}/{self.comment_id or ''}"


class PostWord(models.Model):
    """A word that some text uses: by it parts of words are found. It is never shown."""

    word = models.CharField(max_length=LONGEST_WORD, primary_key=True)

    class Meta:
        indexes = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="post_word_trigrams")]

    def __str__(self) -> str:
        return self.word
