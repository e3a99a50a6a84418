"""A run as a person reads it."""

from typing import Any

from bench.engine.flows import RECIPES
from bench.engine.goals import FIELD

Document = dict[str, Any]


def lines(document: Document) -> list[str]:
    """Return the text of a whole run."""
    machine = document["machine"]
    return [
        f"{machine['processor']}, {machine['cores']} cores; {document['versions']['compiler']}",
        "",
        *_flows(document),
        *_rates(document),
        *_latency(document),
        *_memory(document),
        *_chase(document),
        *_agreement(document),
        *_goals(document),
        *(f"failed: {failure}" for failure in document["failures"]),
    ]


def table(rows: list[list[str]]) -> list[str]:
    """Return rows as aligned columns, the first to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ] + [""]


def _flows(document: Document) -> list[str]:
    rows = [["flow", "commands", "trading", "resting", "levels", "mix"]]
    for name, facts in document["flows"].items():
        mix = ", ".join(
            f"{kind} {share * 100:.0f}%" for kind, share in facts["mix"].items() if share >= 0.005
        )
        rows.append(
            [
                name,
                f"{facts['commands']:,}",
                _percent(facts.get("trading_share")),
                f"{facts['resting_orders']:,}" if "resting_orders" in facts else "-",
                f"{facts['levels']:,}" if "levels" in facts else "-",
                mix,
            ]
        )
    return table(rows)


def _rates(document: Document) -> list[str]:
    names = [*RECIPES, "features"]
    rows = [["million commands a second", *names]]
    for name, engine in document["engines"].items():
        if engine["missing"]:
            continue
        told = [engine["flows"].get(flow) for flow in names]
        rows.append([name, *(_rate(each) for each in told)])
        if name != "core":
            rows.append(["  of the core", *(_ratio(each) for each in told)])
    known = [FIELD.get(flow) for flow in names]
    rows.append(["limit study, elsewhere", *(f"{each.limit:.1f}" if each else "-" for each in known)])
    rows.append(["best open C++ peer, elsewhere", *(f"{each.peer:.1f}" if each else "-" for each in known)])
    engines = document["engines"].items()
    missing = [f"{name} is missing: {engine['missing']}" for name, engine in engines if engine["missing"]]
    return [*table(rows), *missing, *([""] if missing else [])]


def _latency(document: Document) -> list[str]:
    told = {flow: each for flow, each in document["engines"]["core"]["flows"].items() if "p50_ns" in each}
    if not told:
        return []
    rows = [["nanoseconds of one command", "p50", "p99", "p99.9", "timer, taken off"]]
    for flow, each in told.items():
        rows.append([flow, *(f"{each[key]:.0f}" for key in ("p50_ns", "p99_ns", "p99_9_ns", "timer_ns"))])
    return table(rows)


def _memory(document: Document) -> list[str]:
    if not document["memory"]:
        return []
    rows = [["memory", "orders", "bytes each", "resident each", "mapped", "mapped, empty", "M commands/s"]]
    for flow, told in document["memory"].items():
        rows.append(
            [
                flow,
                f"{told['live']:,}",
                f"{told['bytes_per_order'] or 0:.1f}",
                f"{told['resident_per_order'] or 0:.1f}",
                _bytes(told["mapped_peak"]),
                _bytes(told["mapped_after"]),
                f"{told['per_second'] / 1e6:.1f}",
            ]
        )
    return table(rows)


def _chase(document: Document) -> list[str]:
    if not document["chase"]:
        return []
    rows = [["one dependent load, ns", "bytes", "huge pages", "small pages"]]
    rows += [
        [told["what"], _bytes(told["bytes"]), f"{told['ns']:.1f}", f"{told['small_pages_ns']:.1f}"]
        for told in document["chase"]
    ]
    return table(rows)


def _agreement(document: Document) -> list[str]:
    told = []
    for answer in document["agreement"]:
        who = ", ".join(answer["found"])
        told.append(f"{'agree' if answer['agree'] else 'DIFFER'}: {answer['flow']} ({answer['part']}): {who}")
        told += [f"  {difference}" for difference in answer["differences"]]
        told += [f"  known: {difference}" for difference in answer["known_defects"]]
    return [*told, ""]


def _goals(document: Document) -> list[str]:
    rows = [["goal", "wanted", "measured", ""]]
    for goal in document["goals"]:
        verdict = {None: "not measured", True: "met", False: "missed"}[goal["met"]]
        rows.append(
            [
                goal["what"],
                goal["goal"],
                "-" if goal["measured"] is None else f"{goal['measured']:g}",
                verdict,
            ]
        )
    return table(rows)


def _rate(told: Document | None) -> str:
    if told is None:
        return "-"
    rate = told["per_second"] / 1e6
    return f"{rate:.1f}" if rate >= 1 else f"{rate:.3f}"


def _ratio(told: Document | None) -> str:
    return f"{told['ratio_to_core']:.4g}" if told and "ratio_to_core" in told else "-"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f}%"


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
