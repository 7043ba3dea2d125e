"""What happens in each line of the table of events in docs/billing.md: the story up to the `yield`, and then what rings the bell."""

from collections.abc import Callable

from tests.billing.life import Act, Life, Story

STORIES: dict[tuple[str, str], Act] = {}


def story(event: str, when: str) -> Callable[[Act], Act]:
    def told(act: Act) -> Act:
        assert (event, when) not in STORIES
        STORIES[event, when] = act
        return act

    return told


# --- Checkout ---------------------------------------------------------------------------------


@story("checkout.session.completed", "a plan was paid")
@story("customer.subscription.created", "paid")
def pays(life: Life) -> Story:
    yield
    life.subscribe()


@story("checkout.session.completed", "bought outright and paid")
def buys(life: Life) -> Story:
    yield
    life.buy()


@story("checkout.session.completed", "bought outright by bank debit, which takes days")
def promises(life: Life) -> Story:
    yield
    life.buy("async")


@story("checkout.session.async_payment_succeeded", "the bank debit arrived")
def debit_arrives(life: Life) -> Story:
    life.buy("async")
    yield
    life.days(5)


@story("checkout.session.async_payment_failed", "the bank debit did not arrive")
def debit_comes_back(life: Life) -> Story:
    life.buy("async", fails="on")
    yield
    life.days(5)


@story("checkout.session.completed", "a trial without a card")
@story("invoice.paid", "nothing was due: a trial's first invoice")
def tries(life: Life) -> Story:
    yield
    life.start_trial(card="none")


@story("customer.subscription.created", "the first payment was declined")
def is_declined(life: Life) -> Story:
    yield
    life.subscribe_by_api("pm_card_chargeCustomerFail")
    assert life.subscription["status"] == "incomplete"


@story("checkout.session.expired", "nobody paid")
def leaves(life: Life) -> Story:
    life.buy("leave")
    yield
    life.days(2)


# --- A subscription's life --------------------------------------------------------------------


@story("customer.subscription.updated", "renewed")
def renews(life: Life) -> Story:
    life.subscribe()
    yield
    life.to_the_end_of_the_period()


@story("customer.subscription.updated", "cancelled in the portal, the period still runs")
def cancels(life: Life) -> Story:
    life.subscribe()
    yield
    life.portal(act="cancel", subscription=life.subscription["id"])
    assert life.subscription["cancel_at_period_end"] is False
    assert life.subscription["cancel_at"]


@story("customer.subscription.updated", "the cancellation was undone")
def undoes(life: Life) -> Story:
    life.subscribe()
    life.portal(act="cancel", subscription=life.subscription["id"])
    yield
    life.portal(act="undo", subscription=life.subscription["id"])


@story("customer.subscription.deleted", "cancelled, and the period is over")
def runs_out(life: Life) -> Story:
    life.subscribe()
    life.portal(act="cancel", subscription=life.subscription["id"])
    yield
    life.to_the_end_of_the_period()


@story("customer.subscription.deleted", "ended at once")
def is_ended(life: Life) -> Story:
    subscription = life.subscribe()
    yield
    life.call("DELETE", f"subscriptions/{subscription['id']}")


@story("customer.subscription.deleted", "dunning ended in `canceled`")
def never_mends(life: Life) -> Story:
    life.subscribe()
    life.card("declines")
    life.to_the_end_of_the_period()
    yield
    life.days(20)


@story("customer.subscription.updated", "a renewal failed, the grace runs")
@story("invoice.payment_failed", "a renewal failed")
def renewal_fails(life: Life) -> Story:
    life.subscribe()
    life.card("declines")
    yield
    life.to_the_end_of_the_period()
    assert life.subscription["status"] == "past_due"


@story("invoice.payment_action_required", "the bank wants the renewal confirmed")
def bank_asks(life: Life) -> Story:
    life.subscribe()
    life.card("3ds")
    yield
    life.to_the_end_of_the_period()


@story("customer.updated", "another address at Stripe")
def moves(life: Life) -> Story:
    life.subscribe()
    yield
    life.call("POST", f"customers/{life.customer['id']}", email="elsewhere@example.com")


@story("customer.deleted", "holding a plan")
def is_deleted(life: Life) -> Story:
    life.subscribe()
    yield
    life.call("DELETE", f"customers/{life.customer['id']}")


@story("customer.deleted", "holding a purchase")
def is_deleted_as_owner(life: Life) -> Story:
    life.buy()
    yield
    life.call("DELETE", f"customers/{life.customer['id']}")


@story("customer.subscription.updated", "a trial ended and the card was charged")
def trial_turns(life: Life) -> Story:
    life.start_trial(card="good")
    yield
    life.days(15)
    assert life.subscription["status"] == "active"


@story("customer.subscription.trial_will_end", "three days before")
def trial_nears_its_end(life: Life) -> Story:
    life.start_trial(card="good")
    yield
    life.days(12)


@story("customer.subscription.updated", "switched to another plan")
def switches(life: Life) -> Story:
    life.subscribe()
    other = life.till.sell("Patron", amount=2400)
    yield
    life.change(items=[{"id": life.subscription["items"]["data"][0]["id"], "price": other.stripe_id}])


@story("customer.subscription.pending_update_applied", "a switch was paid")
def switch_is_confirmed(life: Life) -> Story:
    life.switch_that_waits()
    yield
    life.pay_open_invoice()


@story("customer.subscription.pending_update_expired", "a switch was not paid")
def switch_is_forgotten(life: Life) -> Story:
    life.switch_that_waits()
    yield
    life.days(2)


@story("customer.subscription.updated", "dunning ended in `unpaid`")
def ends_unpaid(life: Life) -> Story:
    life.world.configure(final_failure="unpaid")
    life.owe()
    yield
    life.days(20)
    assert life.subscription["status"] == "unpaid"


