from celery import shared_task

from apps.common.clock import now
from apps.tokens import services


@shared_task
def queue_due_mints() -> None:
    """Ask the chain for the tokens of allocations that need wait no longer."""
    services.queue_due_mints(at=now())
