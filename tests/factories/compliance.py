"""Investment limits for tests, changed by the verb that changes them."""

from apps.accounts.types import Accreditation
from apps.common.clock import now
from apps.common.types import Actor
from apps.compliance.types import INVESTMENT_LIMIT
from apps.parameters import selectors, services

BY = Actor.system("tests")


def limit(cents, *classes):
    """Let investors of these classes (none: all) invest so much in twelve months; 0 for no limit."""
    for accreditation in classes or Accreditation:
        name = INVESTMENT_LIMIT[accreditation].name
        before = selectors.setting(name)
        if before.value != cents:
            services.change(
                name=name, value=cents, version=before.version, reason="for a test", by=BY, at=now()
            )
