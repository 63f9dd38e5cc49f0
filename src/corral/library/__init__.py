"""The typed Python library: definitions of jobs, and the workers and orchestrators that do them."""
