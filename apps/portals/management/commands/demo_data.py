"""Load the demo's people and its market's limits. Safe to run again: what exists is left as it is."""

import json
from typing import Any
from uuid import uuid5

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation
from apps.common.clock import now
from apps.common.types import Actor
from apps.parameters import selectors as of_parameters
from apps.parameters import services as parameters
from apps.portals.management.cast import CAST, NAMESPACE, Cast

PASSWORD = "alef demo market"  # noqa: S105  # printed at every start; production refuses this command
LIMITS = tuple(f"compliance.investment_limit_{each}" for each in Accreditation)
LIMIT = 1_000_000_00  # US cents
DEMO = Actor.system("demo")


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the accounts and write their log-ins to STATE/demo_logins.json."""
        if not settings.DEVELOPMENT:
            raise CommandError("The demo's passwords are public: this command runs in development only.")
        for person in CAST:
            _open(person)
        _raise_limits()
        logins = [
            {"role": person.team_role or str(person.role), "email": person.email, "password": PASSWORD}
            for person in CAST
        ]
        settings.STATE_DIR.mkdir(parents=True, exist_ok=True)
        (settings.STATE_DIR / "demo_logins.json").write_text(json.dumps(logins, indent=2))


def _open(person: Cast) -> None:
    accounts.open_account(
        user_id=person.id,
        email=person.email,
        password=PASSWORD,
        full_name=person.name,
        role=person.role,
        team_role=person.team_role,
        country=person.country,
        locale=person.locale,
        by=DEMO,
        at=now(),
    )


def _raise_limits() -> None:
    """Let the demo's investors put in more than the usual limits of their class (ORD-5)."""
    admin = Actor(kind="user", id=str(uuid5(NAMESPACE, "admin@alef.example")))
    for name in LIMITS:
        if of_parameters.setting(name).version == 0:
            parameters.change(
                name=name, value=LIMIT, version=0, reason="limits of the demo's market", by=admin, at=now()
            )
