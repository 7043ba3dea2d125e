"""A missing or wrong variable stops the start with its name, what is wrong, and an example that would work."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.house.scene import LEAST, start

WRONG = [
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "a" * 60),
    ("SITE_URL", "learn.example.com"),
    ("SITE_URL", "https://learn.example.com/path"),
    ("SITE_URL", "ftp://learn.example.com"),
    ("DEBUG", "perhaps"),
    ("MAINTENANCE", "soon"),
    ("DESIGN_PAGE", "perhaps"),
    ("TRUSTED_PROXIES", "one"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "11"),
    ("DATABASE_URL", "mongo://localhost/lectern"),
    ("CACHE_URL", "nothing://"),
    ("EMAIL_URL", "pigeon://loft"),
    ("S3_ADDRESSING_STYLE", "auto"),
    ("S3_ENDPOINT_URL", "s3.example.com"),
    ("S3_ENDPOINT_URL", "https://s3.example.com/bucket"),
    ("S3_READER_ROLE", "lectern-reader"),
    ("DOWNLOAD_TTL", "29"),
    ("DOWNLOAD_TTL", "901"),
    ("DOWNLOAD_TTL", "two minutes"),
    ("STREAM_TTL", "5"),
    ("BUDGET_FACTOR", "0"),
    ("STRIPE_SECRET_KEY", "pk_live_published"),
    ("STRIPE_WEBHOOK_SECRET", "secret"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_short"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_house_only_0123456789,secret"),
    ("STRIPE_API_BASE", "127.0.0.1:8002"),
    ("STRIPE_AUTOMATIC_TAX", "sometimes"),
    ("GRACE_DAYS", "61"),
    ("SILENCE_HOURS", "0"),
    ("STAFF_MFA", "off"),
]


def test_the_least_that_is_needed_starts(tmp_path: Path) -> None:
    found = start(tmp_path, LEAST)
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["learn.example.com"]
    assert found["STAFF_MFA"] == "required"
    assert found["S3_BUCKET_ORIGIN"] == "https://my-library-content.s3.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_each_needed_variable_is_asked_for_by_name(tmp_path: Path, name: str, value: str | None) -> None:
    variables = {other: given for other, given in LEAST.items() if other != name} | (
        {} if value is None else {name: value}
    )
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} is missing\. Example: {name}=\S+"):
        start(tmp_path, variables)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_with_its_name_and_an_example(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} .+\. Example: {name}=\S+"):
        start(tmp_path, LEAST | {name: value})


@pytest.mark.parametrize("name", [name for name in LEAST if not name.startswith(("STRIPE", "SECRET_KEY"))])
def test_the_example_in_a_refusal_starts_the_site(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        start(tmp_path, LEAST | {name: ""})
    example = re.search(rf"Example: {name}=(\S+)", str(refusal.value))
    assert example is not None
    start(tmp_path, LEAST | {name: example[1]})


@pytest.mark.parametrize("secret", ["SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_a_refusal_never_repeats_a_secret(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        start(tmp_path, LEAST | {secret: "hunter2-hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    found = start(tmp_path, LEAST | {"DOWNLOAD_TTL": "60"}, dotenv="DOWNLOAD_TTL=300\nSTREAM_TTL=300\n")
    assert (found["DOWNLOAD_TTL"], found["STREAM_TTL"]) == (60, 300)


def test_a_variable_set_to_nothing_counts_as_unset(tmp_path: Path) -> None:
    found = start(tmp_path, LEAST | {"DOWNLOAD_TTL": "", "DATABASE_URL": "", "MEDIA_BUCKET": ""})
    assert found["DOWNLOAD_TTL"] == 120
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"


def test_several_webhook_secrets_hold_while_rotating(tmp_path: Path) -> None:
    both = ["whsec_new_0123456789abcdef", "whsec_old_0123456789abcdef"]
    assert start(tmp_path, LEAST | {"STRIPE_WEBHOOK_SECRET": ", ".join(both)})["STRIPE_WEBHOOK_SECRETS"] == both


def test_https_makes_cookies_that_no_sibling_host_can_set(tmp_path: Path) -> None:
    found = start(tmp_path, LEAST)
    for kind in ("SESSION", "CSRF"):
        assert found[f"{kind}_COOKIE_NAME"].startswith("__Host-")
        assert found[f"{kind}_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    plain = start(tmp_path, LEAST | {"SITE_URL": "http://127.0.0.1:8000"})
    assert (plain["SESSION_COOKIE_NAME"], plain["SECURE_HSTS_SECONDS"]) == ("session", 0)


def test_the_policy_allows_no_inline_code_and_only_hosts_that_are_needed(tmp_path: Path) -> None:
    policy = start(tmp_path, LEAST)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert not [word for words in policy.values() for word in words if "unsafe" in word or "*" in word]
    assert "https://checkout.stripe.com" in policy["form-action"]
    bucket = "https://my-library-content.s3.eu-central-1.amazonaws.com"
    assert bucket in policy["connect-src"]
    assert bucket in policy["media-src"]


def test_forwarded_headers_are_believed_only_behind_a_proxy(tmp_path: Path) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in start(tmp_path, LEAST)
    assert start(tmp_path, LEAST | {"TRUSTED_PROXIES": "1"})["SECURE_PROXY_SSL_HEADER"] == (
        "HTTP_X_FORWARDED_PROTO",
        "https",
    )


def test_a_role_stands_in_for_a_pair_of_keys(tmp_path: Path) -> None:
    arn = "arn:aws:iam::123456789012:role/lectern-reader"
    without = {name: value for name, value in LEAST.items() if not name.startswith("S3_READER")}
    found = start(tmp_path, without | {"S3_READER_ROLE": arn})
    assert found["S3_ROLES"] == {"reader": arn}
    assert found["S3_IDENTITIES"].keys() == {"writer", "keeper"}
    assert found["S3_OWNER"] is None


def test_the_owners_keys_are_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    assert start(tmp_path, LEAST | {"S3_OWNER_KEY_ID": "ASIAEXAMPLE"})["S3_OWNER"] is None
    both = {"S3_OWNER_KEY_ID": "ASIAEXAMPLE", "S3_OWNER_SECRET": "s", "S3_OWNER_TOKEN": "t"}
    assert start(tmp_path, LEAST | both)["S3_OWNER"] == ("ASIAEXAMPLE", "s", "t")
