"""Runs that add jobs for a time: `jobs/s`, and microseconds of CPU per job of everybody involved."""

from collections.abc import Callable

from benchmarks.contest import Score
from benchmarks.load import Load, run_load
from benchmarks.stage import AUTHORIZATION, Stage

Run = Callable[[int], Score]
MILLION = 1e6


def with_node(stage: Stage, package: str, *, batch: int) -> Run:
    """Callers in one Node process that await their `add` or `addBulk` before the next."""

    def run(callers: int) -> Score:
        stage.clear()
        engine = stage.engine_cpu()
        timing = {"seconds": stage.seconds, "warmUp": stage.warm_up}
        answer = stage.node("add", package, callers=callers, batch=batch, **timing)
        engine = stage.engine_cpu() - engine
        check_added(stage, answer["added"])
        return score(answer["rate"], answer["cpu"], MILLION * engine / answer["added"])

    return run


def over_http(stage: Stage, body: bytes, *, batch: int) -> Run:
    """Keep-alive connections that each await an answer before the next request."""

    def run(connections: int) -> Score:
        stage.clear()
        with stage.corral() as corral:
            load = Load(
                port=corral.port,
                method="POST",
                path="/queues/mail/jobs",
                headers=(AUTHORIZATION, "Content-Type: application/json"),
                body=body,
                connections=connections,
                seconds=stage.seconds,
                warm_up=stage.warm_up,
                server_pid=corral.pid,
            )
            engine = stage.engine_cpu()
            report = run_load(load)
            engine = stage.engine_cpu() - engine
        if report.errors:
            raise RuntimeError(f"{report.errors} of {report.requests} requests failed")
        check_added(stage, report.requests * batch)
        used = MILLION * engine / stage.added()
        return score(report.rate * batch, report.server_cpu / batch, used, report.client_cpu / batch)

    return run


def score(rate: float, own: float, engine: float, load: float = 0.0) -> Score:
    """The columns of every benchmark that counts jobs: CPU of the contestant, the engine and the load."""
    return {"jobs/s": rate, "own us": own, "engine us": engine, "load us": load}


def check_added(stage: Stage, at_least: int) -> None:
    """Whatever was answered is in the queue. Raises RuntimeError otherwise."""
    if stage.added() < at_least:
        raise RuntimeError(f"{at_least} jobs were acknowledged, but only {stage.added()} are stored")
