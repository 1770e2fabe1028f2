"""What benchmarks read from other programs, and the ratios that they make of it."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

# The benchmarks are programs, which find each other beside them.
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from contest import Goal, Noted, Side, contest, counts, read_pgbench, spread, times_as_fast, times_its_time
from load import Load, Refused, Request, is_whole, read_wrk
from scenarios_rest import read_backups, read_reports

WRK = """Running 1s test @ http://127.0.0.1:8000/
  1 threads and 8 connections
  Latency Distribution
     50%  635.00us
     75%    1.02ms
     90%    1.50ms
     99%    2.10ms
  12345 requests in 1.00s, 9.80MB read
Requests/sec:  12345.67
Transfer/sec:      9.80MB
"""
PGBENCH = """transaction type: /tmp/0.sql
latency average = 0.634 ms
initial connection time = 12.345 ms
tps = 12616.843210 (without initial connection time)
"""

DASHBOARD = """
| report | days | whole, ms | its SQL alone, ms | times | limit kept | from single events, ms | times |
| --- | --- | --- | --- | --- | --- | --- | --- |
| totals | 90 | 5.30 | 5.50 | 1.0 | True | 1450 | 275 |
| steps from a page | 90 | 185.00 | 155.00 | 1.2 | True | | |
"""
BACKUP = """
  managed / piped: 1.10, its work alone 0.95 (at most 1.2)
  -Fc / managed: 5.6 (at least 5.0), sizes 0.91 (at most 1)
a read meanwhile, 99 in 100: 0.40 ms, alone 0.20 ms: 2.0 (at most 2)
"""


def loads(*rates: float) -> list[Load]:
    return [Load(rate, p50=1, p99=2) for rate in rates]


def test_wrk_is_read_in_milliseconds() -> None:
    assert read_wrk(WRK, "/") == Load(12345.67, 0.635, 2.10)


@pytest.mark.parametrize("fault", ["  Non-2xx or 3xx responses: 12\n", "  Socket errors: connect 0, read 3\n"])
def test_answers_that_are_none_are_not_measured(fault: str) -> None:
    with pytest.raises(Refused, match=fault.strip().split(":")[0]):
        read_wrk(WRK + fault, "/")


def test_pgbench_is_read_and_has_no_percentiles() -> None:
    read = read_pgbench(PGBENCH)
    assert (read.rate, read.p50) == (12616.84321, 0.634)
    assert math.isnan(read.p99)


def test_pgbench_that_failed_is_not_measured() -> None:
    with pytest.raises(Refused, match="does not exist"):
        read_pgbench('pgbench: error: relation "x" does not exist')


def test_a_ratio_is_the_median_of_pairs() -> None:
    # In the third round the machine was slow for both; the mean would say something else.
    ours, theirs = loads(100, 110, 10, 100), loads(50, 50, 5, 100)
    assert times_as_fast(ours, theirs) == 2
    assert times_its_time(ours, theirs) == 0.5
    assert spread(ours) == 11


def test_several_requests_for_one_thing_take_their_times_together() -> None:
    together = Load.together([Load(100, p50=10, p99=20), Load(300, p50=3, p99=5)])
    assert (round(together.rate), together.p50, together.p99) == (75, 13, 25)


def test_sides_take_turns_and_the_first_round_is_not_told() -> None:
    asked = []

    def side(name: str) -> Side:
        def press(clients: int, seconds: float) -> Load:
            asked.append(name)
            return Load(len(asked), 1, 1)

        return Side(name, press)

    done = contest([side("ours"), side("theirs")], 8, rounds=2, seconds=1)
    assert asked == ["ours", "theirs"] * 3
    assert [load.rate for load in done["ours"]] == [3, 5]


def test_a_goal_says_whether_it_is_reached() -> None:
    assert str(Goal(1.4, 1.5)) == "1.40 (≤ 1.5: True)"
    assert str(Goal(2.9, 3, at_most=False)) == "2.90 (≥ 3: False)"
    assert Goal(2.9).reached is None


def test_what_the_note_says_of_a_peer_is_multiplied_with_what_was_measured() -> None:
    noted = Noted("Next", "FastAPI", {8: 1.5}, {8: 4})
    done = {"ours": loads(30, 40), "FastAPI": loads(10, 10)}
    goal = noted.goal(done, "ours", 8)
    assert goal is not None
    assert (goal.figure, goal.reached) == (5.25, True)
    assert noted.goal(done, "ours", 1) is None
    assert noted.goal({"ours": loads(1)}, "ours", 8) is None


def test_a_run_beside_others_does_not_count() -> None:
    assert counts(0.1, 1.2) == "True"
    assert counts(0.7, 1.6) == "False: others 0.7 cores, rounds 1.6"


def test_a_request_is_sent_whole() -> None:
    assert (
        Request("GET", "/x", {"Cookie": "a=b"}).sent() == b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b\r\n\r\n"
    )
    assert Request("PUT", "/x", {}, b"{}").sent().endswith(b"Content-Length: 2\r\n\r\n{}")


def test_an_answer_is_whole_when_its_body_is() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    assert [is_whole(head + body) for body in (b"", b"abc", b"abcd")] == [False, False, True]


def test_an_answer_that_refuses_ends_the_measuring() -> None:
    with pytest.raises(Refused, match="429"):
        is_whole(b"HTTP/1.1 429 Too Many Requests\r\n\r\n")


def test_reports_of_the_dashboard_are_read() -> None:
    assert list(read_reports(DASHBOARD)) == [
        ("totals", 90, 5.3, 5.5, 275.0),
        ("steps from a page", 90, 185.0, 155.0, None),
    ]


def test_comparisons_of_a_backup_are_read() -> None:
    assert list(read_backups(BACKUP)) == [
        ("managed / piped, its work alone", 0.95, 1.2, True),
        ("-Fc / managed", 5.6, 5.0, False),
        ("sizes, managed to -Fc", 0.91, 1.0, True),
        ("a read meanwhile, 99 in 100, to one alone", 2.0, 2.0, True),
    ]
