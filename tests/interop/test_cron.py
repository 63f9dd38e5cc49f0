"""Cron and cron-parser are asked the same new questions: any pattern, any zone, mostly near a clock change."""

import itertools
import json
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from corral.model.errors import InvalidInput
from corral.policy.cron import Cron
from corral.policy.cron.zone import DAY, Zone, zone_named

SCRIPT = Path(__file__).parent / "cron_vectors.mjs"
QUESTIONS, RUNS, SEED = 1500, 4, 20260117
ASKING_SECONDS = 50
# Half an hour, two hours, a whole day, at midnight, in the middle of an hour; fixed; by other names.
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
    *("Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"),
    *("Antarctica/Troll", "Africa/Cairo", "America/Havana", "Atlantic/Azores"),
    *("Asia/Tehran", "America/St_Johns", "Pacific/Kwajalein", "Europe/Dublin"),
    *("Asia/Pyongyang", "America/Caracas", "Asia/Beirut", "Pacific/Auckland"),
    *("Pacific/Chatham", "Asia/Gaza", "America/Scoresbysund", "Asia/Amman"),
    *("America/Santiago", "Pacific/Norfolk", "Asia/Kathmandu", "Antarctica/Casey"),
    *("UTC+3", "utc-03:30", "Etc/GMT+5", "europe/london"),
    *("Nowhere/City",),
]
HORIZON = 2_000_000_000
WEEK = 7 * DAY
# Where the clocks went back in the middle of an hour: there cron-parser may give up, and corral must not.
GIVES_UP = {
    "America/Caracas",
    "America/St_Johns",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
}

Question = dict[str, Any]


def test_node_gives_the_same_answers() -> None:
    chance = random.Random(SEED)
    changes = {zone: changes_of(zone_named(zone)) for zone in ZONES[:-1]}
    questions = [question(chance, changes) for _ in range(QUESTIONS)]
    with ThreadPoolExecutor() as beside:
        node = beside.submit(ask_node, questions)
        corral = [ask_corral(asked) for asked in questions]
    refused = 0
    for asked, own, answer in zip(questions, corral, node.result(), strict=True):
        refused += own is None
        assert (own is None) == ("error" in answer), asked
        for mine, theirs in zip(own or (), (answer[form] for form in ("take", "chain") if own), strict=True):
            if theirs[-1] is None and asked["tz"] in GIVES_UP:
                assert mine[: len(theirs) - 1] == theirs[:-1], asked
            else:
                assert mine == [run for run in theirs if run is not None], asked
    assert 0 < refused < QUESTIONS / 4


def ask_node(questions: list[Question]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(each) + "\n" for each in questions)
    command = ["node", str(SCRIPT), "ask"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=ASKING_SECONDS)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_corral(asked: Question) -> tuple[list[int], list[int]] | None:
    """The runs of one search and those asked for one by one; None for a refusal."""
    try:
        cron = Cron.parse(asked["pattern"], asked["tz"], seed=asked["seed"])
    except InvalidInput:
        return None
    chain: list[int] = []
    while len(chain) < RUNS and (run := cron.next_after(chain[-1] if chain else asked["from"])) is not None:
        chain.append(run)
    return cron.take(asked["from"], RUNS), chain


def question(chance: random.Random, changes: dict[str, list[int]]) -> Question:
    zone = chance.choice(ZONES)
    near = changes.get(zone) if chance.random() < 0.75 else None
    if near:
        start = chance.choice(near) + chance.randint(-30, 4) * 3600 + chance.choice([0, 0, 1, 900, 1800, 3599])
    else:
        start = chance.randint(0, HORIZON)
    return {
        "pattern": pattern(chance),
        "tz": zone,
        "from": start * 1000 + chance.choice([0, 0, 0, 1, 500, 999]),
        "count": RUNS,
        "seed": f"seed {chance.randint(0, 9)}",
    }


def pattern(chance: random.Random) -> str:
    hour = chance.choice([field(chance, 0, 23), field(chance, 0, 4), str(chance.randint(0, 3)), "*"])
    day = chance.choice(["*", "*", "*", field(chance, 1, 31), "L", "1,L"])
    month = chance.choice(["*", "*", "*", field(chance, 1, 12), "JAN", "mar-Nov", "feb"])
    weekday = chance.choice(["*", "*", "*", field(chance, 0, 7), "5L", "1,0L", "3#2", "MON-FRI", "7#5"])
    seconds = [field(chance, 0, 59)] if chance.random() < 0.3 else []
    return " ".join([*seconds, field(chance, 0, 59), hour, day, month, weekday])


def field(chance: random.Random, low: int, high: int) -> str:
    one, other = (chance.randint(low, high) for _ in range(2))
    forms = [
        *("*", "*", str(one), str(one), f"*/{chance.choice([1, 2, 5, 15, 30])}", "?"),
        *(f"{min(one, other)}-{max(one, other)}", f"{min(one, other)}-{max(one, other)}/3"),
        *(f"{one},{other}", f"{one}/7", "H", f"H({low}-{high})/4", f"{one + 9}", f"{one}-{other}"),
    ]
    return chance.choices(forms, weights=[8] * 8 + [3] * 4 + [1] * 2)[0]


def changes_of(zone: Zone) -> list[int]:
    """When the zone's clocks change, to the second. None of the zones changes back within the week."""
    weeks = itertools.pairwise((start, zone.offset(start)) for start in range(0, HORIZON + WEEK, WEEK))
    return [change(zone, before, after) for (before, was), (after, becomes) in weeks if was != becomes]


def change(zone: Zone, before: int, after: int) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if zone.offset(middle) == zone.offset(before) else (before, middle)
    return after
