"""Node BullMQ in one version, on one queue: what the tests do again and again."""

import json
from typing import Any

from corral.testing.waiting import until
from tests.interop.child import Node

QUEUE = "mail"


class Bull:
    """BullMQ `version`, or the sixth on a Postgres of that URL. Code in `run` finds the queue `mail` by that name."""

    def __init__(self, node: Node, prefix: str, version: int | str) -> None:
        self.node = node
        self.prefix = prefix
        self.version = version
        self.on_postgres = isinstance(version, str)

    async def run(self, code: str, **args: Any) -> Any:
        """What the body of an async function returns; besides `node.mjs`, it sees `prefix`, `version` and `args`."""
        mail = f"const mail = (kept.mail ??= queue('{QUEUE}', prefix, {{}}, version));\n"
        mail += f"const lastEventId = '{'0' if self.on_postgres else '0-0'}';\n"
        return await self.node.run(mail + code, prefix=self.prefix, version=self.version, **args)

    async def add(self, name: str, data: Any, **opts: Any) -> str:
        """The id that BullMQ gives to the new job."""
        id: str = await self.run("return (await mail.add(name, data, opts)).id", name=name, data=data, opts=opts)
        return id

    async def job(self, id: str) -> Any:
        """The job as BullMQ prints it; None if there is none."""
        return json.loads(await self.run("return JSON.stringify(await mail.getJob(id) ?? null)", id=id))

    async def counts(self) -> dict[str, int]:
        counts: dict[str, int] = await self.run("return mail.getJobCounts()")
        return counts

    async def work(self, code: str = "return 'done'", **opts: Any) -> None:
        """Start a Worker: `code` is the body of its processor, with `job` and `token`."""
        await self.run(
            "kept.ran = [];\n"
            f"const process = async (job, token) => {{ kept.ran.push(job.name); {code} }};\n"
            "kept.worker = worker('mail', prefix, process, opts, version); await kept.worker.waitUntilReady()",
            opts=opts,
        )

    async def ran(self, count: int) -> list[str]:
        """The names of the first jobs that the Worker began, when it has begun so many."""
        names: list[str] = await until(lambda: self.run("return kept.ran.length >= count && kept.ran", count=count))
        return names

    async def ended(self, id: str = "1") -> Any:
        """The job when it has completed or failed."""

        async def look() -> Any:
            job = await self.job(id)
            return job if job and "finishedOn" in job else None

        return await until(look)
