"""Where a person stands after the identity check: written here, decided by the kyc app."""

from datetime import datetime
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.selectors import as_account
from apps.accounts.types import Account, Standing
from apps.common.db import needs_transaction
from apps.common.errors import NotFound


@needs_transaction
def set_standing(*, user_id: UUID, standing: Standing, at: datetime) -> Account:
    """Write what the identity check decided of a user, and lock the user until the transaction ends.

    The caller writes the audit event, with who decided and why. An empty country leaves the old one.

    Raises NotFound.
    """
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    user.kyc_status = standing.kyc_status
    user.kyc_level = standing.kyc_level
    user.accreditation_status = standing.accreditation_status
    user.fatca_status = standing.fatca_status
    user.country = standing.country or user.country
    user.updated_at = at
    user.save(
        update_fields=[
            "kyc_status",
            "kyc_level",
            "accreditation_status",
            "fatca_status",
            "country",
            "updated_at",
        ]
    )
    return as_account(user)
