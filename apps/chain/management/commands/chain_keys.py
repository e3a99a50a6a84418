"""Make the keys of the chain process, or import one; nothing is ever overwritten."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.chain.signer import KeyRefused, import_key, make_keys
from apps.chain.types import Duty


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--development`, or `import <duty>` with the key on standard input."""
        parser.add_argument("act", nargs="?", choices=["make", "import"], default="make")
        parser.add_argument("duty", nargs="?", choices=[str(duty) for duty in Duty])
        parser.add_argument(
            "--development",
            action="store_true",
            help="use the published accounts of development chains, which anybody can spend from",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which keys are new and their addresses, which need native coin."""
        if options["development"] and not settings.DEVELOPMENT:
            raise CommandError("Development keys are published: anybody could act as this venue.")
        if (options["act"] == "import") != bool(options["duty"]):
            raise CommandError("Say: chain_keys import <duty>, and give the key on standard input.")
        try:
            made = self._make(**options)
        except KeyRefused as refusal:
            raise CommandError(str(refusal)) from None
        for name, address in made.items():
            print(f"{name}: {address or 'made'}")

    def _make(self, *, act: str, duty: str | None, development: bool, **_: Any) -> dict[str, str]:
        folder, password = Path(settings.KEYSTORE_DIR), settings.KEYSTORE_PASSWORD
        if duty:
            return {duty: import_key(folder, password, Duty(duty), sys.stdin.read())}
        return make_keys(folder, password, development=development)
