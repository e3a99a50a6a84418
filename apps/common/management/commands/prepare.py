"""Bring a database from nothing or any earlier version to ready: roles, tables, the demo if asked.

The demo has keys of its own, and is only prepared for the chain that its database knows.
"""

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="the demo as well: its keys, its people")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        """Run db_roles where a superuser's URL is given, then migrate as the owner, then the demo.

        Exits like `chain_check` when the chain is not the one that the database knows.
        """
        if os.environ.get("DATABASE_ADMIN_URL"):
            call_command("db_roles")
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        if demo:
            call_command("chain_check")
            if settings.DEVELOPMENT:
                call_command("chain_keys", "--development")
            if "demo_data" in get_commands():
                call_command("demo_data")
