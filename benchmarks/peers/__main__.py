"""`python -m benchmarks.peers NAME URL JOBS CONCURRENCY`: fill the queue, work it off, print how fast."""

import sys
from importlib import import_module

from benchmarks.peers.meter import Meter

if __name__ == "__main__":
    name, url, jobs, concurrency = sys.argv[1:]
    import_module(f"benchmarks.peers.with_{name}").run(url, int(jobs), int(concurrency), Meter(int(jobs)))
