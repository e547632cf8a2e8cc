"""The handler's hooks do what the switchboard says; driven as LiteLLM drives them, without LiteLLM."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from opsflags.litellm_hooks import HOOKS
from opsflags.litellm_settings import BadSettings
from opsflags.probe_server import ProbeRequest
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.litellm.conftest import RECORD, SETTINGS, Proxy
from tests.flags.litellm.driven import TOOLS, counts, gate, pieces, refused


async def test_a_live_call_is_counted_once_at_its_attempt(proxy: Proxy) -> None:
    data = await proxy.enter()

    await proxy.attempt(data)

    assert data["model"] == "smart"
    assert counts(proxy) == {"asked": 1, "let": 1, "refused": 0, "cut": 0}


async def test_stop_is_a_503_in_our_own_shape(proxy: Proxy, flags: FakeFlags) -> None:
    kill = flags.kill("support-copilot", mode="stop")

    error = await refused(proxy.enter())

    assert (error.code, error.status_code) == ("503", 503)
    assert error.headers["x-should-retry"] == "false"
    assert error.headers["x-opsbot-kill"] == kill
    assert error.to_dict() == {
        "type": "ai_workflow_killed",
        "code": "ai_workflow_killed",
        "message": f"Model calls of support-copilot are refused by {kill}: mode stop.",
        "workflow": "support-copilot",
        "kill": kill,
        "mode": "stop",
        "user_message": "This assistant is paused for now.",
    }
    assert counts(proxy)["refused"] == 1


@pytest.mark.parametrize(
    ("mode", "text"),
    [("canned", RECORD["canned"]), ("human", "A person is taking over.")],
)
async def test_an_approved_text_is_an_ordinary_answer(
    proxy: Proxy, flags: FakeFlags, litellm: SimpleNamespace, mode: str, text: str
) -> None:
    flags.kill("support-copilot", mode=mode)

    with pytest.raises(litellm.errors.ModifyResponseException) as answered:
        await proxy.enter(stream=True)

    assert (answered.value.message, answered.value.model) == (text, "smart")
    assert counts(proxy)["refused"] == 1


async def test_litellms_own_stream_of_the_text_is_left_alone(
    proxy: Proxy, flags: FakeFlags, litellm: SimpleNamespace
) -> None:
    flags.kill("support-copilot", mode="canned")
    with pytest.raises(litellm.errors.ModifyResponseException):
        await proxy.enter(stream=True)

    passed = [piece async for piece in proxy.stream(pieces("our", "text"))]

    assert passed == ["our", "text"]


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_object"}},
        {"tool_choice": "required"},
        {"call_type": "aembedding", "input": "a"},
        {"call_type": "aimage_generation", "prompt": "a"},
        {"call_type": "anthropic_messages", "stream": True},
    ],
)
async def test_a_text_that_would_not_fit_is_a_503(
    proxy: Proxy, flags: FakeFlags, body: dict[str, Any]
) -> None:
    flags.kill("support-copilot", mode="canned")

    error = await refused(proxy.enter(**body))

    assert error.to_dict()["user_message"] == RECORD["canned"]


async def test_a_call_goes_where_its_route_says(proxy: Proxy) -> None:
    data = await proxy.enter(model="spare", fallbacks=["plain"])

    assert (data["model"], data["fallbacks"]) == ("smart", ["cheap"])


async def test_a_fallback_rewrites_the_model(proxy: Proxy, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="fallback")

    data = await proxy.enter()
    tried = await proxy.attempt(data)
    elsewhere = await refused(proxy.attempt(data, "smart"))

    assert (data["model"], data["fallbacks"]) == ("cheap", [])
    assert tried["model"] == "openai/gpt-5-mini"
    assert elsewhere.status_code == 400  # LiteLLM's router must neither retry nor cool down


async def test_a_fallback_that_the_proxy_does_not_serve_is_a_stop(
    proxy: Proxy, flags: FakeFlags, router: list[dict[str, Any]]
) -> None:
    flags.kill("support-copilot", mode="fallback")
    router[:] = [entry for entry in router if entry["model_name"] != "cheap"]

    error = await refused(proxy.enter())

    assert error.to_dict()["mode"] == "stop"
    assert counts(proxy)["refused"] == 1


async def test_a_route_to_a_model_that_is_not_served_leaves_the_call_and_is_counted(
    proxy: Proxy, router: list[dict[str, Any]]
) -> None:
    router[:] = [entry for entry in router if entry["model_name"] != "smart"]

    data = await proxy.enter(model="plain", fallbacks=["spare"])

    assert (data["model"], data["fallbacks"]) == ("plain", ["spare"])
    assert gate(proxy).handle.unrouted == 1


async def test_a_call_without_a_route_keeps_its_model(proxy: Proxy) -> None:
    data = await proxy.enter(key="nobody", model="plain")

    assert data["model"] == "plain"
    assert "fallbacks" not in data


async def test_no_attempt_goes_round_the_kill_of_a_model(proxy: Proxy, flags: FakeFlags) -> None:
    data = await proxy.enter(key="nobody", model="plain")
    kill = flags.kill("all", model="openai/gpt-4.1-mini", mode="stop")

    error = await refused(proxy.attempt(data, "spare"))

    assert error.to_dict()["kill"] == kill
    assert (await proxy.attempt(data))["model"] == "openai/gpt-4.1"


async def test_a_deployment_under_a_kill_is_left_out_before_the_choice(
    proxy: Proxy, flags: FakeFlags, router: list[dict[str, Any]]
) -> None:
    second = {"model_name": "plain", "litellm_params": {"model": "azure/own"}, "model_info": {}}
    router.append(second)
    flags.kill("all", provider="openai", mode="stop")

    data = await proxy.enter(key="nobody", model="plain")
    left = await proxy.handler.async_filter_deployments("plain", [*router[2:3], second], [], {})

    assert left == [second]
    assert data["model"] == "plain"


async def test_a_model_counts_under_its_declared_name_too(
    litellm: SimpleNamespace, flags: FakeFlags, router: list[dict[str, Any]]
) -> None:
    router.append({"model_name": "eu", "litellm_params": {"model": "azure/own"}, "model_info": {}})
    settings = {**SETTINGS, "models": {"openai/gpt-6": "eu"}}
    proxy = Proxy(litellm.plugin.Handler(flags=flags, settings=settings), router)
    kill = flags.kill("all", model="openai/gpt-6", mode="stop")

    data = await proxy.enter(key="nobody", model="eu")
    error = await refused(proxy.attempt(data))

    assert error.to_dict()["kill"] == kill


@pytest.mark.parametrize(
    ("mode", "left"), [("read_only", ["search_kb"]), ("no_tools", []), ("live", None)]
)
async def test_tools_that_are_forbidden_do_not_go_along(
    proxy: Proxy, flags: FakeFlags, mode: str, left: list[str] | None
) -> None:
    if mode != "live":
        flags.kill("support-copilot", mode=mode)

    data = await proxy.enter(tools=TOOLS, tool_choice="auto")

    names = [tool["function"]["name"] for tool in data.get("tools", [])]
    assert names == (["search_kb", "issue_refund", "undeclared"] if left is None else left)


async def test_tools_are_stripped_again_at_an_attempt(proxy: Proxy, flags: FakeFlags) -> None:
    data = await proxy.enter(tools=TOOLS)
    flags.kill("support-copilot", mode="no_tools")

    tried = await proxy.attempt(data)

    assert "tools" not in tried


async def test_drafts_are_stopped_unless_somebody_holds_them(
    proxy: Proxy, litellm: SimpleNamespace, flags: FakeFlags, router: list[dict[str, Any]]
) -> None:
    settings = {**SETTINGS, "hold_drafts": True}
    holding = Proxy(litellm.plugin.Handler(flags=flags, settings=settings), router)
    flags.kill("support-copilot", mode="drafts_only")

    error = await refused(proxy.enter())
    data = await holding.enter(tools=TOOLS)
    await holding.attempt(data)
    marks = await holding.handler.async_post_call_response_headers_hook({}, None, None)

    assert error.to_dict()["mode"] == "stop"
    assert [tool["function"]["name"] for tool in data["tools"]] == ["search_kb"]
    assert marks["x-opsbot-mode"] == "drafts_only"


async def test_a_probe_is_answered_without_upstream_or_counters(
    proxy: Proxy, flags: FakeFlags, litellm: SimpleNamespace
) -> None:
    await proxy.attempt(await proxy.enter())
    tagged = {"x-opsbot-probe": "n-1"}
    with pytest.raises(litellm.types.ProxyException) as live:
        await proxy.enter(headers=tagged)
    kill = flags.kill("support-copilot", mode="stop")
    with pytest.raises(litellm.types.ProxyException) as killed:
        await proxy.enter(headers=tagged)

    seen: Any = live.value
    assert (seen.code, seen.to_dict()["mode"], seen.to_dict()["nonce"]) == ("200", "live", "n-1")
    assert seen.to_dict()["target"] == "openai/gpt-5.2"
    seen = killed.value
    assert (seen.code, seen.to_dict()["mode"], seen.to_dict()["kill"]) == ("503", "stop", kill)
    assert counts(proxy) == {"asked": 1, "let": 1, "refused": 0, "cut": 0}


async def test_a_probe_fails_where_litellm_does_not_call_the_handler(
    proxy: Proxy, litellm: SimpleNamespace
) -> None:
    await proxy.enter()
    request = ProbeRequest({"workflow": "support-copilot"}, {"x-opsbot-probe": "n"})
    wired = gate(proxy).probe(request)
    litellm.root.callbacks.clear()

    unwired = gate(proxy).probe(request)

    assert (wired[0], wired[1]["mode"]) == (200, "live")
    assert unwired[0] == 500


async def test_who_is_calling_is_never_the_callers_word(proxy: Proxy, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="stop")
    spoofed: dict[str, Any] = {
        "headers": {"x-opsbot-workflow": "free", "x-litellm-tags": "free"},
        "metadata": {"opsbot_workflow": "free", "user_api_key_alias": "nobody"},
    }

    error = await refused(proxy.enter(**spoofed))

    assert error.to_dict()["workflow"] == "support-copilot"


async def test_a_tenant_is_the_team_or_the_key(proxy: Proxy, flags: FakeFlags) -> None:
    flags.kill("support-copilot", tenant="acme", mode="stop")

    await refused(proxy.enter(team="acme"))
    await proxy.enter(team="globex")
    await proxy.enter()  # its tenant is its key's alias

    assert counts(proxy)["refused"] == 1


async def test_an_undeclared_call_is_of_its_model_group_and_of_each_it_falls_into(
    proxy: Proxy, flags: FakeFlags
) -> None:
    await proxy.enter(key="nobody", model="plain")
    flags.kill("spare", mode="stop")

    data = await proxy.enter(key="nobody", model="plain")
    await refused(proxy.attempt(data, "spare"))
    unknown = await proxy.enter(key="nobody", model="made-up-1")

    assert (await proxy.attempt(data))["model"] == "openai/gpt-4.1"
    assert unknown["model"] == "made-up-1"
    assert set(proxy.handler._gates) == {"support-copilot", "plain", "spare", "unattributed"}


async def test_an_attempt_outside_a_request_is_of_its_model_group(
    proxy: Proxy, flags: FakeFlags
) -> None:
    flags.kill("plain", mode="stop")
    kwargs = {"model": "openai/gpt-4.1", "metadata": {"model_group": "plain"}}

    await refused(proxy.handler.async_pre_call_deployment_hook(kwargs, None))


async def test_a_subclass_has_every_hook_in_its_own_class(litellm: SimpleNamespace) -> None:
    class Mine(litellm.plugin.Handler):  # type: ignore[misc,name-defined]  # a class made at run time
        pass

    assert set(HOOKS) <= set(vars(Mine))
    assert set(HOOKS) <= set(vars(litellm.plugin.Handler))


async def test_the_ready_handler_reads_the_proxys_own_configuration(
    litellm: SimpleNamespace, router: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm.root, "opsflags", {"workflow": {}}, raising=False)

    handler = litellm.plugin.handler
    with pytest.raises(BadSettings, match="workflow is not known"):
        await Proxy(handler, router).enter()

    assert handler is litellm.plugin.handler
    assert isinstance(handler, litellm.plugin.Handler)


async def test_a_handler_that_cannot_connect_lets_nothing_through(
    litellm: SimpleNamespace, router: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPSBOT_REDIS_URL", raising=False)
    proxy = Proxy(litellm.plugin.Handler(settings={"service": "gateway"}), router)

    for _ in range(2):
        with pytest.raises(ValueError, match="OPSBOT_REDIS_URL"):
            await proxy.enter()


async def test_declared_workflows_are_known_before_their_first_call(
    litellm: SimpleNamespace, router: list[dict[str, Any]]
) -> None:
    asked: list[str] = []

    class Flags(FakeFlags):
        def workflow(self, name: str, **options: Any) -> Workflow:
            asked.append(name)
            return super().workflow(name, **options)

    settings = {"workflows": {"keys": {"a": "one"}, "teams": {"b": "two"}}}
    proxy = Proxy(litellm.plugin.Handler(flags=Flags(), settings=settings), router)

    await asyncio.gather(*[proxy.enter(key="a") for _ in range(5)])

    assert sorted(asked) == ["one", "two"]
