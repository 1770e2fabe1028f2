"""Trust levels as behaviour earns and loses them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from common.prepared import Prepared
from community.models import Standing

BATCH = 500  # people
# Asked after every like and every text.
OUT_OF_STEP: Prepared[Standing] = Prepared(
    lambda pk: Standing.objects.out_of_step().select_for_update(of=("self",)).filter(pk=pk), pk=int
)


@transaction.atomic
def promote(person: int) -> bool:
    """Give somebody the level that they have earned by now, higher or lower; returns whether that changed anything.

    Those whose level staff have fixed keep it.
    """
    standing: Any = OUT_OF_STEP.first(pk=person)
    if standing is None:
        return False
    standing.trust_level = standing.earned
    standing.save(update_fields=["trust_level"])
    return True


def promote_all() -> int:
    """Bring everybody's level up to date, some at a time; returns how many changed."""
    changed = last = 0
    while found := out_of_step_after(last):
        changed += sum(promote(person) for person in found)
        last = found[-1]
    return changed


def out_of_step_after(person: int) -> list[int]:
    standings = Standing.objects.out_of_step().filter(pk__gt=person).order_by("pk")
    return list(standings.values_list("pk", flat=True)[:BATCH])
