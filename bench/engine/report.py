"""A run as a person reads it: aligned tables for a terminal, or Markdown for a document."""

from typing import Any

from bench.engine.flows import RECIPES

Document = dict[str, Any]
Rows = list[list[str]]  # the first is the heading


def lines(document: Document) -> list[str]:
    """Return the text of a whole run."""
    machine, engines = document["machine"], document["engines"].items()
    missing = [f"{name} is missing: {engine['missing']}" for name, engine in engines if engine["missing"]]
    tables = (_rates, _latency, _memory, _chase)
    return [
        f"{machine['processor']}, {machine['cores']} cores; {document['versions']['compiler']}",
        "",
        *aligned(_flows(document), words={5}),
        *(line for table in tables for line in aligned(table(document))),
        *_agreement(document),
        *aligned(_goals(document), words={3}),
        *missing,
        *(f"failed: {failure}" for failure in document["failures"]),
    ]


def markdown(document: Document) -> list[str]:
    """Return the tables of rates, single commands, memory and loads for a document."""
    made = []
    for rows in (_rates(document), _latency(document), _memory(document), _chase(document)):
        if len(rows) > 1:
            cells = [rows[0], ["---", *(["---:"] * (len(rows[0]) - 1))], *rows[1:]]
            made += [*(f"| {' | '.join(cell.strip() for cell in row)} |" for row in cells), ""]
    return made


def aligned(rows: Rows, words: frozenset[int] | set[int] = frozenset()) -> list[str]:
    """Return rows as columns and an empty line: the first and those of words to the left."""
    if len(rows) < 2:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = {0, *words}
    padded = [
        [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    return [*("  ".join(row).rstrip() for row in padded), ""]


def _flows(document: Document) -> Rows:
    rows = [["flow", "commands", "trading", "resting", "levels", "mix"]]
    for name, facts in document["flows"].items():
        share = facts.get("trading_share")
        shares = {kind: share for kind, share in facts["mix"].items() if share >= 0.005}
        rows.append(
            [
                name,
                f"{facts['commands']:,}",
                "-" if share is None else f"{share * 100:.1f}%",
                f"{facts['resting_orders']:,}" if "resting_orders" in facts else "-",
                f"{facts['levels']:,}" if "levels" in facts else "-",
                ", ".join(f"{kind} {share * 100:.0f}%" for kind, share in shares.items()),
            ]
        )
    return rows


def _rates(document: Document) -> Rows:
    names = [*RECIPES, "features"]
    rows = [["million commands a second", *names]]
    for name, engine in document["engines"].items():
        if engine["missing"]:
            continue
        told = [engine["flows"].get(flow) for flow in names]
        rows.append([name, *(_rate(each) for each in told)])
        if any("undisturbed_per_second" in each for each in told if each):
            rows.append(["  undisturbed", *(_rate(each, "undisturbed_per_second") for each in told)])
        if name != "core":
            rows.append(["  of the core, all rounds", *(_ratio(each) for each in told)])
    return rows


def _latency(document: Document) -> Rows:
    rows = [["nanoseconds of one command", "p50", "p99", "p99.9", "timer, taken off"]]
    for flow, told in document["engines"]["core"]["flows"].items():
        if "p50_ns" in told:
            rows.append([flow, *(f"{told[key]:.0f}" for key in ("p50_ns", "p99_ns", "p99_9_ns", "timer_ns"))])
    return rows


def _memory(document: Document) -> Rows:
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
    return rows


def _chase(document: Document) -> Rows:
    heading = ["one dependent load, ns", "bytes", "huge pages", "small pages"]
    return [heading] + [
        [told["what"], _bytes(told["bytes"]), f"{told['ns']:.1f}", f"{told['small_pages_ns']:.1f}"]
        for told in document["chase"]
    ]


def _agreement(document: Document) -> list[str]:
    told = []
    for answer in document["agreement"]:
        who = ", ".join(answer["found"])
        told.append(f"{'agree' if answer['agree'] else 'DIFFER'}: {answer['flow']} ({answer['part']}): {who}")
        told += [f"  {difference}" for difference in answer["differences"]]
        told += [f"  known: {difference}" for difference in answer["known_defects"]]
    return [*told, ""]


def _goals(document: Document) -> Rows:
    verdicts = {None: "not measured", True: "met", False: "missed"}
    rows = [["goal", "wanted", "measured", ""]]
    for goal in document["goals"]:
        measured = "-" if goal["measured"] is None else f"{goal['measured']:g}"
        rows.append([goal["what"], goal["goal"], measured, verdicts[goal["met"]]])
    return rows


def _rate(told: Document | None, what: str = "per_second") -> str:
    if told is None or what not in told:
        return "-"
    rate = told[what] / 1e6
    return f"{rate:.1f}" if rate >= 1 else f"{rate:.3f}"


def _ratio(told: Document | None) -> str:
    if not told or "ratio_to_core" not in told:
        return "-"
    ratio = told["ratio_to_core"]
    return f"{ratio:.2f}" if ratio >= 0.1 else f"1/{1 / ratio:.0f}"


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
