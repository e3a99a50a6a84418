"""Who signs. The keys stay behind this door: it hands out addresses and signatures, never a key (CHN-2).

Only the chain process and `manage.py chain_keys` open it. eth-account is imported here alone, and late.
"""

from apps.chain.signer.backend import Signed, Signer, signer
from apps.chain.signer.keystore import (
    CUSTODY_PATH,
    KeyRefused,
    KeysMissing,
    import_key,
    make_keys,
)

__all__ = [
    "CUSTODY_PATH",
    "KeyRefused",
    "KeysMissing",
    "Signed",
    "Signer",
    "import_key",
    "make_keys",
    "signer",
]
