"""Operations on the keys of an application: for the operator, and for the application's own keys with the role
`admin`."""

from typing import Annotated, Literal

import msgspec

from corral.lifecycle.accounts import Accounts, KeyTerms
from corral.model.application import ApiKey
from corral.model.errors import Forbidden, NotFound
from corral.operations.applications import Id, Name, OneApplication, Patterns, row
from corral.operations.operation import Permission
from corral.operations.reply import Reply
from corral.operations.services import Services

Role = Literal["read", "enqueue", "work", "manage", "admin"]
Roles = Annotated[list[Role], msgspec.Meta(min_length=1, max_length=5)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="ms since the epoch.")]
Overlap = Annotated[
    int, msgspec.Meta(ge=0, le=365 * 86_400_000, description="Milliseconds for which the old key works on.")
]
_DAY_MS = 86_400_000


class CreateKey(msgspec.Struct, frozen=True, rename="camel"):
    """What the key may. `allowedQueues` narrows what the application may; null: nothing is taken away."""

    application: Id
    roles: Roles
    name: Name | None = None
    allowed_queues: Patterns | None = None
    expires_at: Moment | None = None


class OneKey(msgspec.Struct, frozen=True):
    """Names the key."""

    application: Id
    key: Id


class ChangeKey(msgspec.Struct, frozen=True, rename="camel"):
    """What is left out stays; `expiresAt` may be in the past."""

    application: Id
    key: Id
    roles: Roles | msgspec.UnsetType = msgspec.UNSET
    name: Name | msgspec.UnsetType | None = msgspec.UNSET
    allowed_queues: Patterns | msgspec.UnsetType | None = msgspec.UNSET
    expires_at: Moment | msgspec.UnsetType | None = msgspec.UNSET


class RotateKey(msgspec.Struct, frozen=True, rename="camel"):
    """A day, unless said."""

    application: Id
    key: Id
    overlap_ms: Overlap = _DAY_MS


class ShownKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key without its secret, of which `hint` are the last letters. Times are ms since the epoch, null is never.

    `lastUsedAt` may be a minute behind.
    """

    id: str
    application: str
    name: str | None
    hint: str
    roles: list[str]
    allowed_queues: list[str] | None
    created_at: int
    expires_at: int | None
    last_used_at: int | None


class NewKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key with its secret, which is shown this once."""

    id: str
    application: str
    name: str | None
    hint: str
    roles: list[str]
    allowed_queues: list[str] | None
    created_at: int
    expires_at: int | None
    secret: str


class Keys(msgspec.Struct, frozen=True):
    """Oldest first."""

    keys: list[ShownKey]


async def list_keys(services: Services, request: OneApplication) -> Keys:
    """Raises `NotFound`."""
    accounts = _accounts_for(services, request.application)
    await accounts.get(request.application)
    used = await services.usage.last()
    return Keys([_shown(key, used.get(key.id)) for key in await accounts.keys_of(request.application)])


async def get_key(services: Services, request: OneKey) -> ShownKey:
    """Raises `NotFound`."""
    key = await _accounts_for(services, request.application).key(request.application, request.key)
    return await _with_use(services, key)


async def create_key(services: Services, request: CreateKey) -> Reply:
    """Works at once. Raises `NotFound`."""
    terms = KeyTerms([*request.roles], request.name, request.allowed_queues, request.expires_at)
    accounts = _accounts_for(services, request.application)
    return _made(*await accounts.create_key(request.application, terms, services.clock()))


async def rotate_key(services: Services, request: RotateKey) -> Reply:
    """A new key with the same roles, queues and name; the old one ends after the overlap. Raises `NotFound`."""
    accounts = _accounts_for(services, request.application)
    return _made(*await accounts.rotate_key(request.application, request.key, request.overlap_ms, services.clock()))


async def change_key(services: Services, request: ChangeKey) -> ShownKey:
    """In force in every process within a second, also for what is open. Raises `NotFound`."""
    fields = ("roles", "name", "allowed_queues", "expires_at")
    given = {name: value for name in fields if (value := getattr(request, name)) is not msgspec.UNSET}
    accounts = _accounts_for(services, request.application)
    key = await accounts.change_key(
        request.application, request.key, lambda found: msgspec.structs.replace(found, **given)
    )
    return await _with_use(services, key)


async def revoke_key(services: Services, request: OneKey) -> None:
    """It is accepted no more. Raises `NotFound`."""
    await _accounts_for(services, request.application).revoke_key(request.application, request.key)


def _accounts_for(services: Services, application: str) -> Accounts:
    """Raises `NotFound` for another application, `Forbidden` for a key that must not make one that may more."""
    caller = services.caller
    if not caller.is_operator:
        if caller.application != application:
            raise NotFound(f"Application '{application}' not found")
        if len(caller.allowed_queues) > 1:
            raise Forbidden("A key for some queues only may not manage keys")
    return services.accounts


async def _with_use(services: Services, key: ApiKey) -> ShownKey:
    return _shown(key, (await services.usage.last()).get(key.id))


def _shown(key: ApiKey, used: int | None) -> ShownKey:
    return ShownKey(
        id=key.id,
        application=key.application,
        name=key.name,
        hint=key.hint,
        roles=key.roles,
        allowed_queues=key.allowed_queues,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=used,
    )


def _made(key: ApiKey, secret: str) -> Reply:
    fields = {
        name: value for name, value in msgspec.structs.asdict(_shown(key, None)).items() if name != "last_used_at"
    }
    return Reply(NewKey(**fields, secret=secret), 201, location=f"/v1/applications/{key.application}/keys/{key.id}")


_KEYS = "/{application}/keys"
_KEY = f"{_KEYS}/{{key}}"
_replace = msgspec.structs.replace
_ROWS = (
    _replace(row("listKeys", "GET", _KEYS, "The keys of an application.", OneApplication, list_keys), response=Keys),
    _replace(
        row("createKey", "POST", _KEYS, "Add a key; its secret is in the answer, and never again.",
            CreateKey, create_key),
        response=NewKey,
        status=201,
        example={"name": "web", "roles": ["enqueue", "read"], "allowedQueues": ["shop-mail"]},
    ),
    _replace(row("getKey", "GET", _KEY, "One key, without its secret.", OneKey, get_key), response=ShownKey),
    _replace(
        row("changeKey", "PATCH", _KEY, "Change what a key may, or when it ends.", ChangeKey, change_key),
        response=ShownKey,
        example={"roles": ["read"]},
    ),
    _replace(
        row("rotateKey", "POST", f"{_KEY}/rotate", "Put another key in the place of one, with an overlap.",
            RotateKey, rotate_key),
        response=NewKey,
        status=201,
        example={"overlapMs": _DAY_MS},
    ),
    _replace(
        row("revokeKey", "DELETE", _KEY, "End a key at once.", OneKey, revoke_key),
        response=None,
        status=204,
    ),
)  # fmt: skip
OPERATIONS = tuple(_replace(one, permission=Permission.ADMIN) for one in _ROWS)
