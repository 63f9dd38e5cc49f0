"""What `/api/explain` says of the routes, by topic."""

from collections.abc import Mapping
from typing import Any

from corral.policy.built_in_queues import BUILT_IN

_KEY = "x-api-key: your-api-key"
_JOB = {
    "queue": "email",
    "data": {"to": "user@example.com", "subject": "Welcome!"},
    "metadata": {"priority": "high", "customerId": "cust-123"},
    "webhooks": {"completed": "https://example.com/webhooks/done"},
    "options": {"attempts": 3, "backoff": {"type": "exponential", "delay": 2000}, "delay": 0, "priority": 1},
}

OVERVIEW: Mapping[str, Any] = {
    "service": "Queue Service API",
    "description": "Job queues for many applications: submit jobs over HTTP, work them in any language, hear of them.",
    "topics": {
        "auth": "/api/explain/auth",
        "jobs": "/api/explain/jobs",
        "queues": "/api/explain/queues",
        "webhooks": "/api/explain/webhooks",
        "subscriptions": "/api/explain/subscriptions",
        "schedules": "/api/explain/schedules",
        "patterns": "/api/explain/patterns",
        "errors": "/api/explain/errors",
    },
    "reference": {"native": "/docs", "openapi": "/openapi.json"},
}

TOPICS: Mapping[str, Mapping[str, Any]] = {
    "auth": {
        "header": "x-api-key",
        "example": _KEY,
        "keys": {
            "application": "sk_..., shown once by POST /api/applications; reaches the jobs of its application",
            "master": "MASTER_API_KEY; makes applications, and reaches every job and queue",
        },
        "roles": ["read", "enqueue", "work", "manage", "admin"],
    },
    "jobs": {
        "endpoints": {
            "POST /api/jobs": "Submit a job: queue and data, and metadata, webhooks and options if you like",
            "GET /api/jobs": "List jobs, newest first: queue, status, metadata.NAME=VALUE, limit",
            "GET /api/jobs/:jobId": "One job with its updates, result and timestamps",
            "PUT /api/jobs/:jobId": "Say how the work goes: started, progress, completed, failed, or another word",
            "POST /api/jobs/:jobId/webhook": "Add URLs that hear of the job",
        },
        "example": _JOB,
        "statuses": {
            "waiting": "until a worker says started",
            "active": "until it says completed or failed; each update keeps the job with its worker",
            "completed": "final, with a result",
            "failed": "final, with an error",
            "delayed": "until options.delay has passed",
        },
        "conflicts": "Of two workers that start one job the second gets 409; so does who changes a final status",
        "metadata": "Strings, numbers and booleans can be searched for and compare by their text",
    },
    "queues": {
        "endpoints": {
            "GET /api/queues": "Queues with what their jobs have by default",
            "GET /api/queues/stats": "How many jobs each queue has in each status",
            "GET /api/queues/:queue/stats": "The same of one queue",
            "POST /api/queues/:queue/pause": "Start no job until resume; master key",
            "POST /api/queues/:queue/resume": "Go on; master key",
            "POST /api/queues/:queue/clean": "Remove completed jobs older than grace (ms); master key",
        },
        "creation": "A queue comes with its first job",
        "builtIn": list(BUILT_IN),
    },
    "webhooks": {
        "perJob": {
            "keys": ["started", "progress", "completed", "failed", "*"],
            "headers": ["X-Job-Id", "X-Job-Status", "Content-Type"],
            "body": {"jobId": "...", "status": "completed", "timestamp": "2024-01-20T10:00:05.000Z", "result": {}},
        },
        "ofTheApplication": {
            "POST /api/webhooks": "Register a URL for events of all jobs; the answer has the secret",
            "GET /api/webhooks": "List them",
            "GET /api/webhooks/:id": "One, with its secret",
            "PATCH /api/webhooks/:id": "Change it",
            "DELETE /api/webhooks/:id": "Remove it",
            "POST /api/webhooks/:id/test": "Send a test event",
            "POST /api/webhooks/:id/regenerate-secret": "A new secret",
        },
        "signature": "X-Webhook-Signature is the hex HMAC-SHA256 of the body under the secret",
    },
    "subscriptions": {
        "endpoints": {
            "POST /api/subscriptions": "name, endpoint, events, and filters by queues, statuses and metadata",
            "GET /api/subscriptions": "List them",
            "GET /api/subscriptions/:id": "One",
            "PUT /api/subscriptions/:id": "Change it",
            "DELETE /api/subscriptions/:id": "Remove it",
            "POST /api/subscriptions/:id/test": "Send a test event",
        },
        "events": ["created", "started", "progress", "completed", "failed"],
    },
    "schedules": {
        "endpoints": {
            "POST /api/schedules": "name, endpoint, schedule; and retryPolicy, metadata, enabled if you like",
            "GET /api/schedules": "List them, newest first: enabled, createdBy, page, limit",
            "GET /api/schedules/:id": "One, with how it went last and when it runs next",
            "PUT /api/schedules/:id": "Change it; what is left out stays",
            "PATCH /api/schedules/:id/toggle": "Switch it on or off: enabled",
            "DELETE /api/schedules/:id": "Remove it",
            "POST /api/schedules/:id/execute": "Call its endpoint now, without counting",
        },
        "example": {
            "name": "daily report",
            "endpoint": {"url": "https://example.com/report", "method": "POST", "body": {"kind": "daily"}},
            "schedule": {"cron": "30 7 * * 1-5", "timezone": "Europe/Berlin"},
        },
        "schedule": "cron with timezone, endDate and limit, or at: one moment",
        "answers": "Below 400 is a success, below 500 the end of it; everything else is tried again",
        "jobs": "Each execution is a job in the queue corral-schedules, with the metadata of the schedule",
    },
    "patterns": {
        "externalWorker": [
            "GET /api/jobs?queue=email&status=waiting",
            'PUT /api/jobs/:jobId {"status": "started"}; on 409 another worker has it, take the next',
            'PUT /api/jobs/:jobId {"status": "progress", "progress": 50} now and then',
            'PUT /api/jobs/:jobId {"status": "completed", "result": {}} or {"status": "failed", "error": "why"}',
        ],
        "waitForResult": ["POST /api/jobs with webhooks, or GET /api/jobs/:jobId until its status is final"],
        "otherClients": "BullMQ programs work the same queues; see /docs for HTTP, WebSocket and leases",
    },
    "errors": {
        "shapes": {
            "jobs and subscriptions": {"success": False, "error": "text"},
            "members of schedules": {"errors": [{"type": "field", "msg": "text", "path": "name", "location": "body"}]},
            "everything else": {"success": False, "error": {"code": "CODE", "message": "text"}},
        },
        "codes": {
            "MISSING_API_KEY": 401,
            "INVALID_API_KEY": 401,
            "FORBIDDEN": 403,
            "PERMISSION_DENIED": 403,
            "QUEUE_ACCESS_DENIED": 403,
            "QUEUE_NOT_FOUND": 404,
            "QUEUE_NOT_DOCUMENTED": 404,
            "JOB_NOT_FOUND": 404,
            "APPLICATION_NOT_FOUND": 404,
            "WEBHOOK_NOT_FOUND": 404,
            "VALIDATION_ERROR": 400,
            "INTERNAL_ERROR": 400,
        },
        "limits": "429 with Retry-After when there were too many requests",
    },
}

QUEUES: Mapping[str, Mapping[str, Any]] = {
    "email": {"data": {"to": "user@example.com", "subject": "Welcome!", "body": "Hello"}},
    "webhook": {"data": {"url": "https://example.com/hook", "method": "POST", "payload": {}}},
    "ai-processing": {"data": {"prompt": "Summarise this text", "input": "..."}},
}
"""Queues whose jobs are shown by an example. What a job holds is for its worker to say."""
