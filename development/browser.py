"""What the tests need of the machine beside Python: a browser, Alertmanager, and the proxies of deploy/."""

from __future__ import annotations

import os
import shutil
import subprocess

from development.environment import PYTHON, ROOT, say, stop


def has_browser() -> bool:
    return subprocess.run([str(PYTHON), "tests/browser_finder.py"], cwd=ROOT, capture_output=True).returncode == 0


def install_packages(*names: str) -> None:
    """Install packages of Debian or Ubuntu where that is possible; the caller looks whether it helped."""
    if shutil.which("apt-get") and os.name == "posix" and os.geteuid() == 0:
        say(f"installing the packages {' '.join(names)}")
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *names]):
            subprocess.run(["apt-get", *step], env=env, stdout=subprocess.DEVNULL)


def install_proxies() -> None:
    """The proxies that stand before several processes in deploy/."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if missing := [name for name in ("nginx", "haproxy") if not shutil.which(name, path=places)]:
        install_packages(*(name.replace("nginx", "nginx-light") for name in missing))
    if missing := [name for name in ("nginx", "haproxy") if not shutil.which(name, path=places)]:
        stop(f"the tests of several processes need {' and '.join(missing)}: install them as packages of the system.")


def install_alertmanager() -> None:
    """The monitoring that fires at the running program. Where it stays missing, its test fails and says what to do."""
    if not any(map(shutil.which, ("prometheus-alertmanager", "alertmanager"))):
        install_packages("prometheus-alertmanager")


def install_browser() -> None:
    """Find a browser, else install one: Playwright's download first, then the system's packages."""
    if has_browser():
        return
    if name := os.environ.get("HELPDESK_CHROMIUM"):
        stop(f"HELPDESK_CHROMIUM names {name}, which does not start.")
    say("fetching a browser for the tests")
    download = [str(PYTHON), "-m", "playwright", "install", "--only-shell", "chromium"]
    subprocess.run(download, cwd=ROOT, capture_output=True)
    if has_browser():
        return
    install_packages("chromium")
    if not has_browser():
        stop(
            "no browser for the tests, and none could be installed. Install Chromium or Chrome with the system's "
            "package manager, or set HELPDESK_CHROMIUM to the program."
        )
