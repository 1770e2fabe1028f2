"""Writing log records to the database, so that no request waits for it and none is lost when it is away.

Each process appends its records to a file of its own, the spool, which costs some microseconds and survives whatever
becomes of the process. A thread ships what is there to the database in batches, on a connection of its own; whoever
finds the spool of a process that is no more ships it, too. A record has its id from the beginning, so that one that is
shipped twice is stored once. See docs/decisions/0018-logs.md.

Set up by LOGGING before any app is there: nothing in here imports models.
"""
