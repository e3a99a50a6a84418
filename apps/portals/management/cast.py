"""Who is in the demo. Their ids, and those of all else in it, are the same in every demo."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from apps.accounts.types import Role

NAMESPACE = UUID("a1ef0000-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody in the demo."""

    email: str
    name: str
    role: Role
    team_role: str = ""
    country: str = "AE"
    locale: str = "en"

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, self.email)


CAST = (
    Cast("noor@alef.example", "Noor Haddad", Role.INVESTOR),
    Cast("omar@alef.example", "Omar Nasser", Role.INVESTOR, country="SA", locale="ar"),
    Cast("sara@alef.example", "Sara Mansoori", Role.INVESTOR),
    Cast("faisal@alef.example", "Faisal Otaibi", Role.INVESTOR, country="SA", locale="ar"),
    Cast("maha@alef.example", "Maha Qasim", Role.INVESTOR),
    Cast("huda@alef.example", "Huda Sami", Role.INVESTOR),
    Cast("layla@falconfoods.example", "Layla Rahman", Role.ISSUER),
    Cast("karim@marsa.example", "Karim Saleh", Role.ISSUER),
    Cast("admin@alef.example", "Ada Karim", Role.ADMIN),
    Cast("compliance@alef.example", "Salma Aziz", Role.STAFF, "compliance_officer"),
    Cast("finance@alef.example", "Yusuf Darwish", Role.STAFF, "finance_operator"),
    Cast("operator@alef.example", "Tariq Mansour", Role.STAFF, "ats_operator"),
    Cast("agent@alef.example", "Hala Said", Role.STAFF, "transfer_agent"),
    Cast("auditor@alef.example", "Rania Fares", Role.STAFF, "auditor"),
)
