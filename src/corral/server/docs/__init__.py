"""The reference as pages that work without any network but the server's own."""
