"""The routes under `/api`: those of the multi-application queue service, with its shapes and codes."""
