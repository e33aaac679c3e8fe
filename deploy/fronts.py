"""The proxies of this folder's files, with the addresses of this machine: for `many.py` and the tests."""

from __future__ import annotations

import shutil
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
PROXIES = ("nginx", "haproxy")


class Missing(Exception):
    """A program is not installed. The text says which."""


def find_proxy(name: str) -> str:
    """The path of nginx or haproxy, which may lie outside of a user's path. Raises Missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Missing(f"{name} is not installed. Debian: apt-get install {name.replace('nginx', 'nginx-light')}")
    return found


def write_nginx(folder: Path, port: int, web_ports: list[int]) -> Path:
    """A whole nginx.conf around shared.conf and locations.conf as they stand here."""
    servers = "\n".join(f"    server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;" for one in web_ports)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"  {kind}_temp_path {folder}/nginx-{kind};" for kind in kinds)
    path = folder / "nginx.conf"
    path.write_text(
        f"""daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 9000; }}
http {{
{temporary}
  include {DEPLOY}/nginx/shared.conf;
  proxy_cache_path {folder}/nginx-cache levels=1:2 keys_zone=helpdesk_cache:10m max_size=200m inactive=7d;
  upstream helpdesk {{
    least_conn;
{servers}
    keepalive 64;
  }}
  server {{
    listen 127.0.0.1:{port};
    access_log {folder}/nginx-access.log helpdesk;
    include {DEPLOY}/nginx/locations.conf;
  }}
}}
"""
    )
    return path


def write_haproxy(folder: Path, port: int, web_ports: list[int]) -> Path:
    """haproxy.cfg as it stands here, without TLS, with these processes."""
    lines = []
    for line in (DEPLOY / "haproxy" / "haproxy.cfg").read_text().splitlines():
        if line.strip().startswith(("bind :443", "http-request redirect scheme", "server web-")):
            continue
        lines.append(line.replace("bind :80", f"bind 127.0.0.1:{port}").replace("maxconn 60000", "maxconn 9000"))
    lines += [f"    server web-{number} 127.0.0.1:{one}" for number, one in enumerate(web_ports, 1)]
    path = folder / "haproxy.cfg"
    path.write_text("\n".join(lines) + "\n")
    return path
