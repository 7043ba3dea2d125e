"""Subscription schedules."""

from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import invalid, needs
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.shapes import schedules
from sandbox.stripe.terms import Object, after, period_end, period_start
from sandbox.stripe.world import World

PHASES = (
    "phases[].items[].price phases[].items[].quantity phases[].iterations phases[].end_date phases[].start_date "
    "phases[].duration.interval phases[].duration.interval_count phases[].proration_behavior phases[].metadata.* "
)


@route("POST", "subscription_schedules")
def create_schedule(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "customer from_subscription start_date end_behavior metadata.* expand[] " + PHASES)
    if params.get("from_subscription"):
        one = world.store.get("subscription", params["from_subscription"], "from_subscription")
        items = [(entry["price"], entry["quantity"]) for entry in one["items"]["data"]]
        phase = schedules.phase(period_start(one), period_end(one), items)
        return world.start_schedule(one["customer"], [phase], end_behavior="release", of=one)
    if not params.get("customer"):
        raise needs("customer")
    if not params.get("phases"):
        raise needs("phases")
    start = params.get("start_date", "now")
    begin = world.now_of(params["customer"]) if start == "now" else integer(params, "start_date")
    phases = phases_asked(world, params["phases"], begin)
    made = world.start_schedule(params["customer"], phases, end_behavior=params.get("end_behavior", "release"))
    return world.change(made, None, metadata=params.get("metadata") or {})


def phases_asked(world: World, asked: list[Object], begin: int) -> list[Object]:
    phases = []
    for wish in asked:
        items = [
            (world.store.get("price", row.get("price", ""), "phases[0][items][0][price]"), integer(row, "quantity", 1))
            for row in wish.get("items") or []
        ]
        if not items:
            raise needs("phases[0][items]")
        end = begin
        if wish.get("end_date"):
            end = integer(wish, "end_date")
        elif length := wish.get("duration"):
            end = after(begin, {"interval": length["interval"], "interval_count": int(length.get("interval_count", 1))})
        else:
            for _ in range(integer(wish, "iterations", 1, low=1)):
                end = after(end, items[0][0]["recurring"])
        if end <= begin:
            raise invalid("phases", "A phase must end after it starts.")
        phases.append(schedules.phase(begin, end, items, wish.get("proration_behavior", "create_prorations")))
        begin = end
    return phases


@route("GET", "subscription_schedules")
def list_schedules(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "subscription_schedule", "/v1/subscription_schedules", own="customer")


@route("POST", "subscription_schedules/{}")
def update_schedule(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "end_behavior metadata.* proration_behavior expand[] " + PHASES)
    found = world.store.get("subscription_schedule", ids[0])
    fields = {"end_behavior": params["end_behavior"]} if params.get("end_behavior") else {}
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if params.get("phases"):
        fields["phases"] = phases_asked(world, params["phases"], found["phases"][0]["start_date"])
    return world.change(found, "subscription_schedule.updated", **fields)


@route("POST", "subscription_schedules/{}/release")
def release_schedule(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "preserve_cancel_date expand[]")
    found = world.store.get("subscription_schedule", ids[0])
    if found["status"] not in ("not_started", "active"):
        raise invalid("schedule", f"You cannot release a subscription schedule that is {found['status']}.")
    return world.let_go(found)


@route("POST", "subscription_schedules/{}/cancel")
def cancel_schedule(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "invoice_now prorate expand[]")
    return world.cancel_schedule(world.store.get("subscription_schedule", ids[0]))


retrievable("subscription_schedules", "subscription_schedule")
