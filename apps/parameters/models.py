"""The parameters that somebody has changed."""

from django.db import models


class ChangedParameter(models.Model):
    """The value of a parameter where it isn't the default; `version` counts its changes."""

    name = models.CharField(primary_key=True, max_length=80)
    value = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
