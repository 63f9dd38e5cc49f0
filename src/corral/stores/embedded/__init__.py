"""The Valkey that corral brings along: `engine.EmbeddedEngine` is all that others need."""
