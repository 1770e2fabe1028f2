"""What moderators do. Each deed has a reason, is told to the person concerned, and is a line of the staff log.

By that line it is undone, unless what it made has changed since. Whoever is second gets to know what was decided.
"""

from community.services.moderating.deciding import (
    BAN,
    CHOOSE_DECISION,
    CHOOSE_SANCTION,
    SILENCES,
    decide,
)
from community.services.moderating.deeds import (
    CHANGED_SINCE,
    HAS_MORE_RIGHTS,
    NOT_A_MODERATOR,
    TOLD,
    YOUR_OWN_TEXT,
    YOURSELF,
    require_moderator,
)
from community.services.moderating.people import (
    CHOOSE_LATER,
    CHOOSE_WHEN,
    TOO_LONG,
    ban,
    end_silence,
    set_level,
    silence,
    unban,
)
from community.services.moderating.texts import (
    CHOOSE_PIN,
    TAKEN_BACK,
    hide,
    lock,
    move,
    pin,
    show,
    unlock,
    unpin,
)
from community.services.moderating.undoing import (
    undo,
)

__all__ = [
    "BAN",
    "CHANGED_SINCE",
    "CHOOSE_DECISION",
    "CHOOSE_LATER",
    "CHOOSE_PIN",
    "CHOOSE_SANCTION",
    "CHOOSE_WHEN",
    "HAS_MORE_RIGHTS",
    "NOT_A_MODERATOR",
    "SILENCES",
    "TAKEN_BACK",
    "TOLD",
    "TOO_LONG",
    "YOURSELF",
    "YOUR_OWN_TEXT",
    "ban",
    "decide",
    "end_silence",
    "hide",
    "lock",
    "move",
    "pin",
    "require_moderator",
    "set_level",
    "show",
    "silence",
    "unban",
    "undo",
    "unlock",
    "unpin",
]
