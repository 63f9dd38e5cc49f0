"""One function per operation: validate, call the lifecycle, shape the answer."""
