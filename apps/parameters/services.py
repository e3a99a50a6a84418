"""Changing parameters."""

from datetime import datetime

from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import Invalid, NotFound, Stale
from apps.common.types import Actor
from apps.parameters import selectors
from apps.parameters.models import ChangedParameter
from apps.parameters.types import Setting, declared


class OutOfBounds(Invalid):
    """The value isn't one that this parameter may have."""

    code = "out_of_bounds"


@opens_transaction
def change(*, name: str, value: int, version: int, reason: str, by: Actor, at: datetime) -> Setting:
    """Give a parameter another value, in its unit. `version` is the one that the asker has read.

    Raises NotFound, OutOfBounds, Stale.
    """
    parameter = declared().get(name)
    if parameter is None:
        raise NotFound(f"There is no parameter {name}.")
    if not parameter.minimum <= value <= parameter.maximum:
        sentence = f"This must be from {parameter.minimum} to {parameter.maximum} {parameter.unit}."
        raise OutOfBounds(sentence, fields={"value": [sentence]})
    ChangedParameter.objects.bulk_create(
        [ChangedParameter(name=name, value=parameter.default, version=0, changed_at=at)],
        ignore_conflicts=True,
    )
    row = ChangedParameter.objects.select_for_update().get(pk=name)
    if row.version != version:
        raise Stale("Somebody else has changed this parameter. Read it again.")
    before, row.value, row.version, row.changed_at = row.value, value, version + 1, at
    row.save(update_fields=["value", "version", "changed_at"])
    audit.record(
        action="parameters.changed",
        target_type="parameter",
        target_id=name,
        before={"value": before},
        after={"value": value},
        reason=reason,
        by=by,
        at=at,
    )
    return selectors.setting(name)
