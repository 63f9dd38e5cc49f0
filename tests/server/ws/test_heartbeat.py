"""When a silent peer is pinged, and when it is given up."""

from corral.server.http import Limits
from corral.server.ws.heartbeat import Beat, Heartbeat

LIMITS = Limits(ping_idle=20, ping_timeout=10)


def test_a_peer_that_speaks_is_left_alone() -> None:
    heartbeat = Heartbeat(LIMITS, 0)
    for now in range(0, 100, 10):
        heartbeat.heard = now
        assert heartbeat.check(now + 9) is Beat.NOTHING


def test_silence_is_pinged_once_and_then_given_up() -> None:
    heartbeat = Heartbeat(LIMITS, 0)
    assert [heartbeat.check(now) for now in (20, 21, 22, 31, 32)] == [
        Beat.NOTHING,
        Beat.PING,
        Beat.NOTHING,
        Beat.NOTHING,
        Beat.GIVE_UP,
    ]


def test_any_sign_of_life_after_the_ping_will_do() -> None:
    heartbeat = Heartbeat(LIMITS, 0)
    assert heartbeat.check(21) is Beat.PING
    heartbeat.heard = 21
    assert heartbeat.check(40) is Beat.NOTHING
    assert heartbeat.check(42) is Beat.PING
