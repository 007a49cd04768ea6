"""A small HTTP client that keeps its connection and knows when the first byte came."""

import gzip
import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

__all__ = ["Answer", "Client", "LoadResult", "run_load"]

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Answer:
    """One response; ``ttfb_ms`` is until the headers, ``total_ms`` until the last byte."""

    status: int
    ttfb_ms: float
    total_ms: float
    body: bytes
    sent_bytes: int
    headers: Mapping[str, str]


class Client:
    """One connection to one server on loopback, opened again when the server closed it."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        self._headers = dict(headers or {})

    def get(self, path: str, *, region: str = "") -> Answer:
        """Fetch ``path``; with a ``region``, as htmx would to fill that one."""
        headers = dict(self._headers)
        headers["Accept-Encoding"] = "gzip"
        if region:
            headers |= {"HX-Request": "true", "HX-Target": region}
        try:
            return self._fetch(path, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server closed the idle connection; any client opens another one.
            self._connection.close()
            return self._fetch(path, headers)

    def _fetch(self, path: str, headers: Mapping[str, str]) -> Answer:
        started = perf_counter()
        self._connection.request("GET", path, headers=dict(headers))
        response = self._connection.getresponse()
        first = perf_counter()
        sent = response.read()
        ended = perf_counter()
        named = {name.lower(): value for name, value in response.getheaders()}
        body = gzip.decompress(sent) if named.get("content-encoding") == "gzip" else sent
        return Answer(
            status=response.status,
            ttfb_ms=(first - started) * 1000,
            total_ms=(ended - started) * 1000,
            body=body,
            sent_bytes=len(sent),
            headers=named,
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True)
class LoadResult:
    """What several clients at once saw; ``failed`` counts answers other than 200."""

    times_ms: list[float]
    requests_per_s: float
    failed: int


def run_load(
    make_client: Callable[[], Client], path: str, *, clients: int, requests: int, region: str
) -> LoadResult:
    """Let ``clients`` threads fetch ``path`` until ``requests`` are done between them."""
    times: list[list[float]] = [[] for _ in range(clients)]
    failed = [0] * clients
    start = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        client = make_client()
        start.wait()
        for _ in range(requests // clients):
            answer = client.get(path, region=region)
            times[number].append(answer.total_ms)
            failed[number] += answer.status != 200
        client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    elapsed = perf_counter() - started
    merged = [time for part in times for time in part]
    return LoadResult(merged, len(merged) / elapsed if elapsed else 0.0, sum(failed))
