"""Mails to people about their accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from common import mail
from common.addresses import absolute

if TYPE_CHECKING:
    from accounts.models import ApiKey, DataExport, ErasureReceipt, Session, User
    from accounts.visits import Visit


def new_device(*, user: User, session: Session) -> None:
    """Somebody signed in from where they never did; if it was not them, they can end it."""
    mail.send("new_device", to=user.email, context={"user": user, "session": session, "url": devices_url()})


def token_theft(*, user: User, session: Session, visit: Visit) -> None:
    """A used refresh token came again: two hold it, and one of them should not."""
    context = {"user": user, "session": session, "visit": visit, "url": devices_url()}
    mail.send("token_theft", to=user.email, context=context)


def email_change_link(*, user: User, email: str, token: str) -> None:
    """To the new address: opening the link shows that it is theirs."""
    url = absolute(reverse("accounts:confirm_email_change", args=[token]))
    mail.send("email_change_link", to=email, context={"user": user, "email": email, "url": url})


def email_change_asked(*, user: User, email: str) -> None:
    """To the address that is still good: whoever asked may not have been its owner."""
    url = absolute(reverse("account_change_password"))
    mail.send("email_change_asked", to=user.email, context={"user": user, "email": email, "url": url})


def email_changed(*, user: User, former: str) -> None:
    """To the address that was good until now."""
    mail.send("email_changed", to=former, context={"user": user, "former": former})


def changed_by_staff(*, user: User, change: str) -> None:
    """Somebody of the staff did something to the account; `change` goes on after “our staff”."""
    mail.send("changed_by_staff", to=user.email, context={"user": user, "change": change})


def banned(*, user: User, reason: str) -> None:
    """Staff have closed the account; `reason` is what they say of it, if anything."""
    mail.send("banned", to=user.email, context={"user": user, "reason": reason})


def unbanned(*, user: User, reason: str) -> None:
    """Staff have opened the account again; `reason` is what they say of it, if anything."""
    url = absolute(reverse("account_login"))
    mail.send("unbanned", to=user.email, context={"user": user, "reason": reason, "url": url})


def api_key_made(*, key: ApiKey, visit: Visit) -> None:
    """Somebody has made a key that acts for the person; if it was not them, they can revoke it."""
    url = absolute(reverse("accounts:api_keys"))
    mail.send("api_key_made", to=key.user.email, context={"user": key.user, "key": key, "visit": visit, "url": url})


def data_export_ready(*, export: DataExport) -> None:
    """The file is there; whoever downloads it must sign in, so the link alone is worth nothing."""
    context = {"user": export.user, "export": export, "url": my_data_url()}
    mail.send("data_export_ready", to=export.user.email, context=context)


def erasure_asked(*, user: User) -> None:
    """The account will be erased, unless its owner says otherwise: they may not have asked for it."""
    mail.send("erasure_asked", to=user.email, context={"user": user, "url": my_data_url()})


def erasure_cancelled(*, user: User) -> None:
    mail.send("erasure_cancelled", to=user.email, context={"user": user, "url": my_data_url()})


def erasure_done(*, receipt: ErasureReceipt, address: str, name: str) -> None:
    """The last mail to somebody of whom nothing else is left; `name` is what they were called."""
    mail.send("erasure_done", to=address, context={"receipt": receipt, "name": name})


def devices_url() -> str:
    return absolute(reverse("accounts:sessions"))


def my_data_url() -> str:
    return absolute(reverse("accounts:my_data"))
