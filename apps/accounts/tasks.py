from celery import shared_task

from apps.accounts import services
from apps.common.clock import now


@shared_task
def forget_old_tokens() -> None:
    """Delete refresh families that have expired."""
    services.forget_old_tokens(at=now())
