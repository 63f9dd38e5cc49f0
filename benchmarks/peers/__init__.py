"""One small program for each Python queue that corral is compared with; they run in an environment of their own."""
