from celery import shared_task

from apps.common import heartbeat as signs


@shared_task
def heartbeat() -> None:
    """Show that beat rings, the broker carries and the worker works."""
    signs.beat("beat")
    signs.beat("worker")
