import base64
import hashlib
import hmac
import os
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from corral.policy.signing import LEAD, hex_signature, new_secret, standard_signature

BODY = '{"a": "ä"}'.encode()


def test_secrets_are_base64_in_either_alphabet() -> None:
    for _ in range(50):
        text = new_secret(os.urandom).removeprefix(LEAD)
        assert base64.b64decode(text) == base64.urlsafe_b64decode(text)
        assert len(base64.b64decode(text)) == 32


def test_the_original_signature() -> None:
    expected = hmac.new(b"whsec_x", BODY, hashlib.sha256).hexdigest()
    assert hex_signature("whsec_x", BODY) == expected


def test_the_standard_signature_by_another_implementation() -> None:
    old, new, other = (new_secret(os.urandom) for _ in range(3))
    now = int(datetime.now(UTC).timestamp())
    signature = standard_signature((new, old), "msg_1", now, BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)
