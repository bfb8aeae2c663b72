"""A server of the built book and the browser that reads it."""

import functools
import http.server
import threading

import pytest


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
