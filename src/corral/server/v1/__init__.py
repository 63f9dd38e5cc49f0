"""The native surface: every operation of the table under /v1, problem bodies, OpenAPI and its docs page."""
