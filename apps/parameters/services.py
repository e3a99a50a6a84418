"""Changing parameters."""

from datetime import datetime

from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import Invalid, NotFound, Stale
from apps.common.types import Actor
from apps.parameters import selectors
from apps.parameters.models import ChangedParameter
from apps.parameters.types import Parameter, Setting, declared

MAX_REASON = 200


class OutOfBounds(Invalid):
    """The value isn't one that this parameter may have."""

    code = "out_of_bounds"


@opens_transaction
def change(*, name: str, value: int, version: int, reason: str, by: Actor, at: datetime) -> Setting:
    """Give a parameter another value, in its unit. `version` is the one that the asker has read.

    Raises NotFound, OutOfBounds, Invalid (field reason), Stale, whose data are what it is now.
    """
    parameter = declared().get(name)
    if parameter is None:
        raise NotFound("There is no such parameter.")
    _check(parameter, value, reason)
    ChangedParameter.objects.bulk_create(
        [ChangedParameter(name=name, value=parameter.default, version=0, changed_at=at)],
        ignore_conflicts=True,
    )
    row = ChangedParameter.objects.select_for_update().get(pk=name)
    if row.version != version:
        raise Stale(
            f"Somebody else has changed this parameter: it is {row.value} now.",
            next_step="Look at the new value and repeat your change if it still holds.",
            value=row.value,
            version=row.version,
        )
    before, row.value, row.version, row.changed_at = row.value, value, version + 1, at
    row.save(update_fields=["value", "version", "changed_at"])
    audit.record(
        action=selectors.CHANGED,
        target_type="parameter",
        target_id=name,
        before={"value": before},
        after={"value": value},
        reason=reason.strip(),
        by=by,
        at=at,
    )
    return selectors.setting(name)


def _check(parameter: Parameter, value: int, reason: str) -> None:
    if not parameter.minimum <= value <= parameter.maximum:
        sentence = f"This must be from {parameter.minimum} to {parameter.maximum} ({parameter.unit})."
        raise OutOfBounds(sentence, fields={"value": [sentence]})
    said = reason.strip()
    if not 1 <= len(said) <= MAX_REASON or not said.isprintable():
        sentence = f"Say why, in at most {MAX_REASON} characters on one line."
        raise Invalid("A reason is needed.", fields={"reason": [sentence]})
