"""Redis, Valkey and Dragonfly."""
