"""corral: a job-queue server and library for every language, in BullMQ's own data format."""

__version__ = "0.1.0"
