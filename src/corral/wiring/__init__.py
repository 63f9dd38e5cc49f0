"""Settings to one running process; the only place that picks a store."""
