"""The engine benchmark is right where no clock is needed: its flows, its judgement, its document."""

import json
import sys

import numpy as np
import pytest

from bench import engine as bench
from bench.engine import agreement, build, features, flows, numbers, processes, report, worker
from bench.engine.measure import Plan
from bench.engine.processes import Contender
from matching import COMMAND, EVENT, EventKind, Op, OrderType, TimeInForce

TINY = Plan(rounds=2, slow_rounds=1, commands=1_500, scale=0.001, slow=300, features=400)
# The same on every machine, or figures of two machines are of two flows.
DIGESTS = {
    "calm": "9132cce8399e6220",
    "normal": "693205842301a9e5",
    "normal-large": "66bd64c3c3fd0d04",
    "trade-heavy": "97763ad1b713fdc9",
    "deep": "7297e95ba04bed17",
    "features": "06642943dd5d1951",
    "wild-price": "0b5dea6ac381d9e6",
    "wild-prices": "511583ced8ba5404",
}
KEYS = {
    "bench",
    "machine",
    "versions",
    "rounds",
    "commands",
    "seconds",
    "flows",
    "engines",
    "memory",
    "chase",
    "agreement",
    "goals",
    "failures",
}


def flow(name, commands=1_000):
    special = {
        "features": features.features,
        "wild-price": features.wild_price,
        "wild-prices": features.wild_prices,
    }
    return special[name](commands) if name in special else flows.make(name, commands, 0.001)


@pytest.mark.parametrize("name", DIGESTS)
def test_a_flow_is_the_same_on_every_machine(name):
    made = flow(name)
    assert made.facts["digest"] == DIGESTS[name]
    assert made.facts["commands"] == len(made.commands) - made.setup
    assert sum(made.facts["mix"].values()) == pytest.approx(1, abs=0.001)


def test_random_numbers_are_those_of_splitmix64():
    first = [numbers.mixed(step * numbers.GAMMA) for step in (1, 2, 3)]  # as published for seed 0
    assert first == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    start = numbers.mixed(7) + numbers.mixed(3)
    assert numbers.stream(7, 2, 2).tolist() == [
        numbers.mixed(start + step * numbers.GAMMA) for step in (1, 2)
    ]


@pytest.mark.parametrize(
    ("name", "least", "most"), [("calm", 0.01, 0.02), ("normal", 0.14, 0.16), ("trade-heavy", 0.38, 0.40)]
)
def test_as_many_commands_trade_as_the_flow_says(name, least, most):
    facts = flow(name, 20_000).facts
    assert least <= facts["trading_share"] <= most
    assert facts["trades"] >= facts["trading_share"] * 20_000
    assert abs(facts["resting_orders"] - facts["setup"]) < facts["setup"] // 50


def test_plain_words_are_limit_orders_and_cancels():
    whole = flow("normal")
    plain = flows.plain(whole, 1_000)
    new = plain.commands[plain.commands["op"] == Op.NEW]
    assert set(plain.commands["op"].tolist()) == {Op.NEW, Op.CANCEL}
    assert set(new["order_type"].tolist()) == {OrderType.LIMIT}
    assert set(new["time_in_force"].tolist()) == {TimeInForce.GTC}
    assert (np.diff(new["order_id"].astype(np.int64)) > 0).all()
    assert plain.setup == whole.setup
    assert len(plain.commands) > len(whole.commands)


def test_a_digest_depends_on_every_byte_and_on_the_order():
    first, second = (np.full(1, number, "<u8").tobytes() for number in (1, 2))
    assert numbers.digest(first + second) != numbers.digest(second + first)
    assert numbers.digest(first + second) == numbers.digest(second, numbers.digest(first), 1)


def test_events_are_counted():
    events = np.zeros(4, EVENT)
    events["kind"] = [EventKind.ACCEPTED, EventKind.TRADE, EventKind.TRADE, EventKind.REJECTED]
    events["sequence"], events["price"], events["quantity"] = [1, 1, 1, 2], 10, [5, 2, 3, 1]
    tally = worker.Tally()
    tally.add(events[:2])
    tally.add(events[2:])
    once = worker.Tally()
    once.add(events)
    assert tally.told() == once.told()
    assert {key: tally.told()[key] for key in ("trades", "volume", "value", "refused", "trading")} == {
        "trades": 2,
        "volume": 5,
        "value": 50,
        "refused": 1,
        "trading": 1,
    }


def answers(**found):
    return {"flow": "calm", "part": "plain", "commands": 1, "found": found}


