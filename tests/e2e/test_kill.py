# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: while keys rotate and are revoked, tokens are signed, exchanged and revoked, assertions are
used, while it starts. Each time the state opens, and everything that was answered still holds (ledger.py)."""
import contextlib
import os
import random
import sqlite3
import time

import pytest

from ledger import GONE, GOOD, Ledger, Load, ended

KILLS = int(os.environ.get("JT_KILLS", "30"))
SEED = int(os.environ.get("JT_SEED", "0")) or random.randrange(1, 1 << 30)


def operate(ledger, emergency):
    """An operator who has an emergency, or rotates; then seals anew until the end."""
    todo = [ledger.revoke_key if emergency else ledger.rotate]

    def work(server):
        (todo.pop() if todo else ledger.reseal)(server)
    return work


def run_and_kill(ledger, dice, emergency):
    """A run of random length under load; what it survived is checked first."""
    with ended(ledger.start()) as server:
        ledger.check(server)
        works = [ledger.mint, ledger.exchange, ledger.assert_once, ledger.revoke_one]
        if emergency or dice.random() < 0.5:
            works.append(operate(ledger, emergency))
        with Load(ledger, server, works):
            time.sleep(dice.random() * 0.25)
            server.process.kill()


def kill_while_it_starts(ledger, dice):
    with ended(ledger.start(ready=False)) as server:
        time.sleep(dice.random() * 0.15)
        server.process.kill()


def test_nothing_is_lost_when_it_is_killed(tmp_path):
    print(f"JT_SEED={SEED}")
    dice, ledger = random.Random(SEED), Ledger(tmp_path, SEED)
    kill_while_it_starts(ledger, dice)
    for number in range(KILLS - 1):
        if number % 4 == 3:
            kill_while_it_starts(ledger, dice)
        else:
            run_and_kill(ledger, dice, emergency=number % 5 == 4)
    with ended(ledger.start()) as server:
        ledger.check(server, tokens=200, assertions=100)
        assert server.stop() == 0, server.log()
    print(ledger.counts)
    for what, count in ledger.counts.items():
        assert count >= KILLS // 30, f"too few to say anything: {what}: {count}"


@pytest.mark.parametrize("table, broken", [("revoked", "a token that was gone: None"),
                                           ("used", "an assertion was good twice"),
                                           ("keys", "keys were lost")])
def test_the_ledger_notices_what_is_lost(tmp_path, table, broken):
    """The check above can fail: a state that forgot is found out."""
    ledger = Ledger(tmp_path, 1)
    with ended(ledger.start()) as server:
        for _ in range(8):
            ledger.mint(server)
            ledger.assert_once(server)
        while not any(token.state == GONE for token in ledger.tokens):
            ledger.revoke_one(server)
        ledger.rotate(server)
        ledger.check_keys(ledger.published(server))
        assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "state/jetond.db")) as database, database:
        which = "" if table != "keys" else " WHERE state = 'next'"
        assert database.execute(f"DELETE FROM {table}{which}").rowcount > 0
    with ended(ledger.start()) as server:
        with pytest.raises(AssertionError, match=broken):
            ledger.check(server, tokens=100, assertions=100)
    assert any(state == GOOD for state in ledger.keys.values())
