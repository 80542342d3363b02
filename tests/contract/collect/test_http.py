"""The promises of OTLP/HTTP 1.x and of our own addresses, over the wire to a real process (C1, C4, N4)."""

from __future__ import annotations

import gzip
import json
import urllib.request

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.acceptance.collect.process import JSON, NDJSON, PROTOBUF, CollectorProcess
from tests.unit.collect.requests import logs, traces

pytestmark = [pytest.mark.req("C1", "N4"), pytest.mark.processes]


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    made = CollectorProcess(tmp_path_factory.mktemp("contract") / "home", TIEOUT_MAX_BODY_MIB="2")
    made.home.mkdir()
    made.start()
    yield made
    assert made.terminate() == 0, made.log()
    made.close()


def test_success_is_an_empty_response_in_the_senders_encoding(collector):
    status, body, headers = collector.post("/v1/traces", traces(2).SerializeToString(), PROTOBUF)
    assert (status, body, headers["content-type"]) == (200, b"", PROTOBUF)
    status, body, headers = collector.post("/v1/traces", b'{"resourceSpans": []}', "application/json; charset=utf-8")
    assert (status, json.loads(body), headers["content-type"]) == (200, {}, JSON)
    assert (
        collector.post("/v1/logs", gzip.compress(logs().SerializeToString()), PROTOBUF, Content_Encoding="gzip")[0]
        == 200
    )
    assert collector.post("/v1/traces", b"", PROTOBUF)[0] == 200, "an empty request is a request of nothing"


def test_partial_success_counts_what_was_refused(collector):
    request = traces(3)
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"\0" * 16
    status, body, _ = collector.post("/v1/traces", request.SerializeToString(), PROTOBUF)
    answer = ExportTraceServiceResponse.FromString(body).partial_success
    assert (status, answer.rejected_spans) == (200, 1) and "trace id" in answer.error_message
    bad = logs(2, trace_id=b"short")
    status, body, _ = collector.post("/v1/logs", bad.SerializeToString(), PROTOBUF)
    assert (status, ExportLogsServiceResponse.FromString(body).partial_success.rejected_log_records) == (200, 2)
    status, body, _ = collector.post(
        "/v1/traces", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}', JSON
    )
    assert status == 200 and json.loads(body)["partialSuccess"]["rejectedSpans"] == "1"


@pytest.mark.parametrize(
    ("path", "body", "media", "encoding", "status"),
    [
        ("/v1/traces", b"\xff" * 64, PROTOBUF, "", 400),
        ("/v1/traces", b"{not json", JSON, "", 400),
        ("/v1/traces", b"\x1f\x8b garbage", JSON, "gzip", 400),
        ("/v1/traces", b"hello", "text/plain", "", 415),
        ("/v1/traces", b"x", JSON, "br", 415),
        ("/v1/traces", b"\0" * (3 << 20), PROTOBUF, "", 413),
        ("/v1/traces", gzip.compress(b"\0" * (64 << 20)), PROTOBUF, "gzip", 413),
        ("/v1/metrics", b"", PROTOBUF, "", 404),
        ("/nowhere", b"", JSON, "", 404),
        ("/v1/observations", b"{}", NDJSON, "", 401),
    ],
)
def test_every_refusal_is_a_status_and_a_sentence_in_the_senders_encoding(
    collector, path, body, media, encoding, status
):
    headers = {"Content_Encoding": encoding} if encoding else {}
    code, content, answered = collector.post(path, body, media, **headers)
    assert code == status
    if media == PROTOBUF:
        assert answered["content-type"] == PROTOBUF
        sentence = Status.FromString(content).message
    else:
        sentence = json.loads(content)["message"]
    assert len(sentence) > 10
    assert collector.process.poll() is None


def test_an_oversized_body_leaves_its_beginning_and_its_size(collector):
    assert collector.post("/v1/logs", b"#" * (3 << 20), PROTOBUF)[0] == 413
    collector.until_stored()
    [row] = collector.rows(
        "select error_code, content_bytes, length(content) as held from quarantine "
        "where receiver = 'otlp/logs' and content like '#%'"
    )
    assert row == {"error_code": "too-large", "content_bytes": 3 << 20, "held": 64 << 10}


def test_metrics_are_refused_with_a_way_out(collector):
    assert b"OTEL_METRICS_EXPORTER=none" in collector.post("/v1/metrics", b"{}", JSON)[1]


def test_the_wrong_method_names_the_right_one(collector):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{collector.port}/v1/traces", timeout=5)
    assert caught.value.code == 405 and caught.value.headers["allow"] == "POST"


