"""Log wording and metrics."""
