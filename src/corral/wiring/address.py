"""Which Redis the settings mean, and how addresses are shown."""

from corral.stores.postgres.address import shown
from corral.stores.redis.address import Address
from corral.wiring.settings import Settings

__all__ = ["Address", "address_of", "shown"]


def address_of(settings: Settings) -> Address:
    """The address by REDIS_URL, else by the single variables; for the engine `redis` only."""
    if settings.redis_url is not None:
        return Address.from_url(settings.redis_url)
    return Address(
        host=settings.redis_host or "localhost",
        port=settings.redis_port or 6379,
        path=settings.redis_socket,
        username=settings.redis_username,
        password=settings.redis_password,
        db=settings.redis_db,
        tls=settings.redis_tls,
    )
