from celery import shared_task

from apps.common.clock import now
from apps.common.types import Actor
from apps.wallets import services


@shared_task
def expire_deposits() -> None:
    """End requested deposits whose money didn't come in time."""
    services.expire_deposits(by=Actor.system("expire_deposits"), at=now())
