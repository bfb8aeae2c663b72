"""Finding a browser and preparing scripts: what happens when something is missing."""

import subprocess

import pytest

from book.tools import BuildError, browser, scripts


def stand_in(folder, name, code):
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_a_browser_that_does_not_start_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.delenv("NBGAN_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    stand_in(tmp_path, "chromium", 1)
    works = stand_in(tmp_path, "google-chrome", 0)
    assert browser.find() == works


def test_a_named_browser_wins_and_must_start(tmp_path, monkeypatch):
    works = stand_in(tmp_path, "mine", 0)
    monkeypatch.setenv("NBGAN_CHROMIUM", str(works))
    assert browser.find() == works
    monkeypatch.setenv("NBGAN_CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(BuildError, match="gone does not start as a browser"):
        browser.find()


def test_no_browser_and_no_way_to_get_one(monkeypatch):
    monkeypatch.setattr(browser, "find", lambda: None)
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.setattr(browser.subprocess, "run", lambda *a, **k: None)
    with pytest.raises(BuildError, match="tried: playwright install chromium.*NBGAN_CHROMIUM"):
        browser.ensure()


def test_npm_trouble_is_shown(tmp_path, monkeypatch):
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="npm error code EINTEGRITY")
    monkeypatch.setattr(scripts.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(BuildError, match="EINTEGRITY"):
        scripts.prepare(tmp_path, tmp_path / "out", log=str)
    assert not (tmp_path / "out/.installed").exists()


def test_lock_file_names_no_server():
    text = (scripts.Path(__file__).parents[2] / "book/package-lock.json").read_text()
    assert '"resolved"' not in text
    assert '"integrity"' in text
