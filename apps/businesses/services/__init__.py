"""The verbs of businesses."""

from apps.businesses.services.decision import decide
from apps.businesses.services.mail import send_decision, send_registered
from apps.businesses.services.registration import register

__all__ = ["decide", "register", "send_decision", "send_registered"]
