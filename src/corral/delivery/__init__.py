"""Telling receivers outside of what happens to jobs: events become deliveries, deliveries become calls."""
