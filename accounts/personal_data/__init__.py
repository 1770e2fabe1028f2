"""What is held about people, in every app: export and erasure go by it.

An app that links a model to a person has a `personal_data.py`, which registers a `Holding` for
each such model. `tests/accounts/test_personal_data.py` finds those that are not registered.
"""

from accounts.personal_data import counted, own  # noqa: F401 - importing them registers what is held
from accounts.personal_data.registry import Holding, Trace, holdings, register, traces

__all__ = ["Holding", "Trace", "holdings", "register", "traces"]
