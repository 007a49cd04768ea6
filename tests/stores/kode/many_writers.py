"""Trials of a store by writers in other processes; any kind of store that a config opens.

``write_together`` lets several processes with several threads save the same and different agents;
``kill_while_saving`` ends a writer with SIGKILL at random points. Both assert that every agent is
whole, and return counts for people.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from stores.conformance.samples import make_info
from stores.kode.store import ExtendedStore
from tests.conftest import ROOT
from tests.stores.kode.writer import SHARED_ID, own_id, token_of_calls, token_of_messages

__all__ = ["kill_while_saving", "write_together"]

Config = Mapping[str, Any]
OpenStore = Callable[[], ExtendedStore]


def write_together(
    open_store: OpenStore, config: Config, *, seconds: float, processes: int = 2, threads: int = 4
) -> int:
    """Let processes write at once; return how many saves they made, none of which failed."""
    with open_store() as store:
        store.save_info(SHARED_ID, make_info(SHARED_ID))
    writers = [_start(config, f"p{n}", threads, seconds) for n in range(processes)]
    numbers: dict[str, int] = {}
    for writer in writers:
        output, complaints = writer.communicate(timeout=seconds + 60)
        assert writer.returncode == 0, complaints
        for line in map(json.loads, output.splitlines()):
            assert not line.get("errors"), line
            if "saved" in line:
                numbers[line["saved"]] = line["number"]
    assert len(numbers) == processes * threads
    with open_store() as store:
        for agent_id, number in numbers.items():
            writer_name = agent_id.removeprefix(own_id(""))
            assert _tokens(store, agent_id) == {f"{writer_name}:{number}"}
            assert store.check_consistency(agent_id).consistent
        messages, calls = _shared_tokens(store)
        last = {f"{id_.removeprefix(own_id(''))}:{number}" for id_, number in numbers.items()}
        assert {messages, calls} <= last
    return sum(numbers.values())


def kill_while_saving(open_store: OpenStore, config: Config, *, times: int, seed: int) -> int:
    """Kill a writer so often at random moments; return how many saves were acknowledged.

    After each kill the agent holds what was acknowledged last or what was under way then.
    """
    rng = random.Random(seed)  # noqa: S311 - only spreads the kills
    acknowledged = 0
    with open_store() as store:
        store.save_info(SHARED_ID, make_info(SHARED_ID))
    for turn in range(times):
        writer = _start(config, f"k{turn}", 1, 60)
        assert writer.stdout is not None
        assert json.loads(writer.stdout.readline()) == {"ready": True}
        time.sleep(rng.uniform(0.0, 0.15))
        writer.kill()
        # Not communicate(): it passes over what readline() has already taken from the pipe.
        output = writer.stdout.read()
        writer.communicate(timeout=30)
        lines = [line for line in output.splitlines() if line.endswith("}")]
        number = max((json.loads(line)["number"] for line in lines), default=0)
        acknowledged += number
        with open_store() as store:
            found = _tokens(store, own_id(f"k{turn}-0"))
            assert found <= {f"k{turn}-0:{number}", f"k{turn}-0:{number + 1}", ""}, (found, number)
            assert "" not in found or not number
            _shared_tokens(store)
            issues = store.check_consistency(SHARED_ID).issues
            assert not [issue for issue in issues if "says it has" not in issue], issues
    return acknowledged


def _start(config: Config, name: str, threads: int, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.stores.kode.writer", json.dumps(dict(config)), name]
    command += ["--threads", str(threads), "--seconds", str(seconds)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _tokens(store: ExtendedStore, agent_id: str) -> set[str]:
    return {
        token_of_messages(store.load_messages(agent_id)),
        token_of_calls(store.load_tool_call_records(agent_id)),
    }


def _shared_tokens(store: ExtendedStore) -> tuple[str, str]:
    messages = token_of_messages(store.load_messages(SHARED_ID))
    calls = token_of_calls(store.load_tool_call_records(SHARED_ID))
    return messages, calls
