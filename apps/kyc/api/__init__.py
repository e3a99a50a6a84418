"""The API of identity checks."""

from apps.kyc.api.own import File, Kyc
from apps.kyc.api.staff import CaseDetail, Cases, Judge, Release, Review

__all__ = ["CaseDetail", "Cases", "File", "Judge", "Kyc", "Release", "Review"]
