"""The long fault runs, started by `python -m bench.faults`: each prints what it found, and writes its failures to var/bench.json."""

import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import django
import time_machine
from django.conf import settings
from django.core.management import call_command
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

import bench.environment  # noqa: F401 - before anything reads the settings

django.setup()

from bench.bells import stripe_server  # noqa: E402 - models need Django
from bench.faults import (  # noqa: E402 - models need Django
    checkouts,
    crowding,
    deliveries,
    edges,
    lives,
    orders,
    outage,
    parts,
    recovery,
    requests,
    restarts,
    silence,
    storage,
    upgrade,
)
from bench.faults.proxied import program  # noqa: E402
from bench.report import Figure, write  # noqa: E402
from billing.catalogue import mirror_catalogue  # noqa: E402
from sandbox.stripe import StripeServer  # noqa: E402
from tests import build  # noqa: E402
from tests.billing.machine import prepared  # noqa: E402
from tests.billing.shop import START  # noqa: E402

LIVES, STEPS = 2000, 30
# The newer runs have a short form here, for a test that starts them with servers of their own.
SHORT = "--short" in sys.argv


def walk_orders(stripe: StripeServer) -> list[Figure]:
    """Every order of a life's seven bells, for a life that ended and one that went on, and of seven answers."""
    found = []
    prices = [lives.plan(stripe, name, amount)[0] for name, amount in (("Basic", 1200), ("Pro", 3000))]
    mirror_catalogue()
    for name, ends in (("ended", True), ("went_on", False)):
        person = build.person()
        with orders.put_back():
            _, bells = orders.life(stripe, person, prices, ends=ends)
            tally = orders.of_bells(stripe, person, bells).all()
        found.append(
            failures(f"faults_orders_{name}", tally.wrong, "orders of seven bells, right after each", tally.orders)
        )
    with orders.put_back():
        tally = orders.of_answers(stripe, build.person(), prices[0]).all()
    found.append(
        failures("faults_orders_answers", tally.wrong, "orders of seven answers, right after each", tally.orders)
    )
    return found


def play_lives(stripe: StripeServer) -> list[Figure]:
    """Random lives, new ones every time."""
    chosen = hypothesis_settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    with time_machine.travel(START, tick=False) as traveller:
        machine = prepared(stripe, traveller)
        began, wrong = time.perf_counter(), 0
        try:
            run_state_machine_as_test(machine, settings=chosen)
        except AssertionError:
            wrong = 1
            traceback.print_exc()
    print(table(machine.cells), f"{time.perf_counter() - began:.0f} s", sep="\n")
    return [
        failures("faults_lives", wrong, f"random lives of {STEPS} steps, right after each", LIVES),
        Figure(
            "faults_lives_cells",
            len(machine.cells),
            "cells",
            "status of a subscription x what the site heard then",
            LIVES,
        ),
    ]


def table(cells: dict[tuple[str, str], int]) -> str:
    """Write which event found a subscription in which state, and how often."""
    statuses = sorted({status for status, _ in cells})
    head = f"{'':52}" + "".join(f"{status:>20}" for status in statuses)
    rows = [
        f"{why:52}" + "".join(f"{cells.get((status, why), 0):>20}" for status in statuses)
        for why in sorted({why for _, why in cells})
    ]
    return "\n".join([head, *rows])


def deliver(stripe: StripeServer) -> list[Figure]:
    """Ten thousand deliveries, 32 at once, at three processes that are killed 21 times at named points and now and then besides."""
    plan = f"{deliveries.JITTER},{deliveries.aimed(1, 10, 100)},{deliveries.aimed(50, action='raise')}"
    found = deliveries.run(stripe, crowd(200), deliveries=10_000, plan=plan, kill_every=10)
    print(found, *found.audit.failures()[:20], sep="\n")
    missed = [point for point, count in found.reached.items() if count < 100]
    fresh(stripe)
    control = deliveries.run(stripe, crowd(40), deliveries=2000, plan=plan, without="tickets")
    print("without the tickets:", control)
    n, beside = found.deliveries, "deliveries, 32 at once, three processes, aimed and random kills"
    return [
        failures("faults_deliveries_lost", len(found.audit.lost), beside, n),
        failures("faults_deliveries_wrong", len(found.audit.wrong), beside, n),
        failures("faults_deliveries_doubled", len(found.audit.doubled), beside, n),
        failures(
            "faults_deliveries_points_missed", len(missed), "failpoints reached a hundred times", len(found.reached)
        ),
        failures("faults_deliveries_blind", not control.audit.wrong, "the same run without tickets is found wrong", 1),
        Figure("faults_deliveries_p99", found.p99, "ms", beside, n),
        Figure("faults_deliveries_killed", found.killed, "workers", beside, n),
    ]


