"""One platform, deployed in several ways: what they say of commands, variables, places and times is the same."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config import reference, serving
from config.env import BASE_DIR, VAR_DIR
from config.management.commands import up
from tests.deploy import files
from tests.deploy.files import DEPLOY, INSTANCE, PUBLIC, RUN, VAR, Process

WAYS = {"compose": files.of_compose(), "systemd": files.of_systemd(), "kubernetes": files.of_kubernetes()}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SYSTEMD = shutil.which("systemd-analyze")
# What tries the platform, or stands in for others.
NOT_DEPLOYED = {"tests", "trials", "counterparts", "benchmarks"}
# What systemd's release script does itself.
ONCE = {"migrate"}
# Of Python, the shell and PostgreSQL's image; not ours.
OTHERS = {
    *("PATH", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "POSTGRES_PASSWORD", "DATABASE_PASSWORD"),
    *("IMAGE", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"),
}


def ways() -> list[Any]:
    return [pytest.param(way, id=way) for way in WAYS]


def of_up() -> dict[str, list[str]]:
    """The commands that `manage.py up` runs, with the folder of data that is deployed."""
    children = (up.worker(), up.beat(), up.events(), up.receiver())
    return {
        child.name: [part.replace(str(VAR_DIR), VAR) for part in files.as_written(child.command)] for child in children
    }


@pytest.mark.parametrize("way", ways())
def test_every_process_is_started_by_the_command_that_up_uses(way: str) -> None:
    commands = {name: process.command for name, process in WAYS[way].items() if name not in ONCE}
    assert commands == {"web": ["python", "-m", "config.serving"]} | of_up()


def test_migrations_are_run_in_the_same_way() -> None:
    commands = [WAYS[way]["migrate"].command for way in ("compose", "kubernetes")]
    assert commands == [["python", "manage.py", "migrate", "--noinput"]] * 2
    assert "manage.py migrate --noinput" in (DEPLOY / "systemd" / "release").read_text()


def test_an_image_without_a_command_is_the_web_server() -> None:
    (command,) = files.container_file()["CMD"]
    assert shlex.split(command.strip("[]").replace(",", " ")) == ["python", "-m", "config.serving"]


def variables_of(way: str) -> set[str]:
    return {name for process in WAYS[way].values() for name in process.environment}


@pytest.mark.parametrize("way", ways())
def test_every_variable_is_one_that_the_platform_reads(way: str) -> None:
    assert variables_of(way) - OTHERS <= set(reference.found())


def test_so_is_every_variable_of_the_image_the_cluster_and_the_file_that_is_written(tmp_path: Path) -> None:
    configured = {
        name
        for each in files.manifests()
        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "how-to-ai"
        for name in each["data"]
    }
    written = tmp_path / ".env"
    command = [sys.executable, "manage.py", "setup_env", "compose", "--path", str(written)]
    subprocess.run(command, cwd=BASE_DIR, check=True, capture_output=True)
    suggested = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", written.read_text(), re.MULTILINE))
    assert (set(files.image_environment()) | configured | suggested) - OTHERS <= set(reference.found())


def test_what_setup_env_writes_for_containers_leads_to_their_services(tmp_path: Path) -> None:
    written = tmp_path / ".env"
    command = [sys.executable, "manage.py", "setup_env", "compose", "--path", str(written)]
    subprocess.run(command, cwd=BASE_DIR, check=True, capture_output=True)
    values = dict(line.split("=", 1) for line in written.read_text().splitlines() if line and line[0] != "#")
    services = files.compose()["services"]
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL"):
        host = re.search(r"[@/]([a-z]+):\d+/", values[name])
        assert host is not None
        assert host[1] in services
    assert values["DATABASE_PASSWORD"] in values["DATABASE_URL"]
    assert values["PROXY_COUNT"] == "1"
    # With the service `wal` beside it.
    assert values["BACKUP_WAL"] == "true"
    assert {
        part for name in files.compose()["services"] for part in re.findall(r"\$\{([A-Z_]+)", str(services[name]))
    } <= {*("DATABASE_PASSWORD", "IMAGE", "WEB_WORKERS", "WORKERS", "EVENT_CONSUMERS")}


def test_there_is_one_port() -> None:
    image = files.image_environment()
    assert files.container_file()["EXPOSE"] == [image["PORT"]]
    assert files.of_kubernetes()["web"].environment["PORT"] == image["PORT"]
    assert serving.production_command({})[serving.production_command({}).index("--port") + 1] == image["PORT"]
    (web,) = [each for each in files.manifests() if each["kind"] == "Service" and each["metadata"]["name"] == "web"]
    assert [port["port"] for port in web["spec"]["ports"]] == [int(image["PORT"])]
    (deployment,) = [
        each for each in files.manifests() if each["kind"] == "Deployment" and each["metadata"]["name"] == "web"
    ]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert [port["containerPort"] for port in container["ports"]] == [int(image["PORT"])]


def test_the_proxy_knows_every_socket_that_a_web_server_listens_at() -> None:
    proxied = re.findall(r"server unix:(\S+)", (DEPLOY / "nginx" / "how-to-ai.conf").read_text())
    services = files.compose()["services"]
    assert proxied == [services[name]["environment"]["WEB_SOCKET"] for name in ("web-1", "web-2")]
    template = files.of_systemd()["web"].environment["WEB_SOCKET"]
    started = re.findall(r"how-to-ai-web@(\d)\.service", " ".join(files.unit("how-to-ai.target")["Wants"]))
    assert proxied == [template.replace("%i", number) for number in started]
    assert all(place.startswith(f"{RUN}/") for place in proxied)


def test_what_the_proxy_includes_is_brought_to_it() -> None:
    """And what serves static files in Kubernetes, which reads no file of ours, says the same."""
    shipped = {path.name for path in (DEPLOY / "nginx").iterdir()} - {"how-to-ai.conf"}
    conf = (DEPLOY / "nginx" / "how-to-ai.conf").read_text()
    assert set(re.findall(r"include /etc/nginx/how-to-ai/(\S+);", conf)) == {"headers.conf"}
    volumes = files.compose()["services"]["proxy"]["volumes"]
    assert {f"../nginx/{name}:/etc/nginx/how-to-ai/{name}:ro" for name in shipped} <= set(volumes)
    (installed,) = re.findall(
        r"install -m 0644 (.+) /etc/nginx/how-to-ai/\n", (BASE_DIR / "docs/deploy.md").read_text()
    )
    assert set(installed.split()) == {f"deploy/nginx/{name}" for name in shipped}
    (static,) = [
        each for each in files.manifests() if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "static"
    ]
    headers = re.findall(r"^add_header .+$", (DEPLOY / "nginx" / "headers.conf").read_text(), re.MULTILINE)
    assert len(headers) == 7
    assert [line for line in headers if line not in static["data"]["default.conf"]] == []


def test_data_and_static_files_lie_where_everybody_looks_for_them() -> None:
    image = files.image_environment()
    assert image["VAR_DIR"] == VAR
    assert {process.environment["VAR_DIR"] for process in files.of_systemd().values()} == {VAR}
    assert f"root {PUBLIC};" in (DEPLOY / "nginx" / "how-to-ai.conf").read_text()
    copied = f"cp -R {image['STATIC_ROOT']}/. {PUBLIC}/static/"
    assert copied in files.compose()["services"]["static"]["command"][2]
    (job,) = [each for each in files.manifests() if each["kind"] == "Job"]
    assert copied in job["spec"]["template"]["spec"]["initContainers"][0]["command"][2]
    assert f"public={PUBLIC}/static" in (DEPLOY / "systemd" / "release").read_text()


@pytest.mark.parametrize("way", ways())
def test_a_web_server_is_given_the_time_that_it_takes_to_stop(way: str) -> None:
    web = WAYS[way]["web"]
    assert web.stop >= serving.seconds_from(web.environment) + serving.PATIENCE + serving.LAST_SECONDS


@pytest.mark.parametrize("way", ways())
def test_a_worker_is_given_the_time_for_what_it_has_in_hand(way: str) -> None:
    assert WAYS[way]["worker"].stop >= 60


def test_every_process_but_the_web_server_is_ended_when_it_hangs_and_by_the_same_sign() -> None:
    """A cluster and systemd start anew what fails; Compose does not, so there the check itself ends it."""
    working = set(of_up())
    place = files.image_environment()["SIGN_OF_LIFE"]
    alive = ["python", "deploy/probe.py", "--alive"]
    services = files.compose()["services"]
    for name in working:
        assert services[name]["healthcheck"]["test"] == ["CMD", *alive, "--or-end"], name
        # Where the sign lies, nothing of an earlier container does.
        assert [mount.partition(":")[0] for mount in services[name]["tmpfs"]] == [str(Path(place).parent)], name
    probed = {}
    for manifest in files.manifests():
        if manifest["kind"] == "Deployment":
            (container,) = manifest["spec"]["template"]["spec"]["containers"]
            probed[container["name"]] = container
    for name in working:
        container = probed[name]
        commands = [container[probe]["exec"]["command"] for probe in ("startupProbe", "livenessProbe")]
        assert commands == [alive, alive], name
        assert str(Path(place).parent) in [mount["mountPath"] for mount in container["volumeMounts"]]
    longest = re.search(r"^LONGEST_SILENCE = (\d+)", (DEPLOY / "probe.py").read_text(), re.MULTILINE)
    assert longest is not None
    units = {INSTANCE.sub("", path.stem.removeprefix("how-to-ai-")): files.unit(path.name) for path in UNITS}
    for name in working:
        assert units[name]["WatchdogSec"] == [longest[1]], name
        assert units[name]["NotifyAccess"] == ["main"], name
    assert working | {"web"} == set(probed) - {"static"} == set(units)


def test_versions_are_those_of_the_code() -> None:
    version = settings.APP_VERSION
    assert f"${{IMAGE:-how-to-ai:{version}}}" in (DEPLOY / "compose" / "compose.yaml").read_text()
    for path in DEPLOY.rglob("kustomization.yaml"):
        assert f"newTag: {version}" in path.read_text()
    made_with = re.search(r"^UV_VERSION := (.+)$", (BASE_DIR / "Makefile").read_text(), re.MULTILINE)
    assert made_with is not None
    assert f"UV_VERSION={made_with[1]}" in files.container_file()["ARG"]


def test_nothing_in_a_container_may_do_more_than_it_must() -> None:
    told = files.container_file()
    assert told["USER"] == ["10001:10001"]
    for name, service in files.compose()["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if str(service["image"]).startswith("${IMAGE"):
            assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001:10001", True, ["ALL"]), name
    for manifest in files.manifests():
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        for container in [*pod.get("containers", []), *pod.get("initContainers", [])]:
            safety = container["securityContext"]
            assert safety["readOnlyRootFilesystem"] is True
            assert safety["allowPrivilegeEscalation"] is False
            assert safety["capabilities"] == {"drop": ["ALL"]}
            assert pod["securityContext"]["runAsNonRoot"] is True


def test_only_the_proxy_is_reached_from_outside() -> None:
    open_to_all = {name for name, service in files.compose()["services"].items() if service.get("ports")}
    assert open_to_all == {"proxy"}
    assert files.compose()["networks"]["data"] == {"internal": True}


def test_the_image_is_built_from_what_runs_and_from_nothing_else() -> None:
    lines = (BASE_DIR / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    packages = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - NOT_DEPLOYED
    assert "*" in lines
    assert kept == packages | {"manage.py", "requirements.txt", "templates", "static", "deploy/probe.py"}


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.stem)
def test_units_agree_on_who_runs_them_and_on_how_little_they_may(path: Path) -> None:
    options = files.unit(path.name)
    for option, value in {
        "User": "how-to-ai",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "Restart": "always",
        "WorkingDirectory": files.CODE,
        "EnvironmentFile": "/etc/how-to-ai/production.env",
    }.items():
        assert options[option] == [value], option


def test_another_command_would_be_found() -> None:
    broken = WAYS["compose"] | {"worker": Process(["python", "-m", "celery", "worker"])}
    assert broken["worker"].command != of_up()["worker"]


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd-analyze; on Debian: apt install systemd")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Copies, with programs and files that are there, since it looks for those too."""
    assert SYSTEMD is not None
    for path in (DEPLOY / "systemd").glob("how-to-ai*.*"):
        if path.suffix in (".service", ".target"):
            text = (
                path.read_text()
                .replace(f"{files.CODE}/.venv/bin/python", "/bin/true")
                .replace("User=how-to-ai", "User=root")
            )
            (tmp_path / path.name).write_text(text.replace("Group=how-to-ai", "Group=root"))
    for name in ("web@1", "worker@1", "events@1"):
        kind, _, number = name.partition("@")
        (tmp_path / f"how-to-ai-{name}.service").write_text(
            (tmp_path / f"how-to-ai-{kind}@.service").read_text().replace("%i", number)
        )
    units = [str(path) for path in tmp_path.iterdir() if not path.stem.endswith("@")]
    done = subprocess.run([SYSTEMD, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "how-to-ai" in line]
    assert ours == []
