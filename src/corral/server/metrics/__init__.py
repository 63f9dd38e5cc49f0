"""What Prometheus is told: the state of the queues, what processes have counted, and the processes themselves."""
