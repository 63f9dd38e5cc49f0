"""One script per question of speed; run with `python -m benchmarks.NAME`."""
