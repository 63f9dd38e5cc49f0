"""Signatures of outgoing calls: the queue service's own, and those of Standard Webhooks (standardwebhooks.com)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence

LEAD = "whsec_"
_BYTES = 32


def new_secret(random: Callable[[int], bytes]) -> str:
    """`whsec_` and 32 bytes in base64, of those that read the same in its URL form."""
    while True:
        text = base64.b64encode(random(_BYTES)).decode()
        if not {"+", "/"} & set(text):
            return LEAD + text


def hex_signature(secret: str, body: bytes) -> str:
    """`X-Webhook-Signature`: HMAC-SHA256 of the body, the key being the text of the secret."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(secrets: Sequence[str], message: str, seconds: int, body: bytes) -> str:
    """`webhook-signature`: one signature per secret, newest first; the key is what the secret's base64 says."""
    signed = b"%s.%d.%s" % (message.encode(), seconds, body)
    return " ".join(f"v1,{_sign(_key(secret), signed)}" for secret in secrets)


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(LEAD))


def _sign(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
