"""Ask the chain process for the contracts that are deployed once per network."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.chain import services
from apps.common.clock import now
from apps.common.types import Actor


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the intent; asking twice deploys once."""
        intent = services.deploy_platform(by=Actor.system("deploy_platform"), at=now())
        print(f"asked for as intent {intent}; the chain process carries it out")
