"""What the failure of a child means to its parent, whoever made the flow and whoever works it."""

from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointCall, EndpointServer, response
from tests.interop.bull import Bull

OPTIONS = ("failParentOnFailure", "ignoreDependencyOnFailure", "removeDependencyOnFailure", "continueParentOnFailure")


def tree(option: str) -> dict[str, Any]:
    """The first child completes, the second fails for good."""
    children = [
        {"name": "good", "queueName": "parts", "data": {}, "opts": {"jobId": "good"}},
        {"name": "bad", "queueName": "parts", "data": {}, "opts": {option: True, "jobId": "bad"}},
    ]
    return {"name": "whole", "queueName": "mail", "data": {}, "opts": {"jobId": "whole"}, "children": children}


def answer(call: EndpointCall) -> bytes:
    return response(b"", "500 Broken") if call.job["name"] == "bad" else response({"of": call.job["name"]})


async def children_of(bull: Bull) -> dict[str, list[str]]:
    code = """
        const whole = await mail.getJob('whole');
        const { processed = {}, unprocessed = [], ignored = {}, failed = [] } = await whole.getDependencies();
        const ids = keys => keys.map(key => key.split(':').pop()).sort();
        return { processed: ids(Object.keys(processed)), unprocessed: ids(unprocessed),
                 ignored: ids(Object.keys(ignored)), failed: ids(failed) };
    """
    found: dict[str, list[str]] = await bull.run(code)
    return found


async def assert_ended(bull: Bull, client: Client, option: str) -> None:
    """Both sides see the same family and the same end of the parent."""
    whole = await bull.ended("whole")
    if option == "failParentOnFailure":
        assert "failed" in whole["failedReason"]
    else:
        assert "failedReason" not in whole
    family = await children_of(bull)
    assert (family["processed"], family["unprocessed"]) == (["good"], [])
    assert family["failed"] == (["bad"] if option == "failParentOnFailure" else [])
    lenient = ("ignoreDependencyOnFailure", "continueParentOnFailure")
    assert family["ignored"] == (["bad"] if option in lenient else [])
    shown = (await client.call("GET", "/v1/flows/mail/whole")).json()
    expected = sorted(name for names in family.values() for name in names)
    assert sorted(child["job"]["id"] for child in shown["children"]) == expected


@pytest.mark.parametrize("option", OPTIONS)
async def test_of_corral_worked_by_node(bull: Bull, client: Client, option: str) -> None:
    assert (await client.call("POST", "/v1/flows", tree(option))).status == 201
    await bull.run(
        """
        const work = async job => { if (job.name === 'bad') throw new Error('Broken'); return { of: job.name } };
        for (const name of ['parts', 'mail']) worker(name, prefix, work, {}, version);
        """
    )
    await assert_ended(bull, client, option)


@pytest.mark.parametrize("option", OPTIONS)
async def test_of_node_worked_by_corral(bull: Bull, client: Client, endpoint: EndpointServer, option: str) -> None:
    endpoint.script = answer
    await bull.run("await flows(prefix, {}, version).add(tree)", tree=tree(option))
    for queue in ("parts", "mail"):
        await client.register(queue, endpoint.url)
    await assert_ended(bull, client, option)


async def test_both_work_one_flow_of_corral(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    """Node does the children and corral the parent, which sees what they returned."""
    assert (await client.call("POST", "/v1/flows", tree("ignoreDependencyOnFailure"))).status == 201
    await bull.run("worker('parts', prefix, async job => ({ of: job.name }), {}, version)")
    await client.register("mail", endpoint.url)
    whole = await bull.ended("whole")
    assert whole["returnvalue"] == {"ok": True}
    values = (await client.call("GET", "/v1/queues/mail/jobs/whole/children/values")).json()
    assert sorted(value["of"] for value in values.values()) == ["bad", "good"]
