"""Every setting of Lectern. This file is the only reader of the environment; docs/configuration.md lists each variable.

A variable set to nothing counts as unset. A missing or wrong value stops the start with its name and an example.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import Env

from config.env import address, between, gather, needed, one_of, origin, read, refuse, role_arn

BASE_DIR = Path(__file__).resolve().parent.parent

gather(BASE_DIR / ".env")
env = Env()
# Where the site keeps what is its own on this machine: the SQLite database, static files, covers.
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()


# --- The site -------------------------------------------------------------------------------------

DEBUG = read(env.bool, "DEBUG", "false", default=False)
SECRET_KEY = needed("SECRET_KEY", env.str("SECRET_KEY", ""), "a-random-string-of-fifty-characters-or-more")
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise refuse("SECRET_KEY", "is too short or too plain to sign with", "the-output-of: openssl rand -base64 48")
SITE_URL = origin(
    "SITE_URL", needed("SITE_URL", env.str("SITE_URL", ""), "https://learn.example.com"), "https://learn.example.com"
)
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [str(urlsplit(SITE_URL).hostname)])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = between("TRUSTED_PROXIES", read(env.int, "TRUSTED_PROXIES", "1", default=0), low=0, high=10)
MAINTENANCE = read(env.bool, "MAINTENANCE", "false", default=False)
# The page of examples of our design; the demo has it.
DESIGN_PAGE = read(env.bool, "DESIGN_PAGE", "false", default=False)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "accounts",
    "courses",
    "billing",
    "config",
    "config.admin_config.LecternAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tasks",
    "django_tasks_db",
    "storages",
    "csp",
]

MIDDLEWARE = [
    "config.middleware.LettingGoMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.IsolationMiddleware",
    "config.middleware.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.middleware.ImpossibleValuesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PrivateAccountMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]


# --- Database, cache, mail ------------------------------------------------------------------------

DATABASES = {
    "default": read(
        env.dj_db_url,
        "DATABASE_URL",
        "postgres://lectern:password@localhost/lectern",
        default=f"sqlite:///{VAR_DIR / 'lectern.sqlite3'}",
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN, so two writers queue instead of failing half-way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
CACHES = {"default": read(env.dj_cache_url, "CACHE_URL", "redis://localhost:6379/0", default="db://lectern_cache")}
if CACHES["default"]["BACKEND"].endswith(("DatabaseCache", "LocMemCache")):
    # The default of 300 would let a stranger push the sign-in limits of others out of the cache.
    CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 100_000)
# A task is a row in the database, so that it exists exactly if the transaction it was made in does. `manage.py work` runs it.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

EMAIL_EXAMPLE = "submission://user:password@mail.example.com:587"
email = read(env.dj_email_url, "EMAIL_URL", EMAIL_EXAMPLE, default="console:" if DEBUG else "")
EMAIL_BACKEND = needed("EMAIL_URL", email.get("EMAIL_BACKEND"), EMAIL_EXAMPLE)
EMAIL_HOST, EMAIL_PORT = email.get("EMAIL_HOST"), email.get("EMAIL_PORT")
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = email.get("EMAIL_HOST_USER"), email.get("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS, EMAIL_USE_SSL = email.get("EMAIL_USE_TLS", False), email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
if EMAIL_BACKEND.endswith("filebased.EmailBackend"):
    EMAIL_FILE_PATH = email["EMAIL_FILE_PATH"]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Lectern <hello@{urlsplit(SITE_URL).hostname}>")
SUPPORT_EMAIL = address("SUPPORT_EMAIL", env.str("SUPPORT_EMAIL", ""), "help@learn.example.com")


# --- The bucket -----------------------------------------------------------------------------------

S3_BUCKET = needed("S3_BUCKET", env.str("S3_BUCKET", ""), "my-library-content")
S3_REGION = needed("S3_REGION", env.str("S3_REGION", ""), "eu-central-1")
S3_ADDRESSING_STYLE = one_of("S3_ADDRESSING_STYLE", env.str("S3_ADDRESSING_STYLE", "virtual"), "virtual", "path")
S3_ENDPOINT_URL = origin(
    "S3_ENDPOINT_URL",
    env.str("S3_ENDPOINT_URL", f"https://s3.{S3_REGION}.amazonaws.com"),
    "https://s3.eu-central-1.amazonaws.com",
)
# Each signer is a pair of keys, or a role of Amazon's whose temporary keys the site fetches itself.
S3_ROLES = {
    role.lower(): arn
    for role in ("READER", "WRITER", "KEEPER")
    if (arn := role_arn(f"S3_{role}_ROLE", env.str(f"S3_{role}_ROLE", "")))
}
S3_IDENTITIES = {
    role.lower(): (
        needed(f"S3_{role}_KEY_ID", env.str(f"S3_{role}_KEY_ID", ""), "AKIAIOSFODNN7EXAMPLE"),
        needed(f"S3_{role}_SECRET", env.str(f"S3_{role}_SECRET", ""), "the-secret-of-that-key"),
    )
    for role in ("READER", "WRITER", "KEEPER")
    if role.lower() not in S3_ROLES
}
# The reader has two slots, so that a new key signs before the old one is switched off; docs/links.md tells how to rotate.
READER_SLOT = one_of("S3_READER_SLOT", env.str("S3_READER_SLOT", "1"), "1", "2")
S3_READER_KEYS = dict([S3_IDENTITIES["reader"]] if "reader" in S3_IDENTITIES else [])
S3_SPARE_READER: tuple[str, str] | None = None
if "reader" in S3_IDENTITIES and (env.str("S3_READER_2_KEY_ID", "") or READER_SLOT == "2"):
    second = (
        needed("S3_READER_2_KEY_ID", env.str("S3_READER_2_KEY_ID", ""), "AKIAI2READER7EXAMPLE"),
        needed("S3_READER_2_SECRET", env.str("S3_READER_2_SECRET", ""), "the-secret-of-that-key"),
    )
    S3_READER_KEYS |= dict([second])
    S3_SPARE_READER = second
    if READER_SLOT == "2":
        S3_SPARE_READER, S3_IDENTITIES["reader"] = S3_IDENTITIES["reader"], second
# The bucket's access log, if one is kept: where its objects lie.
S3_LOG_BUCKET = env.str("S3_LOG_BUCKET", "")
S3_LOG_PREFIX = env.str("S3_LOG_PREFIX", "")
# For one run of `manage.py doctor --fix` alone: a key that may set the bucket's own configuration. No page and no task uses it.
owner = (env.str("S3_OWNER_KEY_ID", ""), env.str("S3_OWNER_SECRET", ""), env.str("S3_OWNER_TOKEN", ""))
S3_OWNER = owner if owner[0] and owner[1] else None
DOWNLOAD_TTL = between("DOWNLOAD_TTL", read(env.int, "DOWNLOAD_TTL", "120", default=120), low=30, high=900)
STREAM_TTL = between("STREAM_TTL", read(env.int, "STREAM_TTL", "900", default=900), low=30, high=900)
UPLOAD_TTL = 900
MEDIA_BUCKET = env.str("MEDIA_BUCKET", "")
# Budgets per person are multiplied by this; the demo sets 10, so that scripts may hurry.
BUDGET_FACTOR = between("BUDGET_FACTOR", read(env.int, "BUDGET_FACTOR", "1", default=1), low=1, high=1000)
# A file counts once in its window, however often it is clicked; links count every one. docs/links.md says why these numbers.
BUDGETS = {
    "LINKS_PER_MINUTE": read(env.int, "LINKS_PER_MINUTE", "120", default=120),
    "LINKS_PER_DAY": read(env.int, "LINKS_PER_DAY", "3000", default=3000),
    "FILES_PER_TEN_MINUTES": read(env.int, "FILES_PER_TEN_MINUTES", "120", default=120),
    "FILES_PER_DAY": read(env.int, "FILES_PER_DAY", "300", default=300),
    "TITLES_PER_DAY": read(env.int, "TITLES_PER_DAY", "60", default=60),
}
BUDGETS = {name: BUDGET_FACTOR * between(name, number, low=1, high=1_000_000) for name, number in BUDGETS.items()}
# For so many days it is kept from where a link was asked and fetched.
TRACE_DAYS = between("TRACE_DAYS", read(env.int, "TRACE_DAYS", "30", default=30), low=1, high=365)

bucket_scheme, bucket_host = S3_ENDPOINT_URL.split("://")
S3_BUCKET_ORIGIN = (
    f"{bucket_scheme}://{S3_BUCKET}.{bucket_host}" if S3_ADDRESSING_STYLE == "virtual" else S3_ENDPOINT_URL
)


# --- Stripe ---------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = needed("STRIPE_SECRET_KEY", env.str("STRIPE_SECRET_KEY", ""), "sk_live_...")
if not STRIPE_SECRET_KEY.startswith(("sk_live_", "sk_test_", "rk_live_", "rk_test_")):
    raise refuse("STRIPE_SECRET_KEY", "does not look like a secret or restricted key of Stripe", "sk_live_...")
STRIPE_LIVEMODE = "_live_" in STRIPE_SECRET_KEY
STRIPE_WEBHOOK_SECRETS = [secret.strip() for secret in env.list("STRIPE_WEBHOOK_SECRET", [], subcast=str)]
if not STRIPE_WEBHOOK_SECRETS:
    raise refuse("STRIPE_WEBHOOK_SECRET", "is missing", "whsec_...")
for secret in STRIPE_WEBHOOK_SECRETS:
    if not secret.startswith("whsec_") or len(secret) < 22:
        raise refuse("STRIPE_WEBHOOK_SECRET", "must start with whsec_ and be at least 22 characters long", "whsec_...")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")
if STRIPE_API_BASE:
    STRIPE_API_BASE = origin("STRIPE_API_BASE", STRIPE_API_BASE, "http://127.0.0.1:8002")
STRIPE_AUTOMATIC_TAX = read(env.bool, "STRIPE_AUTOMATIC_TAX", "false", default=False)
STRIPE_PAUSE = read(env.bool, "STRIPE_PAUSE", "false", default=False)
STRIPE_PROMOTION_CODES = read(env.bool, "STRIPE_PROMOTION_CODES", "true", default=True)
GRACE_DAYS = between("GRACE_DAYS", read(env.int, "GRACE_DAYS", "7", default=7), low=0, high=60)
SILENCE_HOURS = between("SILENCE_HOURS", read(env.int, "SILENCE_HOURS", "48", default=48), low=1, high=720)


# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
STAFF_MFA = one_of("STAFF_MFA", env.str("STAFF_MFA", "required"), "required", "optional")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "courses:library"
LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "courses:home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Half a log-in waits this long for its mail to be opened (allauth: 15 minutes; mail servers that greylist take longer).
ACCOUNT_LOGIN_TIMEOUT = 3600
# One address a person; a new one counts once it is confirmed, and the old one is told.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_RATE_LIMITS = {
    "change_password": f"{5 * BUDGET_FACTOR}/m/user",
    "change_phone": False,
    "manage_email": f"{10 * BUDGET_FACTOR}/m/user",
    "reset_password": f"{20 * BUDGET_FACTOR}/m/ip,{5 * BUDGET_FACTOR}/m/key",
    "reauthenticate": f"{10 * BUDGET_FACTOR}/m/user",
    "reset_password_from_key": f"{20 * BUDGET_FACTOR}/m/ip",
    "signup": f"{20 * BUDGET_FACTOR}/m/ip",
    "login": f"{30 * BUDGET_FACTOR}/m/ip",
    "login_failed": f"{10 * BUDGET_FACTOR}/m/ip,{5 * BUDGET_FACTOR}/5m/key",
    "confirm_email": f"{1 * BUDGET_FACTOR}/3m/key",
    # A code has six digits and three tries: the hourly limit keeps guessing at one address under 0.1% a day.
    # Looking at a link counts as a try. A purchase's code has 50 bits, of which five tries each may be at the second half.
    "claim": f"{20 * BUDGET_FACTOR}/m/ip,{100 * BUDGET_FACTOR}/h/ip",
    "claim_again": f"{5 * BUDGET_FACTOR}/m/ip,{3 * BUDGET_FACTOR}/h/key",
    "request_login_code": f"{20 * BUDGET_FACTOR}/m/ip,{3 * BUDGET_FACTOR}/m/key,{10 * BUDGET_FACTOR}/h/key",
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateByCodeForm",
    "activate_totp": "accounts.forms.ActivateAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
MFA_ADAPTER = "accounts.adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Nobody gets in without a confirmed address, so one that still waits is no danger; otherwise these people could never move.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Lectern"
# allauth remembers a used code for one period only, so a tolerance would let it be played again.
MFA_TOTP_TOLERANCE = 0
# WebAuthn wants https, and a name: over http browsers allow localhost alone, and no bare address such as 127.0.0.1.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = False


# --- Headers and cookies --------------------------------------------------------------------------

# A __Host- cookie cannot be set or read by a sibling host, such as the bucket's; browsers take it over https only.
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = (
    f"{COOKIE_PREFIX}{name}" for name in ("session", "csrf", "language")
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^livez/$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

MEDIA_ORIGIN = [f"{bucket_scheme}://{MEDIA_BUCKET}.{bucket_host}"] if MEDIA_BUCKET else []
# Chromium holds a form's redirect against form-action, so Checkout's and the portal's hosts are named here.
STRIPE_ORIGINS = [STRIPE_API_BASE] if STRIPE_API_BASE else ["https://checkout.stripe.com", "https://billing.stripe.com"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *MEDIA_ORIGIN],
        "font-src": [SELF],
        "connect-src": [SELF, S3_BUCKET_ORIGIN],
        "media-src": [SELF, S3_BUCKET_ORIGIN],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *STRIPE_ORIGINS],
    }
}


# --- Files ----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static.ModuleStaticFilesStorage"
    },
}
if MEDIA_BUCKET:
    STORAGES["default"] = {"BACKEND": "courses.storage.covers.CoverStorage"}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = not DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024


# --- Logs -----------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.OneLine", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"discreet": {"()": "config.logs.Discreet"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["discreet"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG botocore writes down the signatures it makes.
        "botocore": {"level": "INFO"},
        # At INFO the SDK writes down every address it asks.
        "stripe": {"level": "WARNING"},
    },
}
