"""A managed backup against `pg_dump` piped into zstd, and against `pg_dump -Fc` as it comes; and a proof by restoring.
Then a physical one against `pg_basebackup`.

`python benchmarks/backing_up.py [megabytes]`: a database of 1,000 unless told otherwise. Takes about ten minutes.
Needs the program `zstd` for the first comparison.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
from server import ROOT, production

from config.embedded import Place, postgres_programs
from ops.gateways.backups.keys import make_key

ROUNDS = 3  # in turns; the machine's neighbours make some of them worse
ROW = 1_100  # bytes, about
LIMIT_TIME, LIMIT_OWN = 1.2, 5.0
READS = 1_500

# Words of the tutorials, in an order of their own in each row: as compressible as what people write.
FILL = """
CREATE TABLE made_up (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, body text NOT NULL);
CREATE TEMPORARY TABLE word AS
    SELECT row_number() OVER () AS n, w FROM (
        SELECT DISTINCT regexp_split_to_table(body, '\\s+') AS w FROM tutorials_tutorial) AS words;
CREATE TEMPORARY TABLE phrase AS
    SELECT p AS n, (
        SELECT string_agg(w, ' ' ORDER BY random()) FROM word TABLESAMPLE BERNOULLI (1) WHERE p >= 0) AS t
    FROM generate_series(1, 4000) AS p;
CREATE INDEX ON phrase (n);
INSERT INTO made_up (at, body)
    SELECT now() - random() * interval '300 days',
        left(a.t, 100 + (random() * 400)::int) || ' ' || md5(random()::text) || ' '
            || right(b.t, 100 + (random() * 800)::int)
    FROM (SELECT 1 + (random() * 3999)::int AS x, 1 + (random() * 3999)::int AS y FROM generate_series(1, %d)) AS pick
    JOIN phrase a ON a.n = pick.x JOIN phrase b ON b.n = pick.y;
