from celery import shared_task

from apps.common.clock import now
from apps.settlement import services


@shared_task
def settle_due() -> None:
    """Send what was traded to the chain, where no message did so."""
    services.settle_due(at=now())
