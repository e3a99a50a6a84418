"""Load the demo's people and its market's limits. Safe to run again: what exists is left as it is."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Role
from apps.common.clock import now
from apps.common.types import Actor
from apps.parameters import selectors as of_parameters
from apps.parameters import services as parameters

NAMESPACE = UUID("a1ef0000-0000-4000-8000-000000000000")
PASSWORD = "alef demo market"  # noqa: S105  # printed at every start; production refuses this command
LIMITS = tuple(f"compliance.investment_limit_{each}" for each in Accreditation)
LIMIT = 1_000_000_00  # US cents
DEMO = Actor.system("demo")


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody in the demo."""

    email: str
    name: str
    role: Role
    team_role: str = ""
    country: str = "AE"
    locale: str = "en"

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, self.email)


CAST = (
    Cast("noor@alef.example", "Noor Haddad", Role.INVESTOR),
    Cast("omar@alef.example", "Omar Nasser", Role.INVESTOR, country="SA", locale="ar"),
    Cast("sara@alef.example", "Sara Mansoori", Role.INVESTOR),
    Cast("faisal@alef.example", "Faisal Otaibi", Role.INVESTOR, country="SA", locale="ar"),
    Cast("huda@alef.example", "Huda Sami", Role.INVESTOR),
    Cast("layla@falconfoods.example", "Layla Rahman", Role.ISSUER),
    Cast("karim@marsa.example", "Karim Saleh", Role.ISSUER),
    Cast("admin@alef.example", "Ada Karim", Role.ADMIN),
    Cast("compliance@alef.example", "Salma Aziz", Role.STAFF, "compliance_officer"),
    Cast("finance@alef.example", "Yusuf Darwish", Role.STAFF, "finance_operator"),
    Cast("operator@alef.example", "Tariq Mansour", Role.STAFF, "ats_operator"),
    Cast("agent@alef.example", "Hala Said", Role.STAFF, "transfer_agent"),
    Cast("auditor@alef.example", "Rania Fares", Role.STAFF, "auditor"),
)


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
