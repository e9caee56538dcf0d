"""Phones, replicas of `collect` and one database: a replica that is killed costs nothing."""

from pathlib import Path

from tests.benchmarks.fleet import fleet
from tests.supabase.postgres import Postgres

pytest_plugins = ["tests.supabase.fixtures"]


def test_a_replica_that_is_killed_costs_nothing(postgres_server: Postgres, tmp_path: Path) -> None:
    """Whoever it had answered has its steps in the database, once; others ask the other replica."""
    with fleet(postgres_server, tmp_path) as members:
        members.add_replicas(2)

        done = members.run("collect", 20, steps=25, period_s=0.1, senders=1, kill_every_s=1.0)

    assert done.kills >= 1
    assert (done.distinct, done.stored, done.counted) == (500, 500, 500)
