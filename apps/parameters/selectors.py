"""What the parameters are now, and who changed them."""

from apps.audit import selectors as audit
from apps.audit.types import Event, Filter
from apps.common.errors import NotFound
from apps.parameters.models import ChangedParameter
from apps.parameters.types import Parameter, Setting, declared

CHANGED = "parameters.changed"


def value(parameter: Parameter) -> int:
    """Return what a parameter is now, in its unit.

    It isn't locked: inside a transaction, a second look may find what somebody else has committed since.
    """
    changed = ChangedParameter.objects.filter(pk=parameter.name).values_list("value", flat=True).first()
    return parameter.default if changed is None else changed


def settings() -> list[Setting]:
    """Return all parameters with their values, by name."""
    changed = ChangedParameter.objects.in_bulk()
    return [_setting(parameter, changed.get(name)) for name, parameter in sorted(declared().items())]


def setting(name: str) -> Setting:
    """Return one parameter with its value. Raises NotFound."""
    parameter = declared().get(name)
    if parameter is None:
        raise NotFound(f"There is no parameter {name}.")
    return _setting(parameter, ChangedParameter.objects.filter(pk=name).first())


def changes(name: str, *, limit: int = 20) -> list[Event]:
    """Return the last changes of a parameter from the audit record, the newest first."""
    where = Filter(action=CHANGED, target_type="parameter", target_id=name)
    return audit.events(where=where, limit=limit).events


def _setting(parameter: Parameter, row: ChangedParameter | None) -> Setting:
    if row is None:
        return Setting(parameter, parameter.default, version=0, changed_at=None)
    return Setting(parameter, row.value, row.version, row.changed_at)
