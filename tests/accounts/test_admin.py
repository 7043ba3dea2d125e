"""Olga looks after people; Hugo helps, and cannot make himself an owner."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import Farewell, User
from tests import build
from tests.accounts import authenticator
from tests.conftest import ClientFor


@pytest.fixture
def helper(db: None) -> User:
    """Hugo may look at and change people."""
    hugo = build.person("hugo@example.com", is_staff=True)
    hugo.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "delete_user"]))
    return hugo


def path(person: User, page: str = "change") -> str:
    return f"/admin/accounts/user/{person.pk}/{page}/"


def test_the_owner_finds_a_person_by_part_of_the_address_or_the_name(owner: User, newcomer: User) -> None:
    User.objects.filter(pk=newcomer.pk).update(name="Nadia Okafor")
    browser = ClientFor(owner)
    for query in ("nadia@", "okafor"):
        page = browser.get("/admin/accounts/user/", {"q": query}).content.decode()
        assert "nadia@example.com" in page
        assert path(owner) not in page


def test_the_list_of_people_asks_no_more_for_more_people(
    owner: User, newcomer: User, django_assert_max_num_queries: object
) -> None:
    browser = ClientFor(owner)
    for _ in range(30):
        build.person()
    with django_assert_max_num_queries(14):
        browser.get("/admin/accounts/user/")


def test_the_owner_adds_a_person_who_then_confirms(owner: User) -> None:
    answers = {"email": "new@example.com", "name": "New", "usable_password": "true"}
    answers |= {"password1": build.PASSWORD, "password2": build.PASSWORD}
    assert ClientFor(owner).post("/admin/accounts/user/add/", answers).status_code == 302
    assert User.objects.get(email="new@example.com").check_password(build.PASSWORD)


def test_the_owner_sees_no_password_and_no_secret(owner: User, newcomer: User) -> None:
    secret = authenticator.enrol(newcomer)
    browser = ClientFor(owner)
    page = browser.get(path(newcomer)).content.decode()
    assert newcomer.password not in page
    assert secret not in page
    for hidden in ("/admin/mfa/authenticator/", "/admin/usersessions/usersession/", "/admin/account/emailaddress/"):
        assert browser.get(hidden).status_code == 404


def test_the_owner_bans_a_person(owner: User, newcomer: User) -> None:
    answers = {"name": "", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert ClientFor(owner).post(path(newcomer), answers).status_code == 302
    newcomer.refresh_from_db()
    assert not newcomer.is_active
    assert newcomer.email == "nadia@example.com"


def test_a_helper_cannot_raise_anybody(helper: User, newcomer: User) -> None:
    answers = {
        "name": "N",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [],
        "user_permissions": ["1"],
    }
    assert ClientFor(helper).post(path(newcomer), answers).status_code == 302
    newcomer.refresh_from_db()
    assert newcomer.name == "N"
    assert not newcomer.is_staff
    assert not newcomer.is_superuser
    assert not newcomer.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "password", "delete"])
def test_a_helper_cannot_touch_staff(helper: User, owner: User, page: str) -> None:
    answers = {"name": "taken", "password1": "taken over now", "password2": "taken over now", "post": "yes"}
    assert ClientFor(helper).post(path(owner, page), answers).status_code == 403
    owner.refresh_from_db()
    assert owner.check_password(build.PASSWORD)


def test_a_helper_without_the_permission_sees_nothing(newcomer: User) -> None:
    stranger = build.person("greta@example.com", is_staff=True)
    assert ClientFor(stranger).get("/admin/accounts/user/").status_code == 403


def test_owner_deletes_nobody_who_would_go_on_paying_c136(owner: User, subscriber: User) -> None:
    desk = ClientFor(owner)
    answer = desk.post(f"/admin/accounts/user/{subscriber.pk}/delete/", {"post": "yes"}, follow=True)
    assert "their plan is still running" in answer.content.decode()
    assert User.objects.filter(pk=subscriber.pk).exists()


def test_person_deleted_by_the_owner_is_told_and_nothing_waits_to_be_claimed(owner: User, lapsed: User) -> None:
    customer = lapsed.customers.get()
    ClientFor(owner).post(f"/admin/accounts/user/{lapsed.pk}/delete/", {"post": "yes"})
    customer.refresh_from_db()
    assert (customer.user, customer.current) == (None, False)
    assert Farewell.objects.get().address == "lara@example.com"
