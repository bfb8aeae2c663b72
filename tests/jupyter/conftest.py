"""JupyterLab and Voila on this machine, and the browser that opens them."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 120_000  # milliseconds; a busy machine is no reason to fail

NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'

EXPLORER = """
import torch
from nbgan.widgets.modulation import ModulationExplorer

ramp = torch.linspace(-1, 1, 256).reshape(1, 16, 16)
explorer = ModulationExplorer(torch.cat([ramp, -ramp]), names=["ramp", "fall"])
explorer
"""

# Notes what is drawn onto the visible canvas of the picture: its exact pixels, before scaling.
SPY = """() => {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (source, ...rest) {
    if (this.canvas.closest(".nbgan-frame")) globalThis.shownPicture = source;
    return draw.call(this, source, ...rest);
  };
}"""


@dataclass
class Server:
    """A server of notebooks that this test session started."""

    address: str
    token: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _started(
    command: list[str], folder: Path, ready: str, extra: dict[str, str], end_with: signal.Signals
):
    """Start a server, wait until ``ready`` answers, and end it afterwards.

    It gets a process group of its own, so that what it started ends with it.
    """
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{place}": str(folder / place.lower()) for place in places}
    environment = os.environ | own | {"OMP_NUM_THREADS": "1"} | extra
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + PATIENCE / 1000
        while not _answers(ready):
            said = (folder / "server.log").read_text()
            assert process.poll() is None, f"the server ended:\\n{said}"
            assert time.monotonic() < end, f"the server does not answer:\\n{said}"
            time.sleep(0.1)
        yield
    finally:
        _end(process, end_with)


def _end(process: subprocess.Popen, end_with: signal.Signals) -> None:
    """End a process group: first asked, so that kernels are shut down, then forced."""
    for number, seconds in ((end_with, 30), (signal.SIGKILL, 5)):
        _signal(process, number)
        end = time.monotonic() + seconds
        while _signal(process, 0):
            if time.monotonic() > end:
                break
            time.sleep(0.1)


def _signal(process: subprocess.Popen, number: int) -> bool:
    """Signal a process group; whether there still is one."""
    process.poll()  # one that ended but was not asked would count as alive
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return reply.status == 200
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _smoke(target: Path) -> None:
    """The studio's notebook, with the preset of tests."""
    notebook = nbformat.read(ROOT / "notebooks" / "studio.ipynb", as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace('"cpu"', '"smoke"')
    nbformat.write(notebook, target)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab with the studio and, as ``explorer.ipynb``, the sliders of chapter 1."""
    folder = tmp_path_factory.mktemp("lab")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    _smoke(notebooks / "studio.ipynb")
    sliders = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(EXPLORER.strip())])
    sliders.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(sliders, notebooks / "explorer.ipynb")
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(NO_NEWS)
    port, token = _free_port(), secrets.token_hex(16)
    command = [
        str(BIN / "jupyter-lab"),
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={notebooks}",
        "--LabApp.expose_app_in_browser=True",
    ]
    places = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    address = f"http://127.0.0.1:{port}"
    for _ in _started(command, folder, f"{address}/api?token={token}", places, signal.SIGTERM):
        yield Server(address=address, token=token, folder=folder)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The studio as ``make app`` serves it: its command is taken from the Makefile."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "notebooks").mkdir()
    _smoke(folder / "notebooks" / "studio.ipynb")
    shutil.copytree(ROOT / "book" / "app", folder / "book" / "app")
    port = _free_port()
    command = [
        "make",
        f"--file={ROOT / 'Makefile'}",
        f"--directory={folder}",
        "--assume-old=environment",
        "READY=environment",
        f"BIN={BIN}",
        f"PORT={port}",
        "APP_OPTIONS=--no-browser",
        "app",
    ]
    (folder / "environment").touch()
    address = f"http://127.0.0.1:{port}"
    # The page itself would start a kernel; what is static answers without one.
    for _ in _started(command, folder, f"{address}/voila/static/none", {}, signal.SIGINT):
        yield Server(address=address, token="", folder=folder)


@pytest.fixture(scope="session")
def open_tab(browser):
    """Open a tab that notes what its painter shows."""
    contexts = []

    def make(*, width=1280, height=1400):
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(f"({SPY})()")
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
