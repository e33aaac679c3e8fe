"""The files of deploy/ fit the program: names of figures, commands, settings, limits; and the programs take them."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from deploy.fronts import write_haproxy, write_nginx
from helpdesk.cli.commands import cli
from helpdesk.config import Settings
from helpdesk.core import feed
from helpdesk.core.database import transaction
from helpdesk.web import requests
from tests import factories
from tests.listening import Listener, look_at_feed

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FIGURE = re.compile(r"\b(?:helpdesk|process)_[a-z_]+\b")
FROM_PROMETHEUS = {"up"}


def files(*patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in sorted(DEPLOY.glob(pattern))]
    assert found, patterns
    return found


@pytest.fixture
def offered(app: Flask) -> set[str]:
    """The names of all samples of /metrics, of a process that has done a little of everything."""
    from helpdesk.scheduling.relay import Relay
    from helpdesk.scheduling.ticker import JOB_FAILURES, Ticker

    listener = Listener(app, factories.make_user("Ana"))
    assert listener.connect()
    with app.app_context(), transaction():
        feed.record("announcement", 1)
    look_at_feed(app)
    ticker = Ticker(app)
    app.extensions["helpdesk"].figures.append(ticker._figures)
    app.extensions["helpdesk"].jobs.clear()
    ticker.tick()
    JOB_FAILURES.labels("none").inc(0)
    Relay(app)
    importlib.import_module("helpdesk.realtime.fast")  # as in the gevent mode
    text = app.test_client().get("/metrics").text
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples} | {
        name for name in FIGURE.findall(text) if name.startswith("helpdesk_outbox_effects")
    }


def test_every_figure_of_the_dashboard_the_rules_and_the_documentation_is_offered(offered: set[str]) -> None:
    board = json.loads((DEPLOY / "monitoring" / "grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = re.findall(r"^ +expr: (.+)$", (DEPLOY / "monitoring" / "alerts.yml").read_text(), re.MULTILINE)
    documented = re.findall(r"^\| `(helpdesk_\w+)", (ROOT / "docs" / "operating.md").read_text(), re.MULTILINE)
    assert (len(expressions) > 20, len(rules) > 10, len(documented) > 15) == (True, True, True)
    used = {name for expression in [*expressions, *rules] for name in FIGURE.findall(expression)}
    histograms = {name.removesuffix("_bucket") for name in offered if name.endswith("_bucket")}
    assert sorted(used - offered) == []
    assert sorted(set(documented) - offered - histograms) == []
    own = {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name in offered if name.startswith("helpdesk_")}
    assert sorted(own - {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name in documented}) == []


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    panels = json.loads((DEPLOY / "monitoring" / "grafana-dashboard.json").read_text())["panels"]
    cells: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not mine & cells
        assert max(x for x, _y in mine) < 24
        cells |= mine


def test_each_alert_says_what_it_means_and_what_to_do() -> None:
    text = (DEPLOY / "monitoring" / "alerts.yml").read_text()
    alerts = text.split("- alert: ")[1:]
    operating = (ROOT / "docs" / "operating.md").read_text()
    for alert in alerts:
        name = alert.splitlines()[0]
        for word in ("expr:", "severity:", "summary:", "description:"):
            assert word in alert, name
        assert f"`{name}`" in operating, f"docs/operating.md does not say what to do about {name}"


def test_commands_and_settings_are_those_of_the_program() -> None:
    known = {f"HELPDESK_{name.upper()}" for name in Settings.model_fields}
    for path in files("*.yaml", "*.example", "Dockerfile", "systemd/*", "shape.py"):
        text = path.read_text()
        for name in re.findall(r"HELPDESK_[A-Z_]+", text):
            assert name in known or name == "HELPDESK_", f"{path.name}: {name}"
        calls = re.findall(r"bin/helpdesk ([a-z]+)((?: [^\n']+)?)", text)
        calls += [(verb, rest) for verb, rest in re.findall(r'\["helpdesk", "([a-z]+)"([^\]]*)\]', text)]
        for verb, rest in calls:
            command = cli.commands[verb]
            options = {option for parameter in command.params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= options, f"{path.name}: helpdesk {verb}{rest}"


def test_proxies_let_through_what_the_program_takes_and_believe_no_client() -> None:
    nginx = (DEPLOY / "nginx" / "locations.conf").read_text()
    haproxy = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    [megabytes] = re.findall(r"client_max_body_size (\d+)m;", nginx)
    assert int(megabytes) * requests.MEGABYTE > requests.LARGEST_REQUEST
    [most] = re.findall(r"content-length\) gt (\d+)", haproxy)
    assert int(most) > requests.LARGEST_REQUEST
    assert "X-Forwarded-For $remote_addr;" in nginx
    assert "set-header X-Forwarded-For %[src]" in haproxy
    assert "meth GET uri /readyz?exclude=ticker " in haproxy  # a missing worker takes nobody's pages away
    assert "if { path,url_dec /metrics /readyz }" in haproxy  # also as /%72eadyz
    assert nginx.count("proxy_set_header") == len(re.findall(r"^proxy_set_header", nginx, re.MULTILINE))
    for text in (nginx, haproxy, (DEPLOY / "nginx" / "helpdesk.conf").read_text()):
        assert not re.search(r"^[^#]*(ip_hash|hash \$|cookie .*insert|sticky)", text, re.MULTILINE)
    inner = (DEPLOY / "nginx" / "helpdesk.conf").read_text().split("upstream", 1)[1]
    outer = (DEPLOY / "nginx" / "compose.conf").read_text().split("upstream", 1)[1]
    as_in_containers = inner.replace("/var/log/nginx/helpdesk.log", "/var/log/nginx/access.log")
    assert re.sub(r"127\.0\.0\.1:800(\d)", r"web-\1:8000", as_in_containers) == outer


def test_stopping_gets_longer_than_the_drain_takes() -> None:
    for path in files("systemd/helpdesk-web@.service"):
        text = path.read_text()
        drain, limit = re.findall(r"--drain (\d+)", text)[0], re.findall(r"TimeoutStopSec=(\d+)", text)[0]
        assert int(limit) >= int(drain) + 10
    compose = (DEPLOY / "compose.yaml").read_text()
    assert re.findall(r"stop_grace_period: (\d+)s", compose) == ["30"]
    assert compose.count('"--drain", "10"') == 1


def test_the_image_takes_everything_that_the_program_needs() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == {"helpdesk", "plugins", "migrations", "templates", "static"}
    assert all((ROOT / name).is_dir() for name in copied)


# --- the programs themselves, where they are installed ---------------------------------------------------------------


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed here; `make faults` needs it")
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def certificate(folder: Path) -> None:
    """A certificate and its key, each alone and together, as the configurations name them."""
    openssl = program("openssl")
    made = (str(folder / "privkey.pem"), str(folder / "fullchain.pem"))
    run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", made[0], "-out", made[1], "-subj", "/CN=x")
    both = "".join((folder / name).read_text() for name in ("fullchain.pem", "privkey.pem"))
    (folder / "help.example.org.pem").write_text(both)


def test_nginx_takes_the_files_as_they_stand(tmp_path: Path) -> None:
    nginx = program("nginx")
    certificate(tmp_path)
    (tmp_path / "log").mkdir()
    text = (DEPLOY / "nginx" / "helpdesk.conf").read_text()
    for there, here in {
        "/etc/nginx/helpdesk": str(DEPLOY / "nginx"),
        "/etc/ssl/helpdesk": str(tmp_path),
        "/var/cache/nginx": str(tmp_path),
        "/var/log/nginx": str(tmp_path / "log"),
        "listen 80;": "listen 127.0.0.1:18080;",
        "listen [::]:80;": "",
        "listen 443 ssl http2;": "listen 127.0.0.1:18443 ssl http2;",
        "listen [::]:443 ssl http2;": "",
    }.items():
        assert there in text
        text = text.replace(there, here)
    (tmp_path / "site.conf").write_text(text)
    main = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(main)
    run(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))


def test_haproxy_takes_the_file_as_it_stands(tmp_path: Path) -> None:
    haproxy = program("haproxy")
    certificate(tmp_path)
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    assert "/etc/ssl/helpdesk" in text
    (tmp_path / "haproxy.cfg").write_text(text.replace("/etc/ssl/helpdesk", str(tmp_path)))
    run(haproxy, "-c", "-f", str(tmp_path / "haproxy.cfg"))


def test_the_demonstration_writes_configurations_that_are_taken(tmp_path: Path) -> None:
    run(program("nginx"), "-t", "-p", str(tmp_path), "-c", str(write_nginx(tmp_path, 18080, [8001, 8002])))
    run(program("haproxy"), "-c", "-f", str(write_haproxy(tmp_path, 18080, [8001, 8002])))


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    helpdesk = Path(sys.executable).with_name("helpdesk")
    for path in files("systemd/*"):
        text = path.read_text().replace("/opt/helpdesk/.venv/bin/helpdesk", str(helpdesk))
        name = path.name.replace("@.", "@8001.")
        (tmp_path / name).write_text(text.replace("WorkingDirectory=/opt/helpdesk", f"WorkingDirectory={tmp_path}"))
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "helpdesk" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_nightly_backup_works_on_a_new_host_and_keeps_fourteen(tmp_path: Path) -> None:
    """What the unit calls, with a program that asks for the folder as `helpdesk backup` does."""
    unit = (DEPLOY / "systemd" / "helpdesk-backup.service").read_text().replace("%%", "%")
    unit = unit.replace("/var/lib/helpdesk", str(tmp_path)).replace("/opt/helpdesk/.venv/bin/helpdesk backup", "touch")
    before, [main], after = (re.findall(rf"^ExecStart{kind}=(.+)$", unit, re.MULTILINE) for kind in ("Pre", "", "Post"))
    for night in range(15):
        for number, command in enumerate([*before, main.replace("$(date +", f"{night}$(date +"), *after]):
            done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stderr) == (0, ""), (number, command)
    assert len(list((tmp_path / "backups").iterdir())) == 14


def test_prometheus_takes_the_rules() -> None:
    promtool = program("promtool")
    run(promtool, "check", "rules", str(DEPLOY / "monitoring" / "alerts.yml"))
    run(promtool, "check", "config", str(DEPLOY / "monitoring" / "prometheus.yml"))


def test_each_alert_fires_for_what_it_is_about_and_for_nothing_else() -> None:
    tests = ROOT / "tests" / "contract" / "alerts.yml"
    alerts = re.findall(r"- alert: (\w+)", (DEPLOY / "monitoring" / "alerts.yml").read_text())
    assert [name for name in alerts if f'alertname="{name}"' not in tests.read_text()] == []
    run(program("promtool"), "test", "rules", str(tests))
