"""The way in of events: what was counted reaches the database once, whatever happens on the way.

Pages `collect`: the event is appended to a file of this process, which takes some microseconds, and a thread ships it.
The API `accept`s: it is answered once the events are safe. Both end in a stream in Valkey, which `manage.py
ingest_events` reads; while Valkey is away they go to the database directly, and while both are they lie in the file.
An event has its id from the beginning, so one that comes twice is counted once. See docs/decisions/0020-events.md.
"""

from analytics.pipeline.collecting import NotKept, accept, collect

__all__ = ["NotKept", "accept", "collect"]