@story("customer.subscription.updated", "the first payment never came")
def gives_up(life: Life) -> Story:
    life.subscribe_by_api("pm_card_chargeCustomerFail")
    yield
    life.days(1)
    assert life.subscription["status"] == "incomplete_expired"


@story("customer.subscription.updated", "collection was paused")
def is_spared(life: Life) -> Story:
    life.subscribe()
    yield
    life.change(pause_collection={"behavior": "void"})


@story("customer.subscription.paused", "the customer asked for it")
def pauses(life: Life) -> Story:
    life.subscribe()
    yield
    life.pause()


@story("customer.subscription.paused", "a trial ended without a card")
def trial_pauses(life: Life) -> Story:
    life.start_trial(card="none", missing_payment_method="pause")
    yield
    life.days(15)


@story("customer.subscription.paused", "the last try to collect failed")
def dunning_pauses(life: Life) -> Story:
    life.world.configure(final_failure="pause")
    life.owe()
    yield
    life.days(20)


@story("customer.subscription.resumed", "resumed")
def resumes(life: Life) -> Story:
    life.subscribe()
    life.pause()
    yield
    life.call("POST", f"subscriptions/{life.subscription['id']}/resume")


@story("invoice.paid", "a missing payment came within the grace")
def mends_in_time(life: Life) -> Story:
    life.owe()
    yield
    life.card("good")
    life.pay_open_invoice()


@story("invoice.paid", "a missing payment came after access had closed")
def mends_too_late(life: Life) -> Story:
    life.world.configure(final_failure="unpaid")
    life.owe()
    life.days(20)
    yield
    life.card("good")
    life.pay_open_invoice()


@story("invoice.finalization_failed", "a tax address is missing")
def cannot_be_taxed(life: Life) -> Story:
    life.subscribe()
    life.change(automatic_tax={"enabled": True})
    yield
    life.to_the_end_of_the_period()


@story("invoice.voided", "the owner forgave what was open")
def is_forgiven(life: Life) -> Story:
    life.owe()
    yield
    life.call("POST", f"invoices/{life.open_invoice['id']}/void")


@story("invoice.marked_uncollectible", "the owner gave up what was open")
def is_given_up(life: Life) -> Story:
    life.owe()
    yield
    life.call("POST", f"invoices/{life.open_invoice['id']}/mark_uncollectible")


@story("invoice.upcoming", "a renewal comes")
def renewal_nears(life: Life) -> Story:
    life.subscribe()
    yield
    life.to_the_end_of_the_period(and_hours=-24)


@story("payment_method.attached", "a new card")
def changes_card(life: Life) -> Story:
    life.subscribe()
    yield
    life.portal(card="good")


@story("price.updated", "the price was withdrawn from sale")
def price_is_withdrawn(life: Life) -> Story:
    life.subscribe()
    yield
    life.call("POST", f"prices/{life.subscription['items']['data'][0]['price']['id']}", active=False)


@story("product.updated", "the product was withdrawn from sale")
def product_is_withdrawn(life: Life) -> Story:
    life.subscribe()
    yield
    life.call("POST", f"products/{life.subscription['items']['data'][0]['price']['product']}", active=False)


# --- Money that goes back ---------------------------------------------------------------------


@story("charge.refunded", "a purchase, in full")
def purchase_refunded(life: Life) -> Story:
    life.buy()
    yield
    life.refund()


@story("charge.refunded", "a purchase, in part")
def purchase_refunded_in_part(life: Life) -> Story:
    life.buy()
    yield
    life.refund(500)


@story("charge.refunded", "a plan's latest payment, in full")
def plan_refunded(life: Life) -> Story:
    life.subscribe()
    yield
    life.refund()


@story("charge.refunded", "a plan's latest payment, in part")
def plan_refunded_in_part(life: Life) -> Story:
    life.subscribe()
    yield
    life.refund(500)


@story("refund.failed", "a purchase's full refund came back")
def purchase_refund_fails(life: Life) -> Story:
    life.buy()
    refund = life.refund()
    yield
    life.world.settle_refund(refund, succeeds=False)


@story("refund.failed", "a plan's full refund came back")
def plan_refund_fails(life: Life) -> Story:
    life.subscribe()
    refund = life.refund()
    yield
    life.world.settle_refund(refund, succeeds=False)


@story("charge.dispute.created", "of a purchase")
def purchase_is_disputed(life: Life) -> Story:
    life.buy()
    yield
    life.world.dispute(life.charge)


@story("charge.dispute.created", "of a plan's latest payment")
def plan_is_disputed(life: Life) -> Story:
    life.subscribe()
    yield
    life.world.dispute(life.charge)


@story("charge.dispute.created", "a mere inquiry")
def bank_inquires(life: Life) -> Story:
    life.subscribe()
    yield
    life.world.dispute(life.charge, inquiry=True)


@story("charge.dispute.closed", "won")
def dispute_is_won(life: Life) -> Story:
    life.subscribe()
    dispute = life.world.dispute(life.charge)
    yield
    life.world.decide(dispute, "won")


@story("charge.dispute.closed", "lost")
def dispute_is_lost(life: Life) -> Story:
    life.subscribe()
    dispute = life.world.dispute(life.charge)
    yield
    life.world.decide(dispute, "lost")


@story("charge.dispute.closed", "the inquiry ended")
def inquiry_ends(life: Life) -> Story:
    life.subscribe()
    dispute = life.world.dispute(life.charge, inquiry=True)
    yield
    life.world.decide(dispute, "warning_closed")


@story("radar.early_fraud_warning.created", "the owner is told")
def bank_warns(life: Life) -> Story:
    life.subscribe()
    yield
    life.world.warn_of_fraud(life.charge)
