"""The first account: made once, its password shown once and stored only as a hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Login:
    """What to type into the login page."""

    username: str
    password: str


@transaction.atomic
def operator_ensure() -> Login | None:
    """Return the login of the account just made, or None when there already is an account."""
    if User.objects.filter(is_active=True).exists():
        return None
    login = Login(OPERATOR, secrets.token_urlsafe(15))
    User.objects.create_superuser(username=login.username, password=login.password)
    return login
