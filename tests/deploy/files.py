"""What the files in deploy/ say, each way of deploying in the same words."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from config.env import BASE_DIR

DEPLOY = BASE_DIR / "deploy"
# Where everything lies on a machine, in a container, and in systemd's units.
CODE, VAR, RUN, PUBLIC = "/srv/how-to-ai/current", "/var/lib/how-to-ai", "/run/how-to-ai", "/var/www/how-to-ai"
# Of several instances of one process.
INSTANCE = re.compile(r"-\d+$|@$")


@dataclass(frozen=True)
class Process:
    command: list[str]
    # What the files say, beside what an operator says.
    environment: dict[str, str] = field(default_factory=dict)
    # How long it is given to stop, in seconds.
    stop: float = 0


def container_file() -> dict[str, list[str]]:
    """Instruction → what follows it, each time it is there; lines that go on are one."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"([A-Z]+) (.*)", line):
            found.setdefault(match[1], []).append(" ".join(match[2].split()))
    return found


def image_environment() -> dict[str, str]:
    pairs = [part.partition("=") for line in container_file()["ENV"] for part in shlex.split(line)]
    return {name: value for name, _, value in pairs}


def compose() -> dict[str, Any]:
    """With anchors and merges resolved, as Compose has it."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return read


def manifests(folder: Path = DEPLOY / "kubernetes") -> list[dict[str, Any]]:
    """Of this folder and those below, without those of kustomize."""
    files = [path for path in sorted(folder.rglob("*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in files for document in yaml.safe_load_all(path.read_text())]


def unit(name: str) -> dict[str, list[str]]:
    """Option → its values, of all sections of a unit."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            option, _, value = line.partition("=")
            found.setdefault(option, []).append(value)
    return found


def of_compose() -> dict[str, Process]:
    return {
        INSTANCE.sub("", name): Process(
            as_written(service["command"]), service.get("environment", {}), seconds(service.get("stop_grace_period"))
        )
        for name, service in compose()["services"].items()
        if "env_file" in service
    }


def of_systemd() -> dict[str, Process]:
    found = {}
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        options = unit(path.name)
        variables = [part.partition("=") for line in options["Environment"] for part in shlex.split(line)]
        found[INSTANCE.sub("", path.stem.removeprefix("how-to-ai-"))] = Process(
            as_written(shlex.split(options["ExecStart"][0])),
            {name: value for name, _, value in variables},
            float(options["TimeoutStopSec"][0]),
        )
    return found


def of_kubernetes() -> dict[str, Process]:
    """What runs our image, the job included."""
    found = {}
    for manifest in manifests():
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", []):
            if container["image"] == "how-to-ai":
                environment = {each["name"]: each["value"] for each in container.get("env", [])}
                stop = float(pod["terminationGracePeriodSeconds"])
                found[container["name"]] = Process(as_written(container["command"]), environment, stop)
    return found


def as_written(command: list[str]) -> list[str]:
    """Whichever Python it is."""
    return ["python" if Path(part).name.startswith("python") else part for part in command]


def seconds(duration: str | None) -> float:
    """Of Compose; its own default is ten."""
    if duration is None:
        return 10
    number, unit_of_time = duration[:-1], duration[-1]
    return float(number) * {"s": 1, "m": 60}[unit_of_time]
