"""A server of the built book and the browser that reads it."""

import functools
import http.server
import threading

import pytest
from live_demos import PATIENCE


@pytest.fixture(scope="session")
def served(built_book):
    """Address of a server on this machine that serves the built book."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(built_book.html))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def visit(browser, built_book, served):
    """Open a page; ``seen`` collects its requests, errors and console, ``before`` sets it up."""
    contexts = []

    def open_page(
        name, *, opened="from disk", width=1280, theme="light", before=lambda page: None, **options
    ):
        root = served if opened == "served" else built_book.html.as_uri()
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.seen = {"requests": [], "ended": [], "errors": [], "console": []}
        page.on("request", lambda request: page.seen["requests"].append(request.url))
        page.on("requestfinished", lambda request: page.seen["ended"].append(request.url))
        page.on("requestfailed", lambda request: page.seen["ended"].append(request.url))
        page.on("pageerror", lambda error: page.seen["errors"].append(str(error)))
        page.on("console", lambda message: page.seen["console"].append(message.text))
        page.add_init_script(f"localStorage.setItem('mode', '{theme}')")
        before(page)
        page.goto(f"{root}/{name}.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
