"""The embedded system's settings with room for load: what limits a client's pace is raised, not left out."""

from config.settings.local import *  # noqa: F403

RATE_LIMITS = dict.fromkeys(RATE_LIMITS, "1000000/minute")  # noqa: F405
