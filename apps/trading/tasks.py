from celery import shared_task

from apps.common.clock import now
from apps.trading import services


@shared_task
def expire_orders() -> None:
    """Have orders ended whose time is over."""
    services.expire_orders(at=now())
