"""Open the first admin's account; every later one is made by an admin."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.accounts.types import Role
from apps.common.clock import now
from apps.common.errors import Invalid
from apps.common.ids import new_id
from apps.common.types import Actor


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("full_name")

    def handle(self, *args: Any, email: str, full_name: str, **options: Any) -> None:
        """Ask for a password and open the account."""
        try:
            account = services.open_account(
                user_id=new_id(),
                email=email,
                password=getpass.getpass("Password: "),
                full_name=full_name,
                role=Role.ADMIN,
                by=Actor.system("create_admin"),
                at=now(),
            )
        except Invalid as error:
            raise CommandError(
                "; ".join(f"{name}: {' '.join(said)}" for name, said in error.fields.items())
            ) from error
        self.stdout.write(f"Admin {account.id} may log in.")
