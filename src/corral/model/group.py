"""Groups of jobs: of each only so many run at once, over all processes."""

import msgspec


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """One group as it is now. Its jobs come in the order in which they were added."""

    id: str
    jobs: int
    """Not deleted, in whatever state."""
    running: int
    """Hold one of the group's places: they run, or are next to run."""
    waiting: int
    """Stand in line for a place; those that are delayed do not yet."""
    limit: int = 1


class Swept(msgspec.Struct, frozen=True):
    """What a look after groups has done: jobs that became ready, and groups that have no job left."""

    moved: int = 0
    emptied: tuple[str, ...] = ()
