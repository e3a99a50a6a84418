from celery import shared_task

from apps.common.clock import now
from apps.common.types import Actor
from apps.ledger import services


@shared_task
def expire_holds() -> None:
    """Release holds whose time is over."""
    services.expire_holds(by=Actor.system("expire_holds"), at=now())
