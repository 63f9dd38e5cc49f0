"""Bodies of `/api` as values with rules."""

from typing import Any, TypeVar

import msgspec

from corral.model.errors import InvalidInput

T = TypeVar("T")


def formed(body: Any, form: type[T]) -> T:
    """Members that are null count as left out; those that are not known are passed over. Raises `InvalidInput`."""
    given = {name: value for name, value in body.items() if value is not None} if isinstance(body, dict) else {}
    try:
        return msgspec.convert(given, form)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error)) from None
