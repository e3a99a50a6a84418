"""Compare the chain with what the database has seen of it; exit 3 if the chain went backwards."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain import client, selectors

BEHIND = 3


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask the nodes for the genesis block and the block up to which events are kept."""
        checkpoint = selectors.checkpoint()
        try:
            node = client.node_with(checkpoint)
        except client.NodeUnavailable as error:
            raise CommandError(f"{error.detail} {error.next_step}") from error
        if node is None and checkpoint is not None:
            raise CommandError(
                f"The chain is behind the database: it doesn't have block {checkpoint.number} with the hash "
                f"{checkpoint.block_hash[:10]}…, which was final. It was replaced, or lost blocks.",
                returncode=BEHIND,
            )
        place = f"block {checkpoint.number}" if checkpoint else "nothing yet"
        self.stdout.write(f"The chain has what the database has seen of it: {place}.")
