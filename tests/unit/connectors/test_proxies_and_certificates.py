"""The way to a system: a proxy, a bundle of authorities and a certificate of our own, over real sockets on loopback."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as loaded

from integrations.connectors.http import HttpClient
from integrations.contracts.connector import Role, SystemConfig, Transport
from models.domain.errors import Misconfigured, OutcomeUnknown, Retriable
from tests.unit.connectors.authority import Authority

PASSWORD = "pr0xy-p4ssw0rd"


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


class Vendor(BaseHTTPRequestHandler):
    """Says who asked it, by the certificate shown."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        name = dict(part[0] for part in shown["subject"])["commonName"] if shown else "nobody"
        body = b'{"asked_by": "%s", "path": "%s"}' % (str(name).encode(), self.path.encode())
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: Any) -> None:
        """Quiet."""


class Patient(ThreadingHTTPServer):
    """Reads what still comes before it closes a connection: a reset would tear away the alert that it sent."""

    def shutdown_request(self, request: Any) -> None:
        with suppress(OSError):
            request.settimeout(5)
            socket.socket.shutdown(request, socket.SHUT_WR)
            while socket.socket.recv(request, 65536):
                pass
        self.close_request(request)


@contextmanager
def vendor(context: ssl.SSLContext | None = None) -> Iterator[str]:
    server = Patient(("127.0.0.1", 0), Vendor)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is what tests want
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Proxy:
    """Opens tunnels and passes calls on, for the user it knows; `asked` are the request lines that came."""

    address: str = ""
    user: str = ""
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._answer, args=(near,), daemon=True).start()

    def _answer(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65536)
        line = head.split(b"\r\n", 1)[0].decode()
        self.asked.append(line)
        wanted = base64.b64encode(self.user.encode())
        if self.user and b"basic " + wanted.lower() not in head.lower():
            return near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        if self.broken:
            return near.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
        method, target, _ = line.split(" ")
        host = target if method == "CONNECT" else target.split("/")[2]
        far = socket.create_connection((host.split(":")[0], int(host.split(":")[1])))
        if method == "CONNECT":
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far.sendall(head)
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    listener = socket.create_server(("127.0.0.1", 0))
    made = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
    threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
    yield made
    listener.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def guarded(authority: Authority, clients: Authority | None = None) -> ssl.SSLContext:
    """A server's side of TLS; with `clients` it lets in only whom that authority vouches for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=clients.certificate if clients else None)
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
    return context


def client(address: str, **transport: str) -> HttpClient:
    config = SystemConfig("erp", "netsuite", Role.ERP, address, transport=Transport(**transport))
    return HttpClient(config, StillClock())


def test_a_plain_call_goes_through_the_proxy(proxy: Proxy) -> None:
    """The proxy sees the whole address and the vendor's answer comes back."""
    with vendor() as address:
        assert client(address, proxy=proxy.address).read("/a").json()["path"].endswith("/a")
    assert proxy.asked == [f"GET {address}/a HTTP/1.1"]


def test_a_guarded_call_goes_through_a_tunnel(proxy: Proxy, authority: Authority) -> None:
    """The proxy sees the host alone; trust is between us and the vendor."""
    with vendor(guarded(authority)) as address:
        found = client(address, proxy=proxy.address, ca_bundle=str(authority.certificate)).read("/secret-path")
    assert found.json() == {"asked_by": "nobody", "path": "/secret-path"}
    assert proxy.asked == [f"CONNECT {address.removeprefix('https://')} HTTP/1.1"]


@pytest.mark.req("G3")
@pytest.mark.parametrize("tls", [False, True])
def test_the_proxys_user_is_let_in_and_never_named(proxy: Proxy, authority: Authority, tls: bool) -> None:
    """A wrong password says what to mend and does not say the password."""
    proxy.user = f"tieout:{PASSWORD}"
    with vendor(guarded(authority) if tls else None) as address:
        bundle = str(authority.certificate)
        right, wrong = (
            client(address, proxy=f"http://tieout:{secret}@{proxy.address[7:]}", ca_bundle=bundle)
            for secret in (PASSWORD, "wr0ng-p4ssw0rd")
        )
        assert right.read("/a").ok
        with pytest.raises(Misconfigured, match=r"transport\.proxy") as caught:
            reply = wrong.read("/a")
            raise wrong.fault(reply, "") or AssertionError(reply)
    shown = f"{caught.value} {wrong!r} {wrong.config!r} {right.config!r} {right.clean(f'you sent {PASSWORD}')}"
    assert PASSWORD not in shown and "wr0ng-p4ssw0rd" not in shown


