"""The surface of bullmq-proxy: its routes, sockets and exact bytes."""
