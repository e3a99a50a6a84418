"""A few seconds of fuzzing with every run of the tests; fuzz/README.md says how to run hours of it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from matching import COMMAND, Engine, Op, OrderType, Side
from tests.matching import compared, flow
from tests.matching.fuzz import __main__ as command
from tests.matching.fuzz import against, harness, inputs
from tests.matching.profiles import PROFILES, Setting

SECONDS = 4


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if harness.missing():
        pytest.skip(harness.missing())
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "empty.cpp").write_text("int main() {}\n")
    probe = ["g++", *harness.CHECKED, str(folder / "empty.cpp"), "-o", str(folder / "empty")]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("g++ has no sanitizers here")
    return harness.build(folder, small=True)


@pytest.mark.spec("MAT-1")
def test_random_inputs_break_no_rule_of_the_core(program, tmp_path):
    told = harness.run(program, SECONDS, 1, tmp_path)
    assert told["finding"] is None, told
    assert told["executions"] > 20
    assert told["corpus"] > 10, "inputs that reach something new are kept"


@pytest.mark.spec("MAT-1")
@pytest.mark.parametrize("profile", PROFILES)
def test_a_core_of_small_limits_answers_as_the_reference(program, profile, tmp_path):
    """Under sanitizers, whole and cut, and where windows move and pages are given back every few commands."""
    commands, events, market = flow.record(profile, 11, 2000, "reference")
    commands["sequence"] = np.arange(1, len(commands) + 1)
    events["sequence"] -= np.uint64(market.profile.first_sequence)
    stream, answers = tmp_path / "stream.bin", tmp_path / "events.bin"
    stream.write_bytes(inputs.write(inputs.Input(market.profile.settings, commands)))
    answers.write_bytes(events.tobytes())
    assert harness.expect(program, stream, answers) == ""
    assert harness.run_file(program, stream) == (0, "")


@pytest.mark.spec("MAT-1")
def test_plain_orders_never_take_what_is_promised_to_stops(program, tmp_path):
    """Each of 3,500 stops may come to rest at a price of its own; small limits have 4,095 pages of prices."""
    stops, bids = 3500, 2000
    commands = np.zeros(stops + bids + 1, COMMAND)
    commands["sequence"] = commands["order_id"] = np.arange(1, len(commands) + 1)
    commands["op"], commands["instrument"], commands["owner"], commands["quantity"] = Op.NEW, 1, 1, 1
    commands["account"] = 1
    commands["side"], commands["price"] = Side.SELL, 1_000_000 + 64 * (np.arange(len(commands)) - stops // 2)
    commands["order_type"][:stops], commands["stop_price"][:stops] = OrderType.STOP_LIMIT, 600_000
    commands["side"][stops:-1], commands["price"][stops:-1] = Side.BUY, 500_000 + 64 * np.arange(-1000, 1000)
    commands["order_type"][-1], commands["price"][-1] = OrderType.MARKET, 0
    stream = tmp_path / "stream.bin"
    stream.write_bytes(inputs.write(inputs.Input((Setting(1),), commands)))
    assert harness.run_file(program, stream) == (0, "")


@pytest.mark.spec("MAT-1")
def test_changed_streams_are_answered_alike(tmp_path):
    compared.skip_without_compiled()
    told = against.run(SECONDS, 1, tmp_path)
    assert told["finding"] is None, told
    assert told["executions"] > 5


@pytest.mark.spec("MAT-1")
def test_a_difference_is_found_and_made_small(monkeypatch, tmp_path):
    """Where one engine tells every fresh slice of an iceberg wrongly, the finding is a few commands."""
    monkeypatch.setattr(against, "Engine", lambda _: Engine("reference"))
    monkeypatch.setattr(compared, "restored", lambda _, snapshot: _restored(snapshot))
    monkeypatch.setattr(against, "_recorded", _stream)
    real = compared.same_events

    def forgetful(commands, expected, given):
        given = given.copy()
        given["quantity"][given["kind"] == 13] = 1
        real(commands, expected, given)

    monkeypatch.setattr(compared, "same_events", forgetful)
    told = against.run(60, 1, tmp_path)
    assert "REFILLED" in told["said"]
    smallest = inputs.read(Path(told["finding"]).read_bytes())
    assert 1 < len(smallest.commands) < 12


def _restored(snapshot):
    engine = Engine("reference")
    engine.restore(snapshot)
    return engine


def _stream(profile, seed):
    commands, _, market = flow.record(profile, seed, 300, "reference")
    return inputs.Input(market.profile.settings, commands)


def test_a_reproducing_file_is_read_as_it_was_written():
    commands, _, market = flow.record("busy", 1, 50)
    given = inputs.Input(market.profile.settings, commands)
    again = inputs.read(inputs.write(given))
    assert again.commands.tobytes() == commands.tobytes()
    assert inputs.write(again) == inputs.write(given)
    assert len(inputs.read(b"\1\0\0\0").commands) == 0


def test_the_command_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.main(["--minutes", "0.01", "--keep", str(tmp_path)]) == 2
    assert "g++" in capsys.readouterr().err or harness.missing().startswith("the C++ engine")


def test_the_command_answers_in_json(program, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(harness, "build", lambda _, small: program)
    assert command.main(["--minutes", "0.01", "--keep", str(tmp_path)]) == 0
    for line in capsys.readouterr().out.splitlines():
        told = json.loads(line)
        assert told["finding"] is None
        assert told["commands"] > 0


def test_an_empty_stream_is_shrunk_to_nothing():
    empty = inputs.Input((), np.zeros(5, COMMAND))
    assert len(inputs.shrink(empty, lambda one: True).commands) == 0