def test_engines_that_differ_are_found_out():
    told = agreement.judged(answers(core={"trades": 3, "volume": 9}, other={"trades": 3, "volume": 8}))
    assert not told["agree"]
    assert told["differences"] == ["calm (plain): other has volume 8, not 9"]


def test_who_does_not_count_something_is_not_asked_for_it():
    told = agreement.judged(answers(core={"trades": 3, "volume": 9}, other={"trades": None, "volume": 9}))
    assert told["agree"]


def test_a_known_defect_is_told_and_excused(monkeypatch):
    monkeypatch.setitem(agreement.KNOWN_DEFECTS, ("other", "calm"), "it forgets an order")
    told = agreement.judged(answers(core={"trades": 3}, other={"trades": 2}))
    assert told["agree"]
    assert told["known_defects"] == ["calm (plain): other has trades 2, not 3: it forgets an order"]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """A tiny run with every engine of ours that is here, and one of others that isn't."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE", str(tmp_path_factory.mktemp("state")))
        absent = [Contender("pyorderbook", "Python package pyorderbook", missing="it isn't installed")]
        patch.setattr(processes, "_foreign", lambda: absent)
        patch.setattr(bench.machine, "caches", lambda: {"L1": 4096})
        return bench.measured(TINY, quiet=True)


def test_a_run_tells_everything(document):
    assert document.keys() == KEYS
    assert json.loads(json.dumps(document)) == document
    assert document["engines"]["reference"]["flows"].keys() == {
        "calm",
        "normal",
        "trade-heavy",
        "deep",
        "features",
    }
    for figures in document["engines"]["reference"]["flows"].values():
        assert figures["per_second"] > 0
        assert figures["rounds"]
    assert {"mix", "trading_share", "resting_orders", "levels", "digest"} <= document["flows"]["deep"].keys()
    assert {goal["met"] for goal in document["goals"]} <= {True, False, None}


def test_our_engines_agree(document):
    assert [answer["differences"] for answer in document["agreement"] if not answer["agree"]] == []
    assert document["failures"] == []
    told = {(answer["flow"], answer["part"]): answer["found"].keys() for answer in document["agreement"]}
    here = {name for name, each in document["engines"].items() if not each["missing"]}
    assert told["calm", "beginning"] == here
    assert told["features", "whole"] == here - {"one-by-one"}


def test_the_core_is_measured_where_it_is(document):
    core = document["engines"]["core"]
    if core["missing"]:
        pytest.skip(core["missing"])
    assert {"p50_ns", "p99_ns", "p99_9_ns", "timer", "bytes_per_resting_order"} <= core["flows"][
        "calm"
    ].keys()
    assert document["memory"].keys() == flows.RECIPES.keys() | {"wild-price", "wild-prices"}
    assert all(told["live_after"] == 0 for told in document["memory"].values())
    assert all(told["small_pages_ns"] > 0 for told in document["chase"])


def test_an_engine_that_is_missing_is_named_with_the_reason(document):
    text = "\n".join(report.lines(document))
    assert "pyorderbook is missing: it isn't installed" in text
    assert "agree: calm (whole): generator" in text


def test_tables_for_documents_have_as_many_cells_in_each_row(document):
    tables = "\n".join(report.markdown(document)).strip().split("\n\n")
    assert "| million commands a second | calm |" in tables[0]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


@pytest.mark.parametrize(("agree", "status"), [(True, 0), (False, 1)])
def test_a_run_fails_if_engines_differ(document, monkeypatch, capsys, agree, status):
    told = {**document, "agreement": [{**document["agreement"][0], "agree": agree}]}
    monkeypatch.setattr(bench, "measured", lambda plan, quiet: told)
    assert bench.run(quiet=True, scale=0.1) == status
    assert json.loads(capsys.readouterr().out)["bench"] == "engine"


def test_a_process_that_ends_is_a_failure_with_its_last_words():
    process = processes.Process([sys.executable, "-c", "raise SystemExit('no room')"])
    with pytest.raises(processes.EngineFailed, match="round: no room"):
        process.ask("round")
    process.end()


def test_flows_are_made_once_and_old_ones_go(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE", str(tmp_path))
    old = build.place() / "calm-x100-200-of-another-generator.commands"
    old.touch()
    made, path = build.standard("calm", 200, 1.0)
    again, same = build.standard("calm", 200, 1.0)
    assert path == same
    assert not old.exists()
    assert again.facts == json.loads(json.dumps(made.facts))
    assert again.commands.dtype == COMMAND
    assert again.commands.tobytes() == made.commands.tobytes()
