"""Measure the engines: rounds in which each takes its turn, then what happened in each."""

import math
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.engine import agreement, build
from bench.engine.flows import RECIPES, Flow, plain
from bench.engine.processes import Answer, Contender, EngineFailed, Process

UNDISTURBED = 1.1  # of the yardstick's best
SLOW_LIMIT = 20_000  # orders in a book that plain Python still builds in a bearable time
ONE_BY_ONE = {"limit", "ioc", "market", "cancel"}  # of a flow's mix: what the quick calls can say
WILD = ("wild-price", "wild-prices")
LATENCY_ROUNDS = 5
SMALL_BOOK = 8 << 20  # bytes that an empty engine may keep for the next orders
CORE = {"core", "compiled"}
QUICK = {*CORE, "one-by-one"}
OURS = {*QUICK, "reference"}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    slow_rounds: int  # of which Python engines take part in the first
    commands: int  # of each flow
    scale: float  # of the deep flow's book
    slow: int  # commands for the reference, and of the plain flow for packages of others
    features: int

    @classmethod
    def of(cls, *, quick: bool, rounds: int | None) -> "Plan":
        """Return the plan for a quick or a full run."""
        made = cls(5, 2, 100_000, 0.1, 4_000, 8_000) if quick else cls(7, 3, 1_000_000, 1.0, 20_000, 40_000)
        return replace(made, rounds=rounds, slow_rounds=min(rounds, made.slow_rounds)) if rounds else made


@dataclass(frozen=True)
class Part:
    """A flow, or the beginning of one, on a file: its setup and so many commands behind that."""

    flow: Flow
    path: Path
    count: int

    @classmethod
    def whole(cls, flow: Flow, path: Path) -> "Part":
        """Return all of a flow."""
        return cls(flow, path, len(flow.commands) - flow.setup)

    def beginning(self, count: int) -> "Part":
        """Return its first commands."""
        return Part(self.flow, self.path, min(count, self.count))

    @property
    def load(self) -> str:
        """Return the request that reads it."""
        return f"load {self.path} {self.flow.setup} {self.count}"

    def about(self, part: str) -> Answer:
        """Say which commands these are."""
        return {"flow": self.flow.name, "part": part, "commands": self.flow.setup + self.count}


@dataclass
class Findings:
    """What a run found."""

    flows: dict[str, Answer] = field(default_factory=dict)
    figures: dict[str, dict[str, Answer]] = field(default_factory=dict)  # engine → flow → figures
    agreement: list[Answer] = field(default_factory=list)
    memory: dict[str, Answer] = field(default_factory=dict)
    chase: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@contextmanager
def started(contenders: list[Contender]) -> Iterator[dict[str, Process]]:
    """Run a process of each engine."""
    processes = {contender.name: contender.start() for contender in contenders}
    try:
        yield dict(processes)
    finally:
        for process in processes.values():
            process.end()


