"""Who may do what: roles, the queues that a key reaches, and the form of keys."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from corral.model.application import ApiKey, Application
from corral.model.errors import Forbidden
from corral.policy.name_pattern import matcher

ROLES = ("read", "enqueue", "work", "manage", "admin")
"""What a key may be given; `admin` is all that its application may, `manage` also reads."""

_IMPLIED = {
    "read": ("read",),
    "enqueue": ("enqueue",),
    "work": ("work", "read"),
    "manage": ("manage", "read"),
    "admin": ("read", "enqueue", "work", "manage", "admin"),
}
KEY_PREFIX = "sk_"
OUTSIDE = "api:"
"""Begins the tokens of locks that are made of the id of the job, and so prove nothing."""


class Caller(msgspec.Struct, frozen=True):
    """Who makes a request. `application` None: the operator, who may do everything and sees every queue as it is."""

    application: str | None = None
    name: str = "operator"
    key: str | None = None
    roles: frozenset[str] = frozenset(ROLES)
    allowed_queues: tuple[tuple[str, ...], ...] = ()

    @property
    def is_operator(self) -> bool:
        return self.application is None

    def may(self, permission: str) -> bool:
        """Whether the roles allow it."""
        return self.application is None or permission in self.roles

    def reaches(self, queue: str) -> bool:
        """Whether the name fits a pattern of the application and, where it has some, one of the key."""
        return all(any(_fits(pattern)(queue) for pattern in patterns) for patterns in self.allowed_queues)

    def is_granted(self, queue: str) -> bool:
        """Whether the application was given exactly this queue, not by a pattern."""
        return bool(self.allowed_queues) and queue in self.allowed_queues[0]


OPERATOR = Caller()
DEFAULT = Caller("default", "default", allowed_queues=(("*",),))
"""Everybody, where no credential is asked for."""


def caller_of(key: ApiKey, application: Application) -> Caller:
    """The caller that shows this key."""
    roles = frozenset(role for given in key.roles for role in _IMPLIED.get(given, ()))
    allowed = [tuple(application.settings.allowed_queues)]
    if key.allowed_queues is not None:
        allowed.append(tuple(key.allowed_queues))
    return Caller(application.id, application.name, key.id, roles, tuple(allowed))


def allow(caller: Caller, permission: str) -> None:
    """Raises `Forbidden` unless the caller's roles allow it."""
    if not caller.may(permission):
        raise Forbidden(f"This key may not do that: it needs the role {permission}")


def is_valid_at(key: ApiKey, now: int) -> bool:
    return key.expires_at is None or now < key.expires_at


def digest(secret: str) -> str:
    """What is stored of a secret; it is long and random, so a fast digest keeps it."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def unknown_roles(roles: Iterable[str]) -> list[str]:
    return [role for role in roles if role not in ROLES]


_fits = lru_cache(maxsize=1000)(matcher)
