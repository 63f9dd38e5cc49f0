"""Who shows which credential: the operator's tokens, and the keys of applications."""

import contextlib
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from corral.lifecycle.accounts import Accounts
from corral.lifecycle.kept import Keeper
from corral.lifecycle.ownership import Ownership
from corral.lifecycle.quota import Quota
from corral.lifecycle.usage import Usage
from corral.model.application import ApiKey, Application
from corral.model.errors import NoCredential, StoreError, StoreUnavailable, Unauthorized
from corral.operations.scoped.scope import Scope
from corral.operations.scoped.services import scoped_services
from corral.operations.services import Services
from corral.policy.access import DEFAULT, KEY_PREFIX, OPERATOR, Caller, caller_of, digest, is_valid_at
from corral.server.auth import Tokens, bearer, socket_token
from corral.server.http.message import Request

_REMEMBERED = 1000  # callers whose view of the services is kept


class Gatekeeping(msgspec.Struct, frozen=True):
    """What is known of who may do what, and how credentials are shown. Without `checks`, `/api` asks for none."""

    accounts: Accounts
    ownership: Ownership
    quota: Quota
    usage: Usage
    keeper: Keeper
    header: str = "x-api-key"
    checks: bool = True


class Authority:
    """Turns credentials into callers without asking the engine: keys are held in memory."""

    def __init__(self, services: Services, tokens: Tokens, known: Gatekeeping) -> None:
        self._services = services
        self._tokens = tokens
        self._known = known
        self._accounts = known.accounts
        self._header = known.header.lower()
        self._by_digest: dict[str, ApiKey] = {}
        self._version = -1
        self._views: Callable[[Caller], Services] = lru_cache(maxsize=_REMEMBERED)(self._view)
        self._callers: dict[str, tuple[ApiKey, Application, Caller]] = {}

    def is_operator(self, headers: Mapping[str, str]) -> bool:
        """Whether the Authorization header has a token of the operator's: the shortest way in."""
        return self._tokens.accept(bearer(headers))

    def is_operators(self, token: str | None) -> bool:
        """The same for a credential, from wherever it comes."""
        return self._tokens.accept(token)

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """The text of the Authorization header, or of the header for keys."""
        return bearer(headers) or headers.get(self._header)

    def socket_credential(self, request: Request) -> str | None:
        """The same for a WebSocket, which may carry it in its query."""
        return socket_token(request.headers, request.query) or self.credential(request.headers)

    def service_credential(self, headers: Mapping[str, str]) -> str | None:
        """The same for `/api`, whose clients know the header for keys."""
        return headers.get(self._header) or bearer(headers)

    def beside(self, headers: Mapping[str, str]) -> Caller | None:
        """Whose key stands in the header for keys, beside another credential."""
        token = headers.get(self._header)
        return None if token is None else self.caller(token)

    def caller(self, token: str | None) -> Caller | None:
        """None for a credential that is not accepted. Raises `StoreUnavailable` while the keys are not known yet."""
        if self._tokens.accept(token):
            return OPERATOR
        if token is None or not token.startswith(KEY_PREFIX):
            return None
        if not self._known.keeper.is_loaded:
            raise StoreUnavailable("the keys are being read")
        key = self._find(token)
        return None if key is None else self.holder(key.id)

    async def known_caller(self, token: str | None) -> Caller | None:
        """The same, once the keys have been read; None also where the engine is away."""
        with contextlib.suppress(StoreUnavailable, StoreError):
            if not self._known.keeper.is_loaded:
                await self._known.keeper.look()
            return self.caller(token)
        return None

    async def service_caller(self, token: str | None) -> Caller:
        """Who calls `/api`. Raises `Unauthorized`, `StoreUnavailable`."""
        if not self._known.checks:
            return DEFAULT
        if token is None:
            raise NoCredential(f"Missing {self._known.header} header")
        caller = await self.known_caller(token) or await self.later(token)
        if caller is None:
            raise Unauthorized("Invalid API key")
        return caller

    def may_be_new(self, token: str | None) -> bool:
        """Whether it has the form of a key, so that another process may know it already."""
        return token is not None and token.startswith(KEY_PREFIX)

    async def later(self, token: str) -> Caller | None:
        """The caller, once this process knows what others do now."""
        if not self.may_be_new(token):
            return None
        await self._known.keeper.look()
        return self.caller(token)

    def holder(self, key_id: str | None) -> Caller | None:
        """Who has the key now; None when it has ended."""
        key, now = self._accounts.keys.get(key_id or ""), self._services.clock()
        if key is None or not is_valid_at(key, now):
            return None
        application = self._accounts.applications.get(key.application)
        if application is None:
            return None
        self._known.usage.saw(key.id, now)
        known = self._callers.get(key.id)
        if known is None or known[0] is not key or known[1] is not application:
            known = self._callers[key.id] = (key, application, caller_of(key, application))
        return known[2]

    def still(self, caller: Caller) -> bool:
        """Whether the caller is who it was when it came; the operator, and whoever has no key, always is."""
        return caller.key is None or self.holder(caller.key) == caller

    def services(self, caller: Caller) -> Services:
        """The services as the caller sees them."""
        return self._services if caller.application is None else self._views(caller)

    def _find(self, token: str) -> ApiKey | None:
        keys = self._accounts.keys
        if self._version != keys.version:
            self._by_digest = {key.digest: key for key in keys.all().values()}
            self._callers.clear()
            self._version = keys.version
        return self._by_digest.get(digest(token))

    def _view(self, caller: Caller) -> Services:
        scope = Scope(caller, self._known.ownership, self._known.quota, self._services.store.prefix)
        return scoped_services(self._services, scope)
