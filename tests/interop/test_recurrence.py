"""The recorded answers that the recurrence tests compare with are those of the BullMQ installed here."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = HERE.parent / "policy/vectors/recurrence.jsonl"


def test_the_recorded_schedulers_are_those_of_bullmq() -> None:
    command = ["node", str(HERE / "recurrence_vectors.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == RECORDED.read_text()
