"""What people may have meant when they typed something else."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F

from tutorials.vocabulary import LONGEST_WORD


class SearchWord(models.Model):
    """A word that occurs in what everybody may read of published tutorials, and in how many of them.

    Only that: a correction drawn from a gated text would tell what it says.
    """

    word = models.CharField(max_length=LONGEST_WORD, primary_key=True)
    tutorials = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="search_word_trigrams")]

    def __str__(self) -> str:
        return self.word