CREATE INDEX ON made_up (at);
VACUUM ANALYZE made_up;
"""


@dataclass(frozen=True)
class Run:
    seconds: float
    # Kilobytes, of the largest process.
    memory: int
    said: str = ""


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory(prefix="how-to-ai-bench-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "var"
        with Place(home).attached() as urls:
            environment = os.environ | urls | production(home) | {"BACKUP_KEY": make_key()}
            for command in (["migrate", "-v0"], ["import_tutorials", "tutorials/content"]):
                subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
            fill(urls["DATABASE_URL"], megabytes)
            compare(urls["DATABASE_URL"], environment, Path(folder) / "out")
            compare_physical(urls["DATABASE_URL"], environment, Path(folder) / "out", home / "backups")


def fill(url: str, megabytes: int) -> None:
    begun = time.monotonic()
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in (FILL % (megabytes * 1_000_000 // ROW)).split(";\n"):
            if statement.strip():
                conn.execute(statement.encode())
        row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
    print(f"a database of {row[0] / 1e6 if row else 0:.0f} MB, made in {time.monotonic() - begun:.0f} s")


def compare(url: str, environment: dict[str, str], out: Path) -> None:
    parts = urlsplit(url)
    dump = [f"{postgres_programs()}/pg_dump", "-Fc", "-h", parse_qs(parts.query)["host"][0], "-U", str(parts.username)]
    dump += ["-d", parts.path.lstrip("/")]
    manage = [sys.executable, "manage.py"]
    piped, managed = [], []
    for _ in range(ROUNDS):
        if shutil.which("zstd"):
            piped.append(run(["sh", "-c", f"{' '.join(dump)} -Z0 | zstd -1 -T2 -q -f -o {out}"], environment))
        managed.append(run([*manage, "backup", "--wait", "--json"], environment))
    told = json.loads(managed[-1].said)
    work = statistics.median(sum(step["seconds"] for step in json.loads(each.said)["steps"]) for each in managed)
    print(f"{'':24} seconds  stored MB  memory MB")
    show("managed, its work alone", work, told["size"], 0)
    for step in told["steps"]:
        print(f"  {step['step']:40} {step['seconds']:6.2f}")
    show("managed, all in all", median(managed), told["size"], managed[-1].memory)
    if piped:
        show("pg_dump | zstd -1 -T2", median(piped), out.stat().st_size, piped[-1].memory)
        ratios = f"{median(managed) / median(piped):.2f}, its work alone {work / median(piped):.2f}"
        print(f"  managed / piped: {ratios} (at most {LIMIT_TIME})")
    plain = run([*dump, "-f", str(out)], environment)
    show("pg_dump -Fc", plain.seconds, out.stat().st_size, plain.memory)
    smaller = told["size"] / out.stat().st_size
    faster = plain.seconds / median(managed)
    print(f"  -Fc / managed: {faster:.1f} (at least {LIMIT_OWN}), sizes {smaller:.2f} (at most 1)")
    reads(url, [*manage, "backup", "--wait", "-v0"], environment)
    proof = run([*manage, "verify_backup", "--json"], environment)
    show("proven by restoring", proof.seconds, told["size"], proof.memory)
    print(f"  of which to be back: {json.loads(proof.said)['recovery_seconds']:.1f} s")


def compare_physical(url: str, environment: dict[str, str], out: Path, backups: Path) -> None:
    parts = urlsplit(url)
    base = f"{postgres_programs()}/pg_basebackup -h {parse_qs(parts.query)['host'][0]} -U {parts.username}"
    base += " -Ft -X fetch -c fast --manifest-checksums=SHA256 -D -"
    take = [sys.executable, "manage.py", "backup", "--kind=physical", "--wait", "--json"]
    plain, managed = [], []
    for _ in range(ROUNDS):
        plain.append(run(["sh", "-c", f"{base} > {out}"], environment))
        for folder in backups.glob("physical-*"):
            # Else the next has only what has changed.
            shutil.rmtree(folder)
        managed.append(run(take, environment))
    told = json.loads(managed[-1].said)
    work = statistics.median(sum(step["seconds"] for step in json.loads(each.said)["steps"]) for each in managed)
    show("pg_basebackup -Ft", median(plain), out.stat().st_size, plain[-1].memory)
    show("physical, its work alone", work, told["size"], 0)
    for step in told["steps"]:
        print(f"  {step['step']:40} {step['seconds']:6.2f}")
    show("physical, all in all", median(managed), told["size"], managed[-1].memory)
    ratios = f"{median(managed) / median(plain):.2f}, its work alone {work / median(plain):.2f}"
    print(f"  managed / pg_basebackup: {ratios} (at most {LIMIT_TIME})")
    reads(url, [*take[:-1], "-v0"], environment)
    changes = run(take, environment)
    show("what has changed", changes.seconds, json.loads(changes.said)["size"], changes.memory)
    proof = run([sys.executable, "manage.py", "verify_backup", "--json"], environment)
    show("proven by recovering", proof.seconds, told["size"], proof.memory)
    print(f"  of which to be back: {json.loads(proof.said)['recovery_seconds']:.1f} s")


def show(what: str, seconds: float, stored: int, memory: int) -> None:
    print(f"{what:24} {seconds:7.1f}  {stored / 1e6:9.0f}  {memory / 1e3 if memory else 0:9.0f}")


def reads(url: str, backup: Sequence[str], environment: dict[str, str]) -> None:
    """How long a read by its key takes, 99 in 100, alone and during a backup."""
    alone = slowest(url, None)
    process = subprocess.Popen(backup, cwd=ROOT, env=environment)
    during = slowest(url, process)
    print(f"a read meanwhile, 99 in 100: {during:.2f} ms, alone {alone:.2f} ms: {during / alone:.1f} (at most 2)")


def slowest(url: str, process: subprocess.Popen[bytes] | None) -> float:
    times: list[float] = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=1) as conn:
        while process.poll() is None if process else len(times) < READS:
            begun = time.perf_counter()
            conn.execute("SELECT body FROM made_up WHERE id = %s", [len(times) * 7 % 100_000 + 1]).fetchone()
            times.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.002)
    return statistics.quantiles(times, n=100)[98]


def run(command: Sequence[str], environment: dict[str, str]) -> Run:
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.PIPE)
        assert process.stderr is not None  # noqa: S101 - for the type checker
        words = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command[0]} failed: {words.decode()}")
        output.seek(0)
        return Run(time.monotonic() - begun, usage.ru_maxrss, output.read().decode())


def median(runs: Sequence[Run]) -> float:
    return statistics.median(each.seconds for each in runs)


if __name__ == "__main__":
    main()
