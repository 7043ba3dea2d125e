"""A real Chromium before the real site: pages for strangers and for people who are signed in, and the stage for a whole story."""

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from config.worker import Worker
from sandbox.s3 import BucketServer
from sandbox.stripe import StripeServer
from tests.browser.stage import Stage
from tests.conftest import CHROMIUM, ClientFor

PATIENCE = 10_000
# Every window would load the pages of the address bar's popup, half of what a small test costs. The last such switch replaces those
# before it, so the others are Playwright's own.
NEEDLESS = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,OptimizationHints,AimEnabled,"
    "AvoidCorsURLLoaderRestartOnRedirect,TcpPortRandomizationWin,NetworkTimeServiceQuerying,PreconnectToSearch"
)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own Chromium; Playwright's download is not wanted."""
    path = next(filter(None, map(shutil.which, CHROMIUM)))
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", f"--disable-features={NEEDLESS}"])
    yield browser
    browser.close()


@pytest.fixture
def context_for(chromium: Browser, live_server: LiveServer, settings: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Open a browser of its own: `context_for(person)` is signed in, `context_for()` is nobody; options are Playwright's."""
    settings.SITE_URL = live_server.url
    opened: list[BrowserContext] = []

    def new(person: User | None = None, **options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        if person is not None:
            client = ClientFor(person)
            name = project.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        opened.append(context)
        return context

    yield new
    for context in opened:
        context.close()


@pytest.fixture
def page(context_for: Callable[..., BrowserContext]) -> Page:
    """A stranger's page."""
    return context_for().new_page()


@pytest.fixture
def worker(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """The worker beside the site, in a thread, and quicker to look again."""
    monkeypatch.setattr("config.worker.POLL", 0.1)
    running = Worker()

    def run() -> None:
        running.run()
        connection.close()

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    yield running
    running.stop()
    thread.join()


@pytest.fixture
def stage(live_server: LiveServer, stripe: StripeServer, bucket: BucketServer, settings: Any) -> Iterator[Stage]:
    """The site, its bucket and its Stripe on real sockets, with Stripe's bells ringing at the site."""
    settings.SITE_URL = live_server.url
    stripe.sender.main_url = f"{live_server.url}/stripe/webhook/"
    yield Stage(site=live_server.url, stripe=stripe.url, bucket=bucket.endpoint)
    stripe.sender.main_url = None
