"""Between a typed Python value and the JSON of a job, by msgspec; pydantic models anywhere inside are understood."""

from collections.abc import Callable
from typing import Any

import msgspec

from corral.model.errors import InvalidInput

_NULL = b"null"


class Codec:
    """Values of one type. `what` names them in errors, such as `The payload of PING`."""

    def __init__(self, kind: Any, what: str) -> None:
        self._what = what
        self._checked = kind is not Any
        self.encode_any: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=_to_builtins).encode
        try:
            self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(kind, dec_hook=_from_builtins).decode
        except TypeError as error:
            raise TypeError(f"{what} cannot be of the type {kind!r}: {error}") from None
        if kind is None or kind is type(None):
            self._decode = _nothing

    def encode(self, value: Any) -> bytes:
        """The value as JSON. Raises `InvalidInput` for what could not be read back as the type."""
        if value is None and self._decode is _nothing:
            return _NULL
        try:
            encoded = self.encode_any(value)
            if self._decode is _nothing:
                raise InvalidInput(f"{self._what} has to be None, not {type(value).__name__}")
            if self._checked:
                self._decode(encoded)
        except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            raise InvalidInput(f"{self._what} is refused: {error}") from error
        return encoded

    def decode(self, raw: bytes | msgspec.Raw) -> Any:
        """The value of stored JSON. Raises `InvalidInput` for JSON that is not of the type."""
        try:
            return self._decode(raw)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise InvalidInput(f"{self._what} is refused: {error}") from error


def _nothing(raw: bytes) -> None:
    """Whoever wants no payload takes what another program sends instead, such as `{}`."""


def _to_builtins(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return dump(mode="json")


def _from_builtins(kind: Any, value: Any) -> Any:
    if kind is object:
        return value
    validate = getattr(kind, "model_validate", None)
    if validate is None:
        raise TypeError(f"{kind!r} has no form in JSON")
    return validate(value)
