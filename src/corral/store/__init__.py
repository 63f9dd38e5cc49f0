"""The promise every engine keeps, as protocols; nothing here runs."""
