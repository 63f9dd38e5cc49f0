"""One script per question of speed: `make bench` asks them all, `python -m benchmarks NAME` one."""