def be_silent(stripe: StripeServer) -> list[Figure]:
    """A thousand customers, four days without a bell, one reconcile."""
    found = silence.run(stripe, crowd(1000), moves=1200)
    print(found, *found.differences[:20], sep="\n")
    return [
        failures(
            "faults_silence_differences", len(found.differences), "customers after four days unheard", found.customers
        ),
        failures(
            "faults_silence_calls_over", max(0, found.calls - found.allowed), f"{found.allowed} pages", found.calls
        ),
        Figure("faults_silence_calls", found.calls, "calls", f"{found.customers} customers, one reconcile", 1),
    ]


def check_out(stripe: StripeServer) -> list[Figure]:
    """Two hundred people, fifty clicks at once each."""
    plan = deliveries.aimed(1, 10, 100, points=("F11", "F12"))
    found = checkouts.run(stripe, [build.person() for _ in range(200)], each=50, plan=plan)
    print(found)
    beside = f"people, {found.clicks} clicks, {found.killed} workers killed"
    return [
        failures("faults_checkouts_customers", found.customers_over, f"{beside}: customers too many", found.people),
        failures("faults_checkouts_twice", found.twice, f"{beside}: subscribed twice", found.people),
        failures("faults_checkouts_charged_twice", found.charged_twice, f"{beside}: charged twice", found.people),
        failures("faults_checkouts_unpaid", found.people - found.paid, f"{beside}: could not pay", found.people),
    ]


def go_out(stripe: StripeServer) -> list[Figure]:
    """Every kind of trouble at Stripe for twenty seconds each."""
    found = outage.run(stripe, members=10, newcomers=5, seconds=20)
    print(found, *found.failures()[:20], sep="\n")
    n = sum(found.statuses.values())
    worst = max(outage.percentile(times, 0.99) for times in found.downloads.values())
    return [
        failures("faults_outage", len(found.failures()), "requests while Stripe was away", n),
        Figure("faults_outage_slowest", found.slowest, "s", "the longest that anybody waited", n),
        Figure("faults_outage_download_p99", worst, "ms", f"{outage.percentile(found.calm, 0.99):.0f} ms before", n),
    ]


def ask_at_edges(stripe: StripeServer) -> list[Figure]:
    """A second before, at, and after an end, at odd moments in five time zones."""
    found = edges.run(people=140)
    return [failures("faults_edges", found.wrong, f"questions about {found.rows} rows", found.asked)]


def send_anything(stripe: StripeServer) -> list[Figure]:
    """Twenty thousand hostile requests at every address, by everybody."""
    found = requests.run(stripe, requests=20_000)
    print(dict(sorted(found.statuses.items())))
    beside = f"hostile requests at {len(found.doors)} addresses, over sockets"
    return [
        failures("faults_requests", len(found.wrong), beside, found.requests),
        Figure("faults_requests_slowest", found.slowest, "s", "the longest that one took", found.requests),
    ]


def restart(stripe: StripeServer) -> list[Figure]:
    """PostgreSQL crashes five times and is away for a minute, amid 3,000 deliveries and a member's clicks."""
    size = (24, 600, 1, 3.0) if SHORT else (100, 3000, 5, 60.0)
    found = restarts.run(stripe, crowd(size[0]), deliveries=size[1], crashes=size[2], away=size[3])
    print(found, *found.failures()[:20], sep="\n")
    beside = f"{found.deliveries} deliveries, {found.crashes} troubles of the database"
    return [
        failures(
            "faults_restarts_lost", len(found.audit.failures()), f"{beside}: lost, wrong or doubled", found.deliveries
        ),
        failures(
            "faults_restarts_refused", len(found.late), f"{beside}: clicks refused while it was there", found.clicks
        ),
        Figure("faults_restarts_healed", max(found.healing), "s", "until a click got a link again", found.crashes),
    ]


def crowd_in(stripe: StripeServer) -> list[Figure]:
    """Five hundred slow clients for five minutes, and 10,000 bells of a MiB that nobody signed, at the site behind nginx."""
    if not program():
        print("no nginx here: the package nginx-light brings one")
        return [failures("faults_crowding", 1, "no nginx here", 0)]
    size = (60, 5.0, 100) if SHORT else (500, 300.0, 10_000)
    found = crowding.run(stripe, slow=size[0], seconds=size[1], bells=size[2])
    print(found, *found.failures()[:20], sep="\n")
    n, beside = len(found.crowded), f"honest clicks beside {found.slow} slow clients and {size[2]} unsigned bells"
    return [
        failures("faults_crowding", len(found.failures()), beside, n),
        Figure("faults_crowding_p99", found.p99, "ms", f"{outage.percentile(found.calm, 0.99):.0f} ms before", n),
        Figure("faults_crowding_growth", found.growth, "MiB", "all workers together", 1),
    ]


