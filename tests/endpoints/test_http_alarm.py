import asyncio

from corral.endpoints.http.alarm import Alarm


class Bell:
    """Notes the loop time of each ring."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.rung: list[float] = []
        self.heard = asyncio.Event()
        self.alarm = Alarm(self.loop, self.ring)

    def ring(self) -> None:
        self.rung.append(self.loop.time())
        self.heard.set()

    def set_in(self, seconds: float) -> float:
        when = self.loop.time() + seconds
        self.alarm.set(when)
        return when

    async def listen(self) -> None:
        await asyncio.wait_for(self.heard.wait(), 30)
        self.heard.clear()


async def until_rung_after(seconds: float) -> None:
    later = Bell()
    later.set_in(seconds)
    await later.listen()


async def test_rings_once_when_the_time_has_come() -> None:
    bell = Bell()
    when = bell.set_in(0.01)
    await bell.listen()
    await until_rung_after(0.02)
    assert len(bell.rung) == 1
    assert bell.rung[0] >= when - 0.001


async def test_a_later_time_replaces_an_earlier_one() -> None:
    bell = Bell()
    bell.set_in(0.005)
    when = bell.set_in(0.03)
    await bell.listen()
    assert bell.rung[0] >= when - 0.001


async def test_an_earlier_time_replaces_a_later_one() -> None:
    bell = Bell()
    bell.set_in(60)
    bell.set_in(0.005)
    await bell.listen()


async def test_can_be_set_again_after_it_rang() -> None:
    bell = Bell()
    for _ in range(2):
        bell.set_in(0.005)
        await bell.listen()
    assert len(bell.rung) == 2


async def test_a_stopped_alarm_is_silent() -> None:
    bell = Bell()
    bell.set_in(0.005)
    bell.alarm.stop()
    await until_rung_after(0.02)
    assert not bell.rung


async def test_setting_a_later_time_starts_no_timer() -> None:
    bell = Bell()
    bell.set_in(30)
    timer = bell.alarm._handle
    for seconds in (31, 40, 30.5):
        bell.set_in(seconds)
    assert bell.alarm._handle is timer
    bell.alarm.stop()
