"""What the fields of jobs mean, for the reference: the values themselves carry no words on the data path."""

from corral.model.job import Job
from corral.operations.job_input import GivenOptions

_JOB = {
    "name": "What kind of job it is.",
    "data": "The payload, byte for byte as it was added.",
    "opts": "The options that it was added with.",
    "id": "Unique in its queue.",
    "progress": "What the worker last reported.",
    "returnvalue": "What the job completed with.",
    "stacktrace": "The trace of each failure.",
    "delay": "Milliseconds; 0 once it has passed.",
    "priority": "The lowest goes first, 0 before all others.",
    "attemptsStarted": "Tries begun.",
    "attemptsMade": "Tries ended.",
    "stalledCounter": "Workers lost.",
    "timestamp": "When it was added, in milliseconds since the epoch.",
    "queueQualifiedName": "Key prefix and queue.",
    "failedReason": "Why it failed last.",
    "finishedOn": "When it finished, in milliseconds since the epoch.",
    "processedOn": "When it was last started, in milliseconds since the epoch.",
    "deduplicationId": "Keeps others with the same id out.",
    "repeatJobKey": "The scheduler that it comes from.",
    "parentKey": "The job that waits for it: prefix, queue and id.",
    "parent": "The same, as an object.",
    "processedBy": "The name of the worker that took it last.",
    "token": "Of the lock that it is held under.",
    "state": "The state that it was found in.",
}
_OPTIONS = {
    "attempts": "How often the job is tried in all; 0 and 1 both mean once.",
    "backoff": "Wait between tries: milliseconds, or an object with `type`, `delay` and `jitter`.",
    "continueParentOnFailure": "When this job fails, its parent runs all the same, at once.",
    "deduplication": "Drop the job while another with the same id is unfinished.",
    "delay": "Milliseconds to wait before the job may start.",
    "failParentOnFailure": "When this job fails, so does its parent.",
    "group": "Of the jobs of a group only so many run at once, in the order in which they were added.",
    "ignoreDependencyOnFailure": "When this job fails, its parent counts it among the ignored failures.",
    "jobId": "The job's id: while a job has it, adding another with it does nothing. Not a number, no colon.",
    "keepLogs": "How many rows of the log stay.",
    "lifo": "Go to the front of the waiting jobs.",
    "parent": "A job that is there and is to wait for this one.",
    "priority": "The lowest goes first; jobs without one go before all that have one.",
    "removeDependencyOnFailure": "When this job fails, its parent waits for it no longer.",
    "removeOnComplete": "Remove the completed job at once, or keep so many, or as `count` and `age` (seconds) say.",
    "removeOnFail": "The same for a job that has failed.",
    "repeat": "Add the job again and again: as a scheduler has it, `every` or `pattern` and the others.",
    "sizeLimit": "Refuse a payload of more bytes.",
    "stackTraceLimit": "How many traces of failures stay.",
    "telemetry": "What goes along for tracing.",
    "timestamp": "When it was added, in milliseconds since the epoch; now unless given.",
}


def words_of(kind: type) -> dict[str, dict[str, str]]:
    """A `description` for each field of a job or its options, by the name that is sent."""
    words = _JOB if issubclass(kind, Job) else _OPTIONS if issubclass(kind, GivenOptions) else {}
    return {name: {"description": text} for name, text in words.items()}
