"""Carry out what is asked of the chain; ends on SIGTERM or SIGINT. Needs KEYSTORE_PASSWORD."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain.client.rpc import WrongNetwork
from apps.chain.sender import KeyChanged, Sender
from apps.chain.signer import KeysMissing


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # a deployment checks once; a restart after a crash has no time for it

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to end. A second one stands by until the first one is gone."""
        try:
            sender = Sender()
        except (KeysMissing, KeyChanged, WrongNetwork) as refusal:
            raise CommandError(str(refusal)) from None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sender.stop())
        sender.run()
