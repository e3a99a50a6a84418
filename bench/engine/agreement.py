"""Ask engines what happened in the same commands, and say whether they agree."""

from typing import Any

from bench.engine.processes import Answer, Process

COMPARED = ("trades", "volume", "value", "digest")
# Mistakes of packages that make them disagree, by package and flow: what they do wrong. None is known today.
KNOWN_DEFECTS: dict[tuple[str, str], str] = {}


def asked(about: Answer, load: str, processes: dict[str, Process], known: dict[str, Answer]) -> Answer:
    """Return what these engines find in the commands that `load` reads, beside what is known already.

    `about` says which commands they are.
    """
    found: dict[str, Any] = {engine: answer for engine, answer in known.items() if answer}
    for engine, process in processes.items():
        process.ask(load)
        found[engine] = process.ask("check")
    return judged({**about, "found": found})


def judged(answer: Answer) -> Answer:
    """Add to what engines found the fields in which they differ, and which of that is a known defect.

    Of each field, the first engine that has one is right. Who doesn't count something isn't asked for it.
    """
    differences: list[str] = []
    excused: list[str] = []
    for key in COMPARED:
        told = {engine: each[key] for engine, each in answer["found"].items() if each.get(key) is not None}
        right = next(iter(told.values()), None)
        for engine, value in told.items():
            if value != right:
                text = f"{answer['flow']} ({answer['part']}): {engine} has {key} {value}, not {right}"
                defect = KNOWN_DEFECTS.get((engine, answer["flow"]))
                (excused if defect else differences).append(f"{text}: {defect}" if defect else text)
    return {**answer, "agree": not differences, "differences": differences, "known_defects": excused}
