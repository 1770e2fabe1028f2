"""Posts, what is said to them, and who is told of it."""

from community.models.categories import Category
from community.models.following import Cadence, Kind, Level, Mailing, MailPreference, Notification, Watch
from community.models.images import PostImage
from community.models.moderation import (
    Case,
    CaseKind,
    Decision,
    Deed,
    Report,
    StaffAction,
    Standing,
    TrustLevel,
)
from community.models.posts import Comment, Draft, Like, Pin, Post, PostTag, PostType, Revision, State
from community.models.search import PostWord, SearchEntry

__all__ = [
    "Cadence",
    "Case",
    "CaseKind",
    "Category",
    "Comment",
    "Decision",
    "Deed",
    "Draft",
    "Kind",
    "Level",
    "Like",
    "MailPreference",
    "Mailing",
    "Notification",
    "Pin",
    "Post",
    "PostImage",
    "PostTag",
    "PostType",
    "PostWord",
    "Report",
    "Revision",
    "SearchEntry",
    "StaffAction",
    "Standing",
    "State",
    "TrustLevel",
    "Watch",
]
