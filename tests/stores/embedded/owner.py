"""A corral as far as its engine goes, for tests that kill it: `python owner.py FOLDER auto|pipe`.

Prints one line of JSON when the engine does work, then holds it until its standard input ends.
"""

import asyncio
import json
import os
import sys
from dataclasses import replace

from corral.stores.embedded.engine import EmbeddedEngine


async def main(folder: str, leash: str) -> None:
    engine = EmbeddedEngine(folder)
    engine._settings = replace(engine._settings, leash=leash)  # type: ignore[arg-type]
    async with engine:
        print(json.dumps({"pid": os.getpid(), "engine": engine.pid, "owned": engine.owned}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