def fail_to_store(stripe: StripeServer) -> list[Figure]:
    """The bucket fails at every fourth request while 150 uploads and 1,000 clicks go on, and six workers die."""
    size = (12, 60, 1, (1, 5)) if SHORT else (150, 1000, 6, (1, 10, 100))
    found = storage.run(uploads=size[0], clicked=size[1], hangs=size[2], nth=size[3])
    print(found, *found.failures()[:20], sep="\n")
    beside = (
        f"{found.uploads} uploads and {found.clicks} clicks while the bucket failed {sum(found.failed.values())} times"
    )
    return [
        failures("faults_storage_refused", len(found.refused), f"{beside}: clicks refused", found.clicks),
        failures(
            "faults_storage_unfinished", len(found.unfinished), f"{beside}: uploads that never served", found.uploads
        ),
        failures(
            "faults_storage_wrong", len(found.wrong), f"{beside}: other bytes, or a URL without a row", found.uploads
        ),
        Figure("faults_storage_click_p99", outage.percentile(found.times, 0.99), "ms", beside, found.clicks),
    ]


def lose_parts(stripe: StripeServer) -> list[Figure]:
    """The cache, the mail server and the worker go away one by one, and a disk under PostgreSQL fills up."""
    size = (2, 12, (1, 4), 600, 30, 10) if SHORT else (20, 200, (1, 10, 100), 50_000, 500, 100)
    found = parts.Outcome()
    parts.without_cache(found, rounds=size[0])
    fresh(stripe)
    parts.while_mail_dies(found, notices=size[1], nth=size[2])
    fresh(stripe)
    parts.after_a_rest(found, stripe, bells=size[3], customers=size[4])
    parts.on_a_full_disk(found, rounds=size[5])
    print(found, *found.wrong[:20], sep="\n")
    return [
        failures(
            "faults_parts",
            len(found.wrong),
            "what was tried without a cache, mail, worker, disk",
            sum(found.tried.values()),
        ),
        Figure(
            "faults_parts_backlog",
            found.seconds["backlog"],
            "s",
            f"{size[3]} bells drained after an hour's rest",
            size[3],
        ),
    ]


def bring_back(stripe: StripeServer) -> list[Figure]:
    """A database of 100,000 people, 10,000 of them customers, is dumped, lives on, is dropped, and comes back by what the docs say."""
    size = (2_000, 100, 100) if SHORT else (100_000, 10_000, 3_000)
    found = recovery.run(stripe, people=size[0], customers=size[1], moves=size[2])
    print(found, *found.wrong[:20], sep="\n")
    beside = (
        f"{found.people} people, {found.customers} customers, {found.size / 2**20:.0f} MiB dumped, dropped and restored"
    )
    return [
        failures("faults_recovery", len(found.wrong), beside, found.rows),
        Figure("faults_recovery_took", found.back_after, "s", beside, found.rows),
    ]


def put_in(stripe: StripeServer) -> list[Figure]:
    """The version before the newest migration is upgraded to this one under traffic, as the docs say."""
    found = upgrade.run(stripe, seconds=5 if SHORT else 60)
    print(found, *found.failures()[:20], sep="\n")
    n = sum(found.answers.values())
    return [
        failures("faults_upgrade", len(found.failures()), "requests while a new version was put in", n),
        Figure("faults_upgrade_slowest", found.slowest, "s", "the longest that anybody waited", n),
    ]


RUNS: dict[str, Callable[[StripeServer], list[Figure]]] = {
    "edges": ask_at_edges,
    "orders": walk_orders,
    "lives": play_lives,
    "silence": be_silent,
    "checkouts": check_out,
    "outage": go_out,
    "deliveries": deliver,
    "requests": send_anything,
    "restarts": restart,
    "crowding": crowd_in,
    "storage": fail_to_store,
    "parts": lose_parts,
    "recovery": bring_back,
    "upgrade": put_in,
}


def failures(name: str, count: int, against: str, n: int) -> Figure:
    """A count of what went wrong, out of n that were tried: none tried is a failure too."""
    return Figure(name, count if n else 1, "failures", against, n)


def crowd(count: int) -> list[int]:
    return [build.person().pk for _ in range(count)]


def fresh(stripe: StripeServer) -> None:
    call_command("flush", verbosity=0, interactive=False)
    stripe.reset()


def main(wanted: list[str]) -> int:
    wanted = [name for name in wanted if name != "--short"]
    if "--list" in wanted:
        print(*(f"{name:12} {run.__doc__}" for name, run in RUNS.items()), sep="\n")
        return 0
    if unknown := set(wanted) - set(RUNS):
        print(f"No run is called {', '.join(sorted(unknown))}. There are: {', '.join(RUNS)}.")
        return 2
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # A thousand people are made.
    logging.disable(logging.CRITICAL)  # Thousands of failures are meant, and each would write a page.
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    wrong = 0.0
    with tempfile.TemporaryDirectory() as folder, stripe_server(Path(folder)) as stripe:
        for name in wanted or RUNS:
            fresh(stripe)
            began = time.monotonic()
            print(f"--- {name}", flush=True)
            figures = RUNS[name](stripe)
            if not SHORT:
                write(figures)
            print(*figures, f"{time.monotonic() - began:.0f} s", sep="\n", flush=True)
            wrong += sum(figure.value for figure in figures if figure.unit == "failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