class Measuring:
    """One plan, carried out flow by flow with the engines that are here."""

    def __init__(self, contenders: list[Contender], plan: Plan, say: Say) -> None:
        self.plan, self.say, self.found = plan, say, Findings()
        self._contenders = {contender.name: contender for contender in contenders}
        self._best: dict[str, float] = {}  # of each engine's yardstick, in nanoseconds

    @property
    def has_core(self) -> bool:
        """Say whether the C++ core can be measured."""
        return "core" in self._contenders

    def flow(self, name: str) -> None:
        """Measure one flow with all engines, and compare what they did."""
        self.say(f"{name}: making the flow")
        whole = self._part(name)
        simple = self._plain(whole) if whole.flow.setup <= SLOW_LIMIT else None
        self.found.flows[name] = whole.flow.facts
        parts = {
            engine: part for engine in self._contenders if (part := self._part_for(engine, whole, simple))
        }
        with started([self._contenders[engine] for engine in parts]) as processes:
            self._rounds(name, processes, parts, self.plan.rounds)
            self._compare(name, processes, whole, simple)
            if core := processes.get("core"):
                core.ask(whole.load)
                self.found.figures["core"][name] |= _medians(
                    [core.ask(f"latency {self._best['core']}") for _ in range(LATENCY_ROUNDS)]
                )

    def features(self) -> None:
        """Compare our engines on the flow of all order types, and time them on it."""
        whole = Part.whole(*build.standard("features", self.plan.features, self.plan.scale))
        self.found.flows["features"] = whole.flow.facts
        taking = [each for name, each in self._contenders.items() if name in OURS and name != "one-by-one"]
        with started(taking) as processes:
            self._rounds("features", processes, dict.fromkeys(processes, whole), 2)
            told = agreement.asked(whole.about("whole"), whole.load, processes, {})
        self.found.agreement.append(told)
        trading = next((each["trading"] for each in told["found"].values()), 0)
        self.found.flows["features"] = {**whole.flow.facts, "trading_share": round(trading / whole.count, 4)}

    def undisturbed(self) -> None:
        """Add rates over the rounds in which the processor was nearly as fast as at its best."""
        for engine, best in self._best.items():
            for flow, figures in self.found.figures[engine].items():
                rounds = zip(figures["rounds"], figures["yardstick_ns"], strict=True)
                if rates := [rate for rate, time in rounds if time <= UNDISTURBED * best]:
                    figures["undisturbed_per_second"] = round(statistics.median(rates))
                    figures["undisturbed_rounds"] = len(rates)
                    core = self.found.figures["core"].get(flow, {}).get("undisturbed_per_second")
                    if core:  # it comes first
                        figures["undisturbed_ratio"] = round(figures["undisturbed_per_second"] / core, 3)

    def memory(self) -> None:
        """Measure the core's memory in each flow, those of wild prices too, in a process for each."""
        for name in (*RECIPES, *WILD):
            self.say(f"memory: {name}")
            whole = self._part(name)
            self.found.flows.setdefault(name, whole.flow.facts)
            with started([self._contenders["core"]]) as processes:
                processes["core"].ask(whole.load)
                told = processes["core"].ask("memory")
            told["bytes_per_order"] = _each(told["order_bytes"], told["live"])
            told["resident_per_order"] = _each(told["resident"], told["live"])
            told["per_second"] = round(len(whole.flow.commands) / told["processor_seconds"])
            kept = max(told["mapped_after"] - told["mapped_before"], told["resident_after"])
            told["at_floor"] = told["live_after"] == 0 and kept <= SMALL_BOOK
            self.found.memory[name] = told

    def chase(self, caches: dict[str, int]) -> None:
        """Measure a dependent load from half of each cache, main memory, and as many bytes as books have."""
        self.say("one dependent load")
        sizes = {f"half of {name}": size // 2 for name, size in caches.items()}
        sizes["main memory"] = max(256 << 20, 8 * max(caches.values(), default=0))
        books = {name: told["order_bytes"] for name, told in self.found.memory.items()}
        sizes |= {f"the book, {name}": size for name, size in books.items() if size}
        with started([self._contenders["core"]]) as processes:
            for what, size in sizes.items():
                self.found.chase.append({"what": what, **processes["core"].ask(f"chase {size}")})

    def _part(self, name: str) -> Part:
        return Part.whole(*build.standard(name, self.plan.commands, self.plan.scale))

    def _plain(self, whole: Part) -> Part:
        slow, name = self.plan.slow, whole.flow.name
        stem = f"{name}-plain-of-{self.plan.commands}"
        return Part.whole(*build.flow(name, stem, slow, lambda: plain(whole.flow, slow)))

    def _part_for(self, engine: str, whole: Part, simple: Part | None) -> Part | None:
        """Return what an engine is measured with of a flow; None if it isn't."""
        if engine in CORE:
            return whole
        if engine == "one-by-one":
            return whole if whole.flow.facts["mix"].keys() <= ONE_BY_ONE else None
        if simple and engine == "reference":
            return whole.beginning(self.plan.slow)
        return simple

    def _rounds(self, flow: str, processes: dict[str, Process], parts: dict[str, Part], rounds: int) -> None:
        """Let each engine warm up, then take its turn in each round; the first to go is another in each.

        An engine that fails while it warms up is left out, and taken out of `processes`.
        """
        self.say(f"{flow}: {rounds} rounds of {', '.join(processes) or 'nobody'}")
        told: dict[str, list[Answer]] = {}
        for engine, process in list(processes.items()):
            try:
                process.ask(parts[engine].load)
                self._round(engine, process)
                told[engine] = []
            except EngineFailed as failure:
                self.found.failures.append(f"{flow}: {engine}: {failure}")
                del processes[engine]
        for number in range(rounds):
            taking = [engine for engine in told if engine in QUICK or number < self.plan.slow_rounds]
            first = number % max(1, len(taking))
            for engine in taking[first:] + taking[:first]:
                told[engine].append(self._round(engine, processes[engine]))
        for engine, answers in told.items():
            figures = _figures(answers, told.get("core"), parts[engine])
            self.found.figures.setdefault(engine, {})[flow] = figures

    def _round(self, engine: str, process: Process) -> Answer:
        """Let an engine take its turn, in a moment in which its yardstick is near the best it ever said."""
        told = process.ask(f"round {self._best[engine]}" if engine in self._best else "round")
        if "yardstick_ns" in told:
            self._best[engine] = min(told["yardstick_ns"], self._best.get(engine, math.inf))
        return told

    def _compare(self, name: str, processes: dict[str, Process], whole: Part, simple: Part | None) -> None:
        """Compare the whole flow, its beginning, and its plain words."""

        def ask(part: str, of: Part, engines: set[str], known: dict[str, Answer]) -> Answer:
            who = {engine: process for engine, process in processes.items() if engine in engines}
            self.found.agreement.append(agreement.asked(of.about(part), of.load, who, known))
            return self.found.agreement[-1]

        facts = whole.flow.facts
        model = {key: facts[key] for key in agreement.COMPARED if key in facts and key != "digest"}
        if core := ask("whole", whole, CORE, {"generator": model})["found"].get("core"):
            figures = self.found.figures["core"][name]
            figures["bytes_per_resting_order"] = _each(core["order_bytes"], core["live"])
            figures["trading_share"] = round(core["trading"] / whole.count, 4)
        if simple:
            ours = {engine for engine in OURS if engine in processes}
            ask("beginning", whole.beginning(self.plan.slow), ours, {})
            ask("plain", simple, processes.keys() - {"one-by-one"}, {})


def _figures(told: list[Answer], core: list[Answer] | None, part: Part) -> Answer:
    """Return the rates of an engine's rounds, by processor time: what else runs here costs nobody a round."""
    rates = [answer["commands"] / answer["processor_seconds"] for answer in told]
    clock = [answer["commands"] / answer["seconds"] for answer in told]
    figures: Answer = {
        "commands": part.count,
        "setup": part.flow.setup,
        "per_second": round(statistics.median(rates)),
        "best_per_second": round(max(rates)),
        "per_second_on_the_clock": round(statistics.median(clock)),
        "rounds": [round(rate) for rate in rates],
    }
    if "yardstick_ns" in told[0]:
        figures["yardstick_ns"] = [round(answer["yardstick_ns"], 3) for answer in told]
    if core:
        others = [each["commands"] / each["processor_seconds"] for each in core]
        ratios = [rate / other for rate, other in zip(rates, others, strict=False)]  # slow ones have fewer
        figures["ratio_to_core"] = float(f"{statistics.median(ratios):.4g}")
    if "loop_seconds" in told[0]:
        net = [answer["commands"] / (answer["processor_seconds"] - answer["loop_seconds"]) for answer in told]
        figures["per_second_without_loop"] = round(statistics.median(net))
    return figures


def _medians(told: list[Answer]) -> Answer:
    """Return the median of each number that was answered, and texts as they were first."""
    return {
        key: value if isinstance(value, str) else statistics.median(each[key] for each in told)
        for key, value in told[0].items()
    }


def _each(total: int, count: int) -> float | None:
    return round(total / count, 1) if count else None
