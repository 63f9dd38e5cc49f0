"""How a job's card changes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from corral.model.job_card import JobCard

_BY_MEMBER = ("metadata", "webhooks")


def merged(card: JobCard, changes: Mapping[str, Any]) -> JobCard:
    """The fields in place of the card's; members of `metadata` and `webhooks` one by one."""
    joined = {name: getattr(card, name) | changes[name] for name in _BY_MEMBER if name in changes}
    return msgspec.structs.replace(card, **{**changes, **joined})
