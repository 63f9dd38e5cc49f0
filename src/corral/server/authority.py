"""Who shows which credential: the operator's tokens, and the keys of applications."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from corral.lifecycle.kept import Keeper, Kept
from corral.lifecycle.ownership import Ownership
from corral.model.application import ApiKey, Application
from corral.model.errors import StoreUnavailable
from corral.operations.scoped.scope import Scope
from corral.operations.scoped.services import scoped_services
from corral.operations.services import Services
from corral.policy.access import KEY_PREFIX, OPERATOR, Caller, caller_of, digest, is_valid_at
from corral.server.auth import Tokens, bearer

_REMEMBERED = 1000  # callers whose view of the services is kept


class Authority:
    """Turns credentials into callers without asking the engine: keys are held in memory."""

    def __init__(
        self,
        services: Services,
        tokens: Tokens,
        keys: Kept[ApiKey],
        applications: Kept[Application],
        ownership: Ownership,
        keeper: Keeper,
        header: str = "x-api-key",
    ) -> None:
        self._services = services
        self._tokens = tokens
        self._keys = keys
        self._applications = applications
        self._ownership = ownership
        self._keeper = keeper
        self._header = header.lower()
        self._by_digest: dict[str, ApiKey] = {}
        self._version = -1
        self._views: Callable[[Caller], Services] = lru_cache(maxsize=_REMEMBERED)(self._view)
        self.used: dict[str, int] = {}
        """When each key was last shown (ms), until somebody writes it down."""

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """The text of the Authorization header, or of the header for keys."""
        return bearer(headers) or headers.get(self._header)

    def caller(self, token: str | None) -> Caller | None:
        """None for a credential that is not accepted. Raises `StoreUnavailable` while the keys are not known yet."""
        if self._tokens.accept(token):
            return OPERATOR
        if token is None or not token.startswith(KEY_PREFIX):
            return None
        if not self._keeper.is_loaded:
            raise StoreUnavailable("the keys are being read")
        return self._holder(self._find(token))

    def services(self, caller: Caller) -> Services:
        """The services as the caller sees them."""
        return self._services if caller.application is None else self._views(caller)

    def _holder(self, key: ApiKey | None) -> Caller | None:
        now = self._services.clock()
        if key is None or not is_valid_at(key, now):
            return None
        application = self._applications.get(key.application)
        if application is None:
            return None
        self.used[key.id] = now
        return caller_of(key, application)

    def _find(self, token: str) -> ApiKey | None:
        if self._version != self._keys.version:
            self._by_digest = {key.digest: key for key in self._keys.all().values()}
            self._version = self._keys.version
        return self._by_digest.get(digest(token))

    def _view(self, caller: Caller) -> Services:
        return scoped_services(self._services, Scope(caller, self._ownership, self._services.store.prefix))
