"""Many events at once, past the stream: such as those of the demo. Their days are then to be counted."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from psycopg.types.json import Json

from analytics.events import AudienceOf, Event
from analytics.models import Audience, Segment
from analytics.services.retention import MONTHS
from common.identities import time_of_id

COPY = """
COPY analytics_useranalytics (id, at, user_id, visitor, audience_id, name, subject, source, properties) FROM STDIN
"""


@transaction.atomic
def load_events(events: Sequence[Event]) -> None:
    """Raises IntegrityError for one that is there already, and then keeps none."""
    known = {audience: audience_id(audience) for audience in sorted({event.audience for event in events})}
    with connection.cursor() as cursor:
        for month in sorted({time_of_id(event.id).date().replace(day=1) for event in events}):
            MONTHS.ensure(cursor, month)
        with cursor.copy(COPY) as copy:
            for event in events:
                said = (event.name, event.subject, event.source, Json(dict(event.properties)))
                who = (event.user_id, event.visitor, known[event.audience])
                copy.write_row((event.id, time_of_id(event.id), *who, *said))


def audience_id(audience: AudienceOf) -> int:
    segment, _ = Segment.objects.get_or_create(tier=audience.tier, country=audience.country, device=audience.device)
    row, _ = Audience.objects.get_or_create(segment=segment, browser=audience.browser, system=audience.system)
    return int(row.pk)
