"""`corral serve`: settings, token and log, then the server until a signal."""

import sys
from collections.abc import Callable, Mapping

from corral.cli.load import load_or_explain
from corral.observe import log, setup
from corral.wiring import tokens
from corral.wiring.run import CannotServe, run
from corral.wiring.server_settings import ALL_INTERFACES, LOOPBACK
from corral.wiring.settings import Settings

BANNER = """
No token is configured, so corral made one: {token}
It is kept in {path} for the next time. Set AUTH_TOKENS to choose your own.

Add a job, then look at it:
  curl -H 'Authorization: Bearer {token}' {url}/queues/my-queue/jobs -d '{jobs}'
  curl -H 'Authorization: Bearer {token}' {url}/queues/my-queue/jobs
"""


JOBS = '[{"name":"hello","data":{"to":"world"}}]'


def serve(flags: Mapping[str, str]) -> int:
    """The exit code: 0 after a clean stop, 1 when it could not start, 2 for settings that it refuses."""
    resolved = load_or_explain(flags)
    if resolved is None:
        return 2
    try:
        settings, made = tokens.settle(resolved.settings)
    except tokens.Refused as refused:
        return _refuse(str(refused), 2)
    setup.configure(settings.log_format, settings.log_level, secrets=settings.secrets)
    for warning in resolved.warnings:
        log.setting_warning(warning)
    from corral.wiring.serving import serve_settings  # only now: it is most of corral

    try:
        return run(settings, serve_settings, _greeting(settings, made))
    except CannotServe as error:
        return _refuse(str(error), 1)


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    if host in (ALL_INTERFACES, "0.0.0.0", "::"):
        host = LOOPBACK
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greeting(settings: Settings, made: bool) -> Callable[[int], None]:
    def greet(port: int) -> None:
        if made:
            path = (settings.data_dir / tokens.FILE).resolve()
            url = url_of(settings.host, port)
            print(BANNER.format(token=settings.auth_tokens[0], path=path, url=url, jobs=JOBS), flush=True)

    return greet


def _refuse(why: str, code: int) -> int:
    print(f"corral: {why}", file=sys.stderr)
    return code
