"""Refresh families: rotation, reuse, races, and what ends an access token."""

import threading
from datetime import timedelta

import jwt
import pytest
from django.core import mail
from django.db import connection

from apps.accounts import services
from apps.accounts.models import RefreshFamily, RefreshToken, User
from apps.accounts.services.tokens import RefreshRefused, read_access_token
from apps.common.errors import Unauthenticated
from apps.common.types import Actor
from tests.factories.accounts import AccountFactory
from tests.relay import deliver_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("ACC-4")]
BY = Actor.system("tests")


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def pair(account, at):
    return services.issue_tokens(user_id=account.id, by=BY, at=at)


def rotate(refresh, at):
    return services.rotate_tokens(refresh=refresh, by=BY, at=at)


def test_a_refresh_token_is_traded_once_and_stored_hashed(pair, at):
    following = rotate(pair.refresh, at)
    assert following.refresh != pair.refresh
    assert RefreshToken.objects.count() == 2
    assert not RefreshToken.objects.filter(digest__in=[pair.refresh, following.refresh]).exists()
    assert rotate(following.refresh, at)


def test_a_reused_token_ends_its_whole_family_and_the_user_is_told(pair, at):
    following = rotate(pair.refresh, at)
    with pytest.raises(RefreshRefused):
        rotate(pair.refresh, at)
    with pytest.raises(RefreshRefused):
        rotate(following.refresh, at)
    family = RefreshFamily.objects.get()
    assert family.revoked_because == "reused"
    deliver_all()
    assert len(mail.outbox) == 1


def test_of_many_parallel_uses_exactly_one_gets_a_pair(pair, at):
    start, won, lost = threading.Barrier(8), [], []

    def one():
        try:
            start.wait(10)
            won.append(rotate(pair.refresh, at))
        except RefreshRefused as refusal:
            lost.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(won), len(lost)) == (1, 7)
    with pytest.raises(RefreshRefused):
        rotate(won[0].refresh, at)


def test_an_expired_unknown_or_logged_out_token_is_refused(pair, at, settings):
    with pytest.raises(RefreshRefused):
        rotate(pair.refresh, at + settings.REFRESH_TOKEN_LIFETIME)
    with pytest.raises(RefreshRefused):
        rotate("unknown", at)
    services.revoke_tokens(refresh=pair.refresh, by=BY, at=at)
    services.revoke_tokens(refresh=pair.refresh, by=BY, at=at)
    with pytest.raises(RefreshRefused):
        rotate(pair.refresh, at)


def test_a_suspended_user_gets_no_further_pair(pair, account, at):
    User.objects.filter(pk=account.id).update(status="suspended")
    with pytest.raises(RefreshRefused):
        rotate(pair.refresh, at)


def test_the_access_token_ends_after_fifteen_minutes(pair, at):
    read_access_token(pair.access, at=at + timedelta(minutes=14, seconds=59))
    with pytest.raises(Unauthenticated) as refusal:
        read_access_token(pair.access, at=at + timedelta(minutes=15))
    assert refusal.value.code == "token_expired"


def test_a_forged_access_token_is_refused(pair, at, settings):
    claims = jwt.decode(pair.access, options={"verify_signature": False})
    key = settings.JWT_KEYS[1]
    undated = {name: claim for name, claim in claims.items() if name != "exp"}
    forged = [
        jwt.encode(claims, b"x" * 32, algorithm="HS256", headers={"kid": "1"}),
        jwt.encode(claims, key, algorithm="HS256", headers={"kid": "2"}),
        jwt.encode(claims, key, algorithm="HS512", headers={"kid": "1"}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": "1"}),
        jwt.encode(claims | {"aud": "other"}, key, algorithm="HS256", headers={"kid": "1"}),
        jwt.encode(claims | {"fam": "no-uuid"}, key, algorithm="HS256", headers={"kid": "1"}),
        jwt.encode(undated, key, algorithm="HS256", headers={"kid": "1"}),
        "", "a.b.c", pair.access + "x",
    ]  # fmt: skip
    for token in forged:
        with pytest.raises(Unauthenticated):
            read_access_token(token, at=at)


def test_expired_families_are_forgotten(pair, at, settings):
    assert services.forget_old_tokens(at=at + timedelta(days=1)) == 0
    assert services.forget_old_tokens(at=at + settings.REFRESH_TOKEN_LIFETIME + timedelta(seconds=1)) == 1
    assert not RefreshToken.objects.exists()
