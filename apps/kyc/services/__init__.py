"""The verbs of identity checks."""

from apps.kyc.services.documents import add_document, judge_document, remove_document
from apps.kyc.services.drafts import save_step, start_again
from apps.kyc.services.notices import begin_verification, send_decision, send_review_request
from apps.kyc.services.review import claim, release, review
from apps.kyc.services.submission import submit, submit_at_once

__all__ = [
    "add_document",
    "begin_verification",
    "claim",
    "judge_document",
    "release",
    "remove_document",
    "review",
    "save_step",
    "send_decision",
    "send_review_request",
    "start_again",
    "submit",
    "submit_at_once",
]
