"""The pages of identity checks."""

from apps.kyc.views.files import file
from apps.kyc.views.own import again, check, remove, step, submit, upload
from apps.kyc.views.staff import case, decide, judge, queue, release

__all__ = [
    "again",
    "case",
    "check",
    "decide",
    "file",
    "judge",
    "queue",
    "release",
    "remove",
    "step",
    "submit",
    "upload",
]
