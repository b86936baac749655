"""The gateway as a program, and what one may ask of it over HTTP.

Owns the process, and a visitor with a cookie jar who says what a browser would say of itself. Must
not know what is tested.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.parts import require
from tests.support.programs import ROOT, Event, Program
from tests.support.waiting import scaled

ANY = "127.0.0.1:*"
GATEWAY = (sys.executable, str(ROOT / "client_web.py"))


class GatewayProgram(Program):
    """A gateway that serves on a free port; `ready` is what its ready line said."""

    def __init__(
        self,
        data_dir: Path,
        *words: str | Path,
        bind: str = ANY,
        env: Mapping[str, str] | None = None,
    ) -> None:
        place: list[str | Path] = ["--json", "--bind", bind, "--data-dir", data_dir]
        super().__init__([*GATEWAY, *place, *words], env=env)
        try:
            self.ready: Event = self.wait_json(20, type="ready")
        except BaseException:
            self.kill()
            raise

    @property
    def page(self) -> str:
        """Where browsers reach it."""
        return str(self.ready["page"])


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    cookies: list[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of an error."""
        return str(self.json["error"]["code"])

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Somebody with a browser, or a script."""

    page: str
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with each request."""
    jar: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request as it is, on a connection of its own."""
        place = urllib.parse.urlsplit(self.page)
        host, port = place.hostname or "", place.port
        if place.scheme == "https":
            line: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=scaled(30), context=self.context
            )
        else:
            line = http.client.HTTPConnection(host, port, timeout=scaled(30))
        said = {**self.headers, **(headers or {})}
        if self.jar:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        try:
            line.request(method, path, body.encode() if isinstance(body, str) else body, said)
            reply = line.getresponse()
            whole = reply.read()
            cookies = reply.headers.get_all("Set-Cookie") or []
        finally:
            line.close()
        for cookie in cookies:
            name, _equals, value = cookie.partition(";")[0].partition("=")
            if value:
                self.jar[name] = value
            else:
                self.jar.pop(name, None)
        found = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(reply.status, found, cookies, whole)

    def get(self, path: str, **headers: str) -> Answer:
        """Read something; `Accept_Language="fr"` is a header."""
        return self.ask("GET", path, headers=_headers(headers))

    def post(self, path: str, value: object, **headers: str) -> Answer:
        """What the page's own scripts do: JSON, with the page's origin."""
        usual = {"Content-Type": "application/json", "Origin": self.page}
        return self.ask("POST", path, json.dumps(value), {**usual, **_headers(headers)})

    def join(self, nick: str, **more: Any) -> Answer:
        """The form."""
        return self.post("/api/join", {"nick": nick, "lang": "en", **more})


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


def certificate(directory: Path, name: str = "localhost") -> tuple[Path, Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 and its key, and what a client needs to trust it."""
    openssl = require("openssl", "apt-get install openssl")
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", key, "-out", cert,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key, ssl.create_default_context(cafile=str(cert))
