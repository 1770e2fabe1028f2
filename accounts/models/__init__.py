from accounts.models.api_keys import ApiKey
from accounts.models.history import LoginHistory
from accounts.models.people import FormerHandle, Profile, Role, User
from accounts.models.personal_data import DataExport, ErasureReceipt
from accounts.models.sessions import BrowserSession, Session

__all__ = [
    "ApiKey",
    "BrowserSession",
    "DataExport",
    "ErasureReceipt",
    "FormerHandle",
    "LoginHistory",
    "Profile",
    "Role",
    "Session",
    "User",
]
