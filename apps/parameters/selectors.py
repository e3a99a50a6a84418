"""What the parameters are now."""

from apps.common.errors import NotFound
from apps.parameters.models import ChangedParameter
from apps.parameters.types import Parameter, Setting, declared


def value(parameter: Parameter) -> int:
    """Return what a parameter is now, in its unit."""
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


def _setting(parameter: Parameter, row: ChangedParameter | None) -> Setting:
    return Setting(parameter, row.value if row else parameter.default, row.version if row else 0)
