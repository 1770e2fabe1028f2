"""Mails to members, to organisations and to our own staff."""
