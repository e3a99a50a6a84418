"""How a session finds its user. Passwords are checked by `services.authenticate`, not here."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.types import Status


class EmailBackend(BaseBackend):
    """Loads the user of a session, if they may still use it."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Know nobody by credentials: the log-in page and the API call the verb, with its limits."""
        return None

    def get_user(self, user_id: UUID) -> User | None:
        return User.objects.filter(pk=user_id, status=Status.ACTIVE).first()
