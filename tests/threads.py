"""Several who act at the same moment, each on a connection of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from apps.common.errors import DomainError


def at_once(*acts):
    """Run acts in threads that start together; return what each returned or was refused with."""
    start = threading.Barrier(len(acts))

    def run(each):
        try:
            connection.ensure_connection()
            start.wait(10)
            return each()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results):
    """Return the codes of those who were refused."""
    return [result.code for result in results if isinstance(result, DomainError)]
