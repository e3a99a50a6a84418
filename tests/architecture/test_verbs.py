"""A verb says who opens its transaction, who asks and when, and what it does."""

import ast
from collections.abc import Callable
from functools import cache

from config.settings.parts.data import RELAY_CHORES
from config.subscriptions import SUBSCRIPTIONS
from tests.architecture.source import Definition, Finding, dotted, name, report, room, rooms, tree
from tests.architecture.verbs import INNER, OUTER, Verb, calls, last_function, verbs, writes

NOT_IMPERATIVE = {"a", "an", "function", "it", "method", "the", "these", "this", "we", "when", "which"}
HANDLERS = {handler for handlers in SUBSCRIPTIONS.values() for handler in handlers}
NAMED = HANDLERS | set(RELAY_CHORES)


def has_one_mark(verb: Verb) -> str:
    """Say what is wrong with a verb's decorators, or nothing."""
    if len(verb.marks) == 2:
        return f"{verb.name} wears both decorators"
    if not verb.marks and (found := writes(tree(verb.path), verb.node)):
        return f"{verb.name} wears neither decorator and writes: {found[0][0]} in line {found[0][1]}"
    return ""


def mixes_up(verb: Verb) -> list[Finding]:
    """Find calls that can't work: an outer verb from inside a transaction, an inner one from outside."""
    wrong, why = (
        (OUTER, "opens a transaction inside another") if verb.marks else (INNER, "has no transaction")
    )
    return [
        Finding(name(verb.path), line, f"{verb.name} calls {called}, which then {why}")
        for called, marks, line in calls(tree(verb.path), verb.node)
        if wrong in marks
    ]


def is_called_well(verb: Verb) -> str:
    """Say what is wrong with a verb's parameters, or nothing.

    A handler takes one message. What only the system does, from a task or the relay, needs no `by`.
    """
    arguments = verb.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if verb.address in HANDLERS:
        return "" if len(positional) == 1 else f"{verb.name} is a handler and takes one message"
    if positional or arguments.vararg or arguments.kwarg:
        return f"{verb.name} takes arguments that aren't keyword-only"
    if OUTER not in verb.marks or verb.address in RELAY_CHORES:
        return ""
    keywords = {argument.arg for argument in arguments.kwonlyargs}
    missing = {"at"} - keywords if verb.address in chores() else {"by", "at"} - keywords
    return (
        f"{verb.name} opens a transaction and takes no {' and no '.join(sorted(missing))}" if missing else ""
    )


@cache
def chores() -> set[str]:
    """Return the verbs that tasks call."""
    return {
        f"apps.{room(path)[0]}.services.{dotted(node.func).rpartition('.')[2]}"
        for path in rooms("tasks")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    }


def speaks_well(function: Definition) -> str:
    """Say what is wrong with the first line of a docstring, or nothing."""
    lines = (ast.get_docstring(function) or "").splitlines()
    if not lines:
        return f"{function.name} has no docstring"
    word = lines[0].split()[0].strip("`,:").lower()
    third_person = word.endswith("s") and not word.endswith("ss")
    if third_person or word in NOT_IMPERATIVE or (word.endswith("ing") and word != "bring"):
        return f"{function.name}: the docstring begins with {word!r}, not with an imperative"
    return "" if lines[0].endswith(".") else f"{function.name}: the first line is no sentence"


def _about(problem: Callable[[Verb], str]) -> list[Finding]:
    return [Finding(*verb.where, what) for verb in verbs() if (what := problem(verb))]


def test_a_verb_that_writes_says_who_opens_the_transaction():
    report(_about(has_one_mark), f"A verb that writes wears exactly one of @{OUTER} and @{INNER}.")


def test_outer_and_inner_verbs_are_not_mixed_up():
    findings = [found for verb in verbs() for found in mixes_up(verb)]
    report(findings, "Inner verbs are called inside a transaction, outer verbs outside of one.")


def test_verbs_are_called_by_name_with_who_and_when():
    report(_about(is_called_well), "A verb's arguments are keyword-only; an outer verb takes `by` and `at`.")


def test_verbs_say_what_they_do():
    report(_about(lambda verb: speaks_well(verb.node)), "A docstring's first line is an imperative sentence.")


def test_every_named_handler_is_a_verb():
    known = {verb.address for verb in verbs()}
    ours = {handler for handler in NAMED if ".services." in handler}
    assert ours <= known, f"named in config/ and not to be found: {sorted(ours - known)}"


def sample(source: str) -> Verb:
    """A verb from a piece of source, as if it stood in the ledger's services."""
    module = ast.parse(source)
    return Verb("ledger", rooms("services")[0], last_function(module))


def test_the_write_rule_sees_writes_and_nothing_else():
    writing = [
        "def f(): Account.objects.create(id=1)",
        "def f(): Account.objects.filter(id=1).update(state='x')",
        "def f(): row.delete()",
        "def f(): rows('INSERT INTO posting VALUES (1)')",
        "SQL = 'UPDATE balance SET available = 0'\ndef f(): rows(SQL)",
        "def g(): row.save()\ndef f(): g()",
        "def f(): Account.objects.select_for_update().get()",
    ]
    reading = [
        "def f(): seen.update(other)",
        "def f(): digest.update(b'x')",
        "def f(): rows('SELECT 1')",
        "@opens_transaction\ndef g(): row.save()\ndef f(): g()",
        'def f():\n    """Update nothing."""',
    ]
    for source in writing + reading:
        module = ast.parse(source)
        assert bool(writes(module, last_function(module))) == (source in writing), source


def test_the_transaction_rule_follows_calls():
    def called(source: str) -> list[tuple[str, set[str]]]:
        module = ast.parse(source)
        return [(verb, marks) for verb, marks, _ in calls(module, last_function(module))]

    inner = "@needs_transaction\ndef g(): pass\n"
    assert called(inner + "def f(): g()") == [("g", {INNER})]
    assert called(inner + "def h(): g()\ndef f(): h()") == [("h", set()), ("g", {INNER})]
    assert called("from apps.accounts import services as accounts\ndef f(): accounts.register()") == [
        ("accounts.register", {OUTER})
    ]


def test_the_other_rules_see_what_is_wrong():
    assert is_called_well(sample("@opens_transaction\ndef f(*, by): pass")) == (
        "f opens a transaction and takes no at"
    )
    assert is_called_well(sample("def f(x): pass"))
    assert not is_called_well(sample("@opens_transaction\ndef f(*, by, at): pass"))
    assert has_one_mark(sample("@opens_transaction\n@needs_transaction\ndef f(): pass"))
    for docstring, right in (("Post it.", 1), ("Posts it.", 0), ("The post.", 0), ("Post it", 0), ("", 0)):
        assert bool(speaks_well(sample(f'def f():\n    """{docstring}"""').node)) != bool(right), docstring
