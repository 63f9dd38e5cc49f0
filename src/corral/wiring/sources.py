"""Where settings come from: flags, then the environment, then a `.env` file, then defaults."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from corral.wiring.server_settings import ALL_INTERFACES
from corral.wiring.settings import VARIABLES, Settings
from corral.wiring.variables import Variable

REDIS_DETAILS = ("REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_TLS", "REDIS_DB")
POSTGRES_DETAILS = (
    "CORRAL_SCHEMA", "CORRAL_LISTEN_URL", "CORRAL_PREPARED_STATEMENTS", "CORRAL_POOL_SIZE", "CORRAL_MIGRATE",
)  # fmt: skip


class Source(StrEnum):
    """The place that a value came from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = ".env file"
    DEFAULT = "default"
    DEFAULT_WITH_TOKEN = "default with a token"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Complete settings, where each one came from (a text for people), and what is worth a warning."""

    settings: Settings
    origins: dict[str, str]
    warnings: tuple[str, ...]


class BadSettings(Exception):
    """One line per setting that cannot be used, in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Given:
    source: Source
    name: str
    text: str


def load(flags: Mapping[str, str], environ: Mapping[str, str], directory: Path, *, terminal: bool = False) -> Resolved:
    """Settings from `flags` (by field name), `environ` and `directory/.env`; raises `BadSettings`.

    An empty text counts as not given. `terminal` picks the default log format.
    """
    problems: list[str] = []
    variables = _variables(environ, _read_file(directory / ".env", problems))
    values: dict[str, Any] = {}
    origins = dict.fromkeys(VARIABLES, str(Source.DEFAULT))
    for field, variable in VARIABLES.items():
        given = list(_given(field, variable, flags, variables))
        parsed = [each for each in (_parse(variable, one, problems) for one in given) if each is not None]
        if parsed:
            values[field] = _merge(parsed)
            origins[field] = _origin(variable, given)
    _derive(values, origins, terminal)
    settings = Settings(**values)
    problems += _contradictions(settings, variables)
    if problems:
        raise BadSettings(problems)
    return Resolved(settings, origins, tuple(_warnings(settings, variables)))


def _read_file(path: Path, problems: list[str]) -> dict[str, str]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # it is slow to import, and most folders have no such file

    try:
        # Without interpolation: a password may contain `${`.
        return {name: text for name, text in dotenv_values(path, interpolate=False).items() if text}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {error}")
        return {}


def _variables(environ: Mapping[str, str], file: Mapping[str, str]) -> dict[str, _Given]:
    found = {name: _Given(Source.FILE, name, text) for name, text in file.items()}
    found |= {name: _Given(Source.ENVIRONMENT, name, text) for name, text in environ.items() if text}
    return found


def _given(
    field: str, variable: Variable, flags: Mapping[str, str], variables: Mapping[str, _Given]
) -> Iterator[_Given]:
    if variable.flag and flags.get(field):
        yield _Given(Source.FLAG, variable.flag, flags[field])
    else:
        yield from (variables[name] for name in variable.names if name in variables)


def _parse(variable: Variable, given: _Given, problems: list[str]) -> Any:
    try:
        return variable.parse(given.text)
    except ValueError as allowed:
        shown = "(hidden)" if variable.secret else f'"{given.text}"'
        problems.append(f"{given.name}: {shown} is not valid; allowed: {allowed}")
        return None


def _merge(parsed: list[Any]) -> Any:
    """A setting under two names is a list of tokens, and has those of both."""
    if len(parsed) == 1:
        return parsed[0]
    return tuple(dict.fromkeys(token for tokens in parsed for token in tokens))


def _origin(variable: Variable, given: list[_Given]) -> str:
    """The source, with the name where it is not the usual one."""
    usual = (*variable.names[:1], variable.flag)
    return ", ".join(each.source if each.name in usual else f"{each.source} {each.name}" for each in given)


def _derive(values: dict[str, Any], origins: dict[str, str], terminal: bool) -> None:
    """Defaults that depend on other settings."""
    if "log_format" not in values:
        values["log_format"] = "console" if terminal else "json"
    if values.get("debug") and "log_level" not in values:
        values["log_level"], origins["log_level"] = "debug", "DEBUG"
    if (values.get("auth_tokens") or values.get("master_api_key")) and "host" not in values:
        values["host"], origins["host"] = ALL_INTERFACES, Source.DEFAULT_WITH_TOKEN.value


def _contradictions(settings: Settings, variables: Mapping[str, _Given]) -> Iterator[str]:
    if settings.min_queue_name_length > settings.max_queue_name_length:
        yield (
            f"MIN_QUEUE_NAME_LENGTH: {settings.min_queue_name_length} is more than "
            f"MAX_QUEUE_NAME_LENGTH, which is {settings.max_queue_name_length}"
        )
    if settings.database_url and settings.names_redis and settings.chosen_engine is None:
        yield (
            "DATABASE_URL: a Redis is named as well, and corral does not guess; "
            "unset one of them, or set CORRAL_ENGINE to postgres or redis"
        )
    if settings.chosen_engine == "postgres" and not settings.database_url:
        yield "DATABASE_URL: it is not set, and Postgres needs it (postgres://user:password@host/database)"
    if settings.chosen_engine == "redis" and not settings.names_redis:
        yield "CORRAL_ENGINE: redis needs REDIS_URL or REDIS_HOST"


def _warnings(settings: Settings, variables: Mapping[str, _Given]) -> Iterator[str]:
    known = {name for variable in VARIABLES.values() for name in variable.names}
    for name in sorted(variables):
        if name.startswith("CORRAL_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{name} is not a setting of corral" + (f"; did you mean {near[0]}?" if near else "")
    lonely = [name for name in REDIS_DETAILS if name in variables and not settings.names_redis]
    if lonely:
        yield f"{', '.join(lonely)} is not used: nothing says where Redis is; set REDIS_URL or REDIS_HOST"
    lonely = [name for name in POSTGRES_DETAILS if name in variables and settings.engine != "postgres"]
    if lonely:
        yield f"{', '.join(lonely)} is not used: corral does not run on Postgres; set DATABASE_URL"
    if not settings.checks_keys:
        yield "ENABLE_API_KEY_AUTH is off: whoever reaches the server may use everything under /api"
    tls = variables.get("REDIS_TLS")
    if tls and tls.text not in ("true", "false"):
        yield f'REDIS_TLS is off: "{tls.text}" is not the word true'