@pytest.mark.req("C4")
def test_observations_answer_how_many_were_stored(collector):
    line = {
        "observed_at": "2026-01-31T08:00:00Z",
        "snapshot_id": "s1",
        "system": "kantata",
        "role": "psa",
        "entity": "project",
        "system_id": "1",
        "key": "PRJ-1001",
        "legal_entity": "NOV-DE",
        "present": True,
        "digest": "d",
        "fields": {"code": "PRJ-1001"},
    }
    body = json.dumps(line).encode() + b"\n{}\n"
    status, content, _ = collector.observe(gzip.compress(body), Content_Encoding="gzip")
    assert (status, json.loads(content)["stored"], json.loads(content)["quarantined"]) == (200, 1, 1)
    collector.until_stored()
    rows = collector.rows("select key, fields from observations where snapshot_id = 's1'")
    assert rows == [{"key": "PRJ-1001", "fields": '{"code":"PRJ-1001"}'}]
    assert (
        collector.rows(
            "select count(*) as n from quarantine where receiver = 'observations' and error_code = 'observation'"
        )[0]["n"]
        >= 1
    )


@pytest.mark.req("C4", "C10")
@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"no json", NDJSON, 400),
        (b"{}", JSON, 415),
        (b'{"system": "oracle", "observed_at": "2026-01-31T08:00:00Z"}', NDJSON, 403),
    ],
)
def test_what_an_engine_sends_wrong_is_refused_with_a_sentence(collector, body, media, status):
    code, content, _ = collector.observe(body, media)
    assert code == status and len(json.loads(content)["message"]) > 10


@pytest.mark.req("C10", "G6")
def test_the_key_of_the_installation_is_its_owners_alone(collector):
    file = collector.home / "keys" / "installation.key"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.req("C10")
def test_it_answers_to_its_own_names_alone(collector):
    assert collector.post("/v1/traces", b"", PROTOBUF, Host="evil.example:4318")[0] == 421
    assert collector.post("/v1/traces", b"", PROTOBUF, Host=f"localhost:{collector.port}")[0] == 200


@pytest.mark.req("G1")
def test_it_listens_on_loopback_only(collector):
    with open("/proc/net/tcp") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{collector.port:04X}")] == [
        f"0100007F:{collector.port:04X}"
    ]


def test_a_second_collector_on_the_same_home_says_what_is_wrong(collector):
    second = CollectorProcess(collector.home)
    second.start(ready=False)
    assert second.process.wait(20) == 2
    assert "another collector works in" in second.log()


def shown(collector, path):
    with urllib.request.urlopen(f"{collector.address}{path}", timeout=5) as answer:
        return answer.status, answer.headers["content-type"], answer.read().decode()


@pytest.mark.req("O12", "X18")
def test_it_measures_itself_as_prometheus_reads_it(collector):
    request = traces(3)
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"\0" * 16
    before = measured(shown(collector, "/metrics")[2])
    assert collector.post("/v1/traces", request.SerializeToString(), PROTOBUF)[0] == 200
    status, media, text = shown(collector, "/metrics")
    after = measured(text)
    moved = {name: value - before.get(name, 0) for name, value in after.items() if name.endswith("}")}
    assert (status, media) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert moved['tieout_rows_accepted_total{table="spans"}'] == 2
    assert moved['tieout_items_refused_total{receiver="otlp/traces"}'] == 1
    assert moved['tieout_requests_total{receiver="otlp/traces",status="200"}'] == 1
    assert after["tieout_up"] == 1 and after["process_resident_memory_bytes"] > 10 << 20
    assert {'tieout_spool_bytes{lane="otlp"}', 'tieout_lag_seconds{lane="snapshots"}'} <= after.keys()


def measured(text):
    lines = text.splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    values = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}
    assert {name.partition("{")[0] for name in values} <= names
    return values


@pytest.mark.req("O12", "X18")
def test_ready_and_alive_are_two_questions(collector):
    alive, ready = (json.loads(shown(collector, path)[2]) for path in ("/healthz", "/readyz"))
    assert (alive["ready"], ready["ready"], ready["overdue"]) == (True, True, [])


@pytest.mark.finding("A3e")
@pytest.mark.req("C10", "G3")
def test_beyond_loopback_it_does_not_start_without_credentials_and_tls(tmp_path):
    open_to_all = CollectorProcess(tmp_path / "wide", TIEOUT_OTLP_HOST="0.0.0.0")
    open_to_all.home.mkdir()
    open_to_all.start(ready=False)
    assert open_to_all.process.wait(20) == 2
    assert "TIEOUT_OTLP_CERT" in open_to_all.log() and "tieout senders add" in open_to_all.log()


def test_a_taken_port_says_what_to_do(collector, tmp_path):
    other = CollectorProcess(tmp_path / "other", TIEOUT_OTLP_PORT=str(collector.port))
    other.home.mkdir()
    other.start(ready=False)
    assert other.process.wait(20) == 2
    assert "set TIEOUT_OTLP_PORT" in other.log()
