"""Our web server, alone: what two servers could read differently is refused, or one request."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.env import BASE_DIR
from config.serving import web_command
from tests.config.processes import wait_until
from trials.attack.smuggling import CORPUS, MARKER, Answers, said_to, wrong_with
from trials.platform import free_port, listens


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a granian as `up` starts it, with an application that says what it was asked for."""
    port = free_port()
    command = web_command("tests.trials.echo:application", host="127.0.0.1", port=port, workers=1, threads=2)
    process = subprocess.Popen([*command, "--no-log"], cwd=BASE_DIR)
    assert wait_until(lambda: listens(port), 30)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def answered(server: int) -> dict[str, Answers]:
    """What it says to each; all at once, since most connections stay open for a while."""
    with ThreadPoolExecutor(len(CORPUS)) as all_at_once:
        return dict(zip(CORPUS, all_at_once.map(lambda sent: said_to(server, sent), CORPUS.values()), strict=True))


@pytest.mark.parametrize("name", CORPUS)
def test_no_request_is_two(answered: dict[str, Answers], name: str) -> None:
    answers = answered[name]
    assert wrong_with(answers) == ""
    assert MARKER not in answers.text


def test_an_ordinary_request_is_answered(server: int) -> None:
    answers = said_to(server, b"GET /plain HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answers.statuses == (200,)
    assert b"/plain" in answers.text


def test_a_server_that_lets_one_in_would_be_found() -> None:
    """One that knows of lengths only, and takes what it does not know for none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        naive = threading.Thread(target=answer_naively, args=(listener,))
        naive.start()
        answers = said_to(port, CORPUS["a length in hexadecimal"])
        naive.join(10)
    assert len(answers.statuses) == 2
    assert wrong_with(answers) == "one request got 2 answers: (200, 200)"


def answer_naively(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        for _ in connection.recv(65_536).split(b"HTTP/1.1\r\n")[1:]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
