"""The Valkey that corral brings along."""
