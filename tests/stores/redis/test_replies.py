import pytest

from corral.model.errors import StoreBusy, StoreError
from corral.stores.redis.replies import ScriptMissing, error_from_reply

FOR_NOW = [
    "LOADING Valkey is loading the dataset in memory",
    "READONLY You can't write against a read only replica. script: 1f, on @user_script:30.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Errors writing to the AOF file: No space left on device",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "NOREPLICAS Not enough good replicas to write.",
    "ERR Error running script (call to f_1f): @user_script:7: @user_script: 7: -OOM command not allowed",
]
FOR_GOOD = [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "BUSYGROUP Consumer Group name already exists",
    "BUSYKEY Target key name already exists.",
    "ERR unknown command 'OOM '",
    "NOPERM User default has no permissions to run the 'evalsha' command",
]


@pytest.mark.parametrize("text", FOR_NOW)
def test_what_will_pass_is_busy(text: str) -> None:
    error = error_from_reply(text)
    assert isinstance(error, StoreBusy)
    assert str(error) == text


@pytest.mark.parametrize("text", FOR_GOOD)
def test_what_will_not_pass_is_an_error(text: str) -> None:
    assert type(error_from_reply(text)) is StoreError


def test_a_missing_script_is_told_apart() -> None:
    assert isinstance(error_from_reply("NOSCRIPT No matching script."), ScriptMissing)
