"""Every call that the OpenAPI document allows, and many that it does not, gets an answer that it tells of.

Native routes refuse what it does not allow; bullmq-proxy's are as lenient as ever.

`CORRAL_FUZZ_CASES` is how many calls are made in all; by default few, and always the same.
"""

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from corral.testing.engines import start_engine
from tests.fuzz.cases import KNOWN, Case, aim, bound, shots
from tests.fuzz.target import Target, serving

USUAL_CASES = 300
CASES = int(os.environ.get("CORRAL_FUZZ_CASES", USUAL_CASES))
SHOTS = shots()
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

settings = hypothesis.settings(
    max_examples=max(1, round(CASES / len(SHOTS))),
    deadline=None,
    database=None,
    derandomize=CASES <= USUAL_CASES,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fuzz")
    with start_engine(folder / "engine") as engine, serving(engine, folder) as running:
        yield running
        assert running.troubles() == []


@pytest.mark.timeout(60 if CASES <= USUAL_CASES else 0)
@pytest.mark.parametrize(("entry", "mode"), SHOTS)
def test_every_answer_is_told(entry: Any, mode: GenerationMode, target: Target) -> None:
    seeded = target.seeded()

    @settings
    @hypothesis.given(case=entry.as_strategy(generation_mode=mode), known=st.sampled_from(KNOWN), choice=st.randoms())
    def shoot(case: Case, known: str, choice: Any) -> None:
        aim(case, known, seeded, choice)
        bound(case)
        wrong = mode is GenerationMode.NEGATIVE and known == "token" and case.path.startswith("/v1/")
        fire(case, target, [*CHECKS, negative_data_rejection] if wrong else CHECKS)

    shoot()


def fire(case: Case, target: Target, checks: list[Any]) -> None:
    told = case.operation.definition.raw["responses"]
    if "text/event-stream" in told.get("200", {}).get("content", {}):
        call = case.as_transport_kwargs(base_url=target.url)
        with target.session.request(**call, stream=True, timeout=10) as reply:
            assert str(reply.status_code) in told
    else:
        answer = case.call(base_url=target.url, session=target.session, timeout=10)
        case.validate_response(answer, checks=checks)
