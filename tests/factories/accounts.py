"""People for tests, opened by the verb that opens real ones."""

from datetime import UTC, datetime
from itertools import count

import factory

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.types import Account, Role
from apps.common.ids import new_id
from apps.common.types import Actor

PASSWORD = "correct horse battery"
_numbers = count(1)


class AccountFactory(factory.Factory):
    """Opens an active account; `AccountFactory(role=Role.STAFF, team_role="auditor")`."""

    class Meta:
        model = Account

    user_id = factory.LazyFunction(new_id)
    email = factory.LazyFunction(lambda: f"person{next(_numbers)}@example.com")
    full_name = "Some Body"
    password = PASSWORD
    role = Role.INVESTOR
    by = factory.LazyFunction(lambda: Actor.system("tests"))
    at = factory.LazyFunction(lambda: datetime.now(UTC))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return services.open_account(**kwargs)


def logged_in(client, account):
    """Begin a browser session for an account, without the log-in page."""
    user = User.objects.get(pk=account.id)
    client.force_login(user, backend="apps.accounts.backends.EmailBackend")
    return client


def bearer(account):
    """Return the headers of an API client that has just logged in."""
    pair = services.issue_tokens(user_id=account.id, by=Actor.system("tests"), at=datetime.now(UTC))
    return {"HTTP_AUTHORIZATION": f"Bearer {pair.access}"}
