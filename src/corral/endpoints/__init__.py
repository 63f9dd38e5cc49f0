"""Workers that are HTTP endpoints."""