def test_a_proxy_that_cannot_reach_the_vendor_is_passing(proxy: Proxy, authority: Authority) -> None:
    """E3: nothing was sent, so that even a write is worth another try, without doubt."""
    proxy.broken = True
    with pytest.raises(Retriable, match="proxy"):
        client("https://127.0.0.1:1", proxy=proxy.address).call("POST", "/a", {}, key="k")


def test_a_vendor_of_another_authority_is_not_trusted(authority: Authority) -> None:
    """A certificate that nobody we trust vouches for needs a person: the setting is named."""
    with vendor(guarded(authority)) as address:
        with pytest.raises(Misconfigured, match=r"transport\.ca_bundle"):
            client(address).read("/a")
        assert client(address, ca_bundle=str(authority.certificate)).read("/a").ok


def test_our_certificate_lets_us_in(authority: Authority, tmp_path: Path) -> None:
    """The vendor sees whom its own authority vouches for; the key may stand in the certificate's file."""
    clients = Authority(tmp_path, "clients")
    certificate, key = clients.issue("tieout")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    with vendor(guarded(authority, clients)) as address:
        bundle = str(authority.certificate)
        for given in (
            {"client_certificate": str(certificate), "client_key": str(key)},
            {"client_certificate": str(both)},
        ):
            assert client(address, ca_bundle=bundle, **given).read("/a").json()["asked_by"] == "tieout"


@pytest.mark.parametrize("known", [False, True])
def test_without_a_certificate_that_is_known_the_vendor_refuses(
    authority: Authority, tmp_path: Path, known: bool
) -> None:
    """None, or one that its authority does not vouch for: the vendor's word on it is heard, even by a write, and it is
    ours to mend.
    """
    clients, others = Authority(tmp_path, "clients"), Authority(tmp_path, "others")
    certificate, key = others.issue("tieout")
    given = {"client_certificate": str(certificate), "client_key": str(key)} if known else {}
    with vendor(guarded(authority, clients)) as address:
        made = client(address, ca_bundle=str(authority.certificate), **given)
        for method, write in (("GET", None), ("POST", "key-1")):
            with pytest.raises(Misconfigured, match=r"refuses our side of TLS .*transport\.client_certificate"):
                made.call(method, "/a", key=write)
        made.close()


def test_a_write_cut_off_without_a_word_stays_in_doubt() -> None:
    """E1: only what TLS itself refused is known not to have arrived."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
    with pytest.raises(OutcomeUnknown):
        client(f"http://127.0.0.1:{listener.getsockname()[1]}").call("POST", "/a", {}, key="k")
    listener.close()


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"proxy": "proxy:3128"}, "proxy"),
        ({"proxy": "socks5://127.0.0.1:1080"}, "proxy"),
        ({"ca_bundle": "absent.pem"}, "ca_bundle"),
        ({"ca_bundle": "server.key"}, "ca_bundle"),
        ({"client_certificate": "absent.pem"}, "client_certificate"),
        ({"client_certificate": "server.pem"}, "client_certificate"),
        ({"client_certificate": "server.pem", "client_key": "sealed.key"}, "without a password"),
        ({"client_certificate": "server.pem", "client_key": "authority.pem"}, "client_certificate"),
        ({"client_key": "server.key"}, "client_key"),
    ],
)
def test_what_cannot_be_used_is_said_when_starting(
    authority: Authority, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    """Each setting that does not fit is named before the first call, and nobody is asked for a password."""
    _, key = authority.issue("server")
    private = loaded(key.read_bytes(), None)
    sealed = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (tmp_path / "sealed.key").write_bytes(sealed)
    placed = {name: value if name == "proxy" else str(tmp_path / value) for name, value in given.items()}
    with pytest.raises(Misconfigured, match=said) as caught:
        client("https://erp.example.com", **placed)
    assert str(caught.value).startswith("erp: transport.")
