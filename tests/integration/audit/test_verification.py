"""Verification: whatever a superuser changes behind our back is found, here and outside of the system."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from apps.audit import selectors, services
from apps.audit.management.commands import audit_verify
from apps.audit.models import AuditEvent, AuditSeal
from apps.audit.types import Act
from apps.common.clock import now
from tests.database import ROOT, admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("AUD-3")]

VERIFIER = ROOT / "docs" / "audit" / "verify.py"
EVENTS = 8


@pytest.fixture(autouse=True)
def no_second_look(monkeypatch):
    monkeypatch.setattr(audit_verify, "SECOND_LOOK", 0)


@pytest.fixture
def record(system, at):
    with transaction.atomic():
        services.record_many(
            acts=[
                Act("tests.done", "thing", str(n), after={"n": n, "word": 'ü\u2028\n"ع'}, reason="because")
                for n in range(EVENTS)
            ],
            by=system,
            at=at,
        )
    services.seal(at=at)


def plant(*statements: str) -> None:
    """Change the record as somebody who owns the server could."""
    with admin(settings.DATABASES["default"]["NAME"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement)


def event_of(sequence: int) -> str:
    return f"(SELECT event_id FROM audit_seal WHERE sequence = {sequence})"


def change(sequence: int, what: str) -> list[str]:
    return [f"UPDATE audit_event SET {what} WHERE id = {event_of(sequence)}"]


def remove(sequence: int) -> list[str]:
    event = f"DELETE FROM audit_event WHERE id = {event_of(sequence)}"
    return [event, f"DELETE FROM audit_seal WHERE sequence = {sequence}"]


def verify_outside(*arguments) -> subprocess.CompletedProcess:
    """Run the stand-alone verifier, which sees nothing of this system."""
    command = [sys.executable, "-I", VERIFIER, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


SWAP_EVENTS = [
    "UPDATE audit_event SET id = -id WHERE id IN (SELECT event_id FROM audit_seal WHERE sequence IN (3, 4))",
    """UPDATE audit_event SET id = (SELECT sum(event_id) FROM audit_seal WHERE sequence IN (3, 4)) + id
        WHERE id < 0""",
]
INSERT_AFTER_4 = [
    "UPDATE audit_seal SET sequence = sequence + 100 WHERE sequence > 4",
    "UPDATE audit_seal SET sequence = sequence - 99 WHERE sequence > 100",
    """INSERT INTO audit_event (at, actor_kind, actor_id, on_behalf_of, action, target_type, target_id,
                                reason, ip_digest, device, request_id)
       SELECT at, 'user', 'x', '', 'tests.planted', 'thing', '1', '', '', '', '' FROM audit_event LIMIT 1""",
    """INSERT INTO audit_seal (sequence, event_id, previous_hash, hash, sealed_at)
       SELECT 5, (SELECT max(id) FROM audit_event), hash, repeat('a', 64), sealed_at
         FROM audit_seal WHERE sequence = 4""",
]

# What is planted → the kinds of finding, with their sequences.
CHANGES = {
    "action": (change(3, "action = 'tests.other'"), [("changed", 3)]),
    "actor": (change(1, "actor_id = 'other'"), [("changed", 1)]),
    "time": (change(8, "at = at + '1 microsecond'"), [("changed", 8)]),
    "detail": (change(5, "after = jsonb_set(after, '{n}', '99')"), [("changed", 5)]),
    "null": (change(5, "before = '{}'"), [("changed", 5)]),
    "transaction": (change(6, "transaction = '7'"), [("changed", 6)]),
    "seal_time": (
        ["UPDATE audit_seal SET sealed_at = sealed_at - interval '1 s' WHERE sequence = 4"],
        [("changed", 4)],
    ),
    "event_gone": ([f"DELETE FROM audit_event WHERE id = {event_of(2)}"], [("event_removed", 2)]),
    "both_gone": (remove(4), [("gap", 5)]),
    "first_gone": (remove(1), [("gap", 2)]),
    "gone_and_renumbered": (
        [*remove(4), "UPDATE audit_seal SET sequence = sequence - 1 WHERE sequence > 4"],
        [("broken_link", 4), ("changed", 4), ("changed", 5), ("changed", 6), ("changed", 7)],
    ),
    "links_swapped": (
        [
            "UPDATE audit_seal SET sequence = sequence + 1000 WHERE sequence IN (3, 4)",
            "UPDATE audit_seal SET sequence = 1007 - sequence WHERE sequence > 1000",
        ],
        [("broken_link", 3), ("changed", 3), ("broken_link", 4), ("changed", 4), ("broken_link", 5)],
    ),
    "events_swapped": (SWAP_EVENTS, [("changed", 3), ("changed", 4)]),
    "inserted": (
        INSERT_AFTER_4,
        [("changed", 5), ("broken_link", 6), *(("changed", n) for n in range(6, 10))],
    ),
    "rehashed": (
        [*change(3, "reason = 'x'"), "UPDATE audit_seal SET hash = repeat('b', 64) WHERE sequence = 3"],
        [("changed", 3), ("broken_link", 4)],
    ),
}


def found() -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.sequence) for finding in audit_verify.verify({}).findings]


def test_an_untouched_record_is_whole(record, capsys):
    call_command("audit_verify")
    assert f"{EVENTS} links, nothing wrong" in capsys.readouterr().out


@pytest.mark.parametrize("planted", CHANGES)
def test_a_planted_change_is_found(planted, record):
    statements, expected = CHANGES[planted]
    plant(*statements)
    assert sorted(found(), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("planted", CHANGES)
def test_the_stand_alone_verifier_finds_it_in_an_export(planted, record, tmp_path):
    plant(*CHANGES[planted][0])
    export = tmp_path / "audit.jsonl"
    call_command("audit_export", output=export)
    checked = verify_outside(export)
    assert checked.returncode == 1, checked.stdout
    first = min(sequence for _, sequence in CHANGES[planted][1])
    assert checked.stdout.startswith(f"link {first}:"), checked.stdout


def test_the_stand_alone_verifier_accepts_a_whole_export(record, tmp_path):
    export = tmp_path / "audit.jsonl"
    call_command("audit_export", output=export)
    last = AuditSeal.objects.order_by("-sequence")[0]
    for arguments, status in (
        ([], 0),
        (["--anchor", f"{last.sequence}:{last.hash}"], 0),
        (["--anchor", f"{last.sequence}:{'0' * 64}"], 1),
        (["--anchor", f"{last.sequence + 1}:{'0' * 64}"], 1),
    ):
        assert verify_outside(export, *arguments).returncode == status, arguments


def test_a_part_of_the_chain_is_checked_from_a_known_link(record, tmp_path):
    export = tmp_path / "part.jsonl"
    call_command("audit_export", output=export, first=4, last=6)
    assert len(export.read_text().splitlines()) == 3
    third = AuditSeal.objects.get(sequence=3)
    assert verify_outside(export, "--after", f"3:{third.hash}").returncode == 0
    assert verify_outside(export).returncode == 1


@pytest.mark.parametrize("text", ["nonsense\n", "{}\n", "[]\n", '{"sequence": 1}\n'])
def test_what_is_no_export_is_told_apart(text, tmp_path):
    export = tmp_path / "no.jsonl"
    export.write_text(text)
    assert verify_outside(export).returncode == 2


def test_only_a_kept_hash_shows_that_the_end_was_cut_off(record):
    last = AuditSeal.objects.order_by("-sequence")[0]
    plant(
        f"DELETE FROM audit_event WHERE id = {event_of(EVENTS)}", "DELETE FROM audit_seal WHERE sequence = 8"
    )
    assert found() == []
    verdict = audit_verify.verify({last.sequence: last.hash})
    assert [finding.kind for finding in verdict.findings] == ["cut_off"]


def test_only_a_kept_hash_shows_that_everything_was_written_anew(record, at):
    kept = AuditSeal.objects.get(sequence=5)
    ids = "INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_event"
    plant("UPDATE audit_event SET reason = 'nicer'", "DELETE FROM audit_seal", ids)
    assert services.seal(at=at) == EVENTS
    assert found() == []
    assert [f.kind for f in audit_verify.verify({5: kept.hash}).findings] == ["anchor"]


def test_an_event_that_nobody_seals_is_found(record, system, at):
    with transaction.atomic():
        services.record(action="tests.late", target_type="thing", target_id="1", by=system, at=at)
    event = AuditEvent.objects.get(action="tests.late")
    assert found() == [], "the sealer has ten seconds"
    plant(f"UPDATE audit_event SET recorded_at = recorded_at - interval '11 s' WHERE id = {event.pk}")
    assert selectors.state(at=now()).oldest_unsealed >= 11
    plant("DELETE FROM audit_unsealed")  # whoever hides it from the sealer doesn't hide it from us
    verdict = audit_verify.verify({})
    assert [(f.kind, f.event_id) for f in verdict.findings] == [("unsealed", event.pk)]


def test_an_event_that_is_sealed_between_two_looks_is_no_finding(record, system, at, monkeypatch):
    """Such as one of a transaction that was open for longer than the sealer has."""
    with transaction.atomic():
        services.record(action="tests.late", target_type="thing", target_id="1", by=system, at=at)
    monkeypatch.setattr(audit_verify, "PATIENCE", timedelta(0))
    monkeypatch.setattr(time, "sleep", lambda _: services.seal(at=at))
    assert found() == []


def test_the_command_fails_and_names_the_first_finding(record, capsys):
    plant(*CHANGES["action"][0], *CHANGES["event_gone"][0])
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify")
    assert ended.value.code == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("audit: 2 findings in 8 links")
    assert "event_removed at link 2" in printed[1]
    with pytest.raises(SystemExit):
        call_command("audit_verify", json=True)
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["count"] == 2
    assert verdict["findings"][0]["kind"] == "event_removed"


def test_verifying_and_exporting_hold_a_bounded_part_in_memory(
    record, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(selectors, "CHUNK", 3)
    with django_assert_num_queries(3 * 2 + 1):
        assert [link.sequence for link in selectors.links()] == list(range(1, EVENTS + 1))
    out = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        call_command("audit_export")
    assert len(out.getvalue().splitlines()) == EVENTS
