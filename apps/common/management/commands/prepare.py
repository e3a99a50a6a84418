"""Bring a database from nothing or any earlier version to ready: roles, tables, the demo if asked."""

import os
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo's people as well")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        """Run db_roles where a superuser's URL is given, then migrate as the owner, then the demo."""
        if os.environ.get("DATABASE_ADMIN_URL"):
            call_command("db_roles")
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        if demo and "demo_data" in get_commands():
            call_command("demo_data")
