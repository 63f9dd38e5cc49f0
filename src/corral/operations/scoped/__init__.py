"""The services as one application sees them: its own queues under the names that it knows, and nothing else."""
