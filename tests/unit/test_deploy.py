"""The files of `deploy/` and the pages about them, held against the program: names in them that do not exist any more
are found here. Images, containers and compose itself are not run: that takes a Docker daemon."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from prometheus_client import CollectorRegistry

from sightline.cli.application import app
from sightline.clock import SystemClock
from sightline.gateway.cluster.merged_metrics import UP
from sightline.gateway.metrics import Metrics
from sightline.gateway.routing.notifier_metrics import NotifierMetrics
from sightline.settings import Settings, environment_name

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PAGES = sorted((ROOT / "docs" / "howto").glob("*.md"))
COMPOSE = ("compose.yaml", "compose.cluster.yaml")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMMANDS = typer.main.get_command(app)

OF_COMPOSE = {"SIGHTLINE_VARIANT"}
"""Read by the compose files themselves."""
NO_SETTINGS = {
    "SIGHTLINE_CONFIG", "SIGHTLINE_ENGINE_GATEWAY", "SIGHTLINE_ENGINE_TOKEN", "SIGHTLINE_ENGINE_CA_FILE",
    "SIGHTLINE_AGENT_PASSWORD", "SIGHTLINE_AGENT_TOKEN",
}  # fmt: skip
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def loaded(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


# ── names ──


@pytest.mark.parametrize("path", [*FILES, *PAGES, ROOT / "README.md"], ids=relative)
def test_every_variable_is_a_setting(path: Path) -> None:
    known = {environment_name(name) for name in Settings.model_fields} | NO_SETTINGS
    if path.is_relative_to(DEPLOY) or path.name == "docker.md":
        known |= OF_COMPOSE
    used = set(re.findall(r"\bSIGHTLINE_[A-Z][A-Z_]+\b", path.read_text()))
    assert used <= known, used - known


def metric_names() -> set[str]:
    registry: CollectorRegistry = Metrics().registry
    NotifierMetrics(registry, SystemClock())
    names = {"up", UP}
    for family in registry.collect():
        names |= {family.name + suffix for suffix in SUFFIXES[family.type]}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    """Title and PromQL of every panel and alert."""
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "sightline.json").read_text())
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))
    for group in loaded("prometheus/alerts.yml")["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])


def test_every_metric_that_is_shown_or_watched_exists() -> None:
    known = metric_names()
    for title, expression in expressions():
        used = set(re.findall(r"\b(?:sightline|process)_\w+|\bup\b", expression))
        assert used, f"{title} shows nothing"
        assert used <= known, f"{title}: {used - known}"
        assert expression.count("(") == expression.count(")"), title


def test_the_dashboard_shows_what_it_must() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "sightline.json").read_text())
    rows = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
    assert rows == [
        "At a glance", "Requests", "Frames and inference", "Memory and GPU", "Connections", "Deliveries",
    ]  # fmt: skip
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]}
    ids = {panel["id"] for panel in dashboard["panels"]}
    assert len(places) == len(ids) == len(dashboard["panels"])
    source = loaded("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]["uid"]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"] if panel["type"] != "row"} == {source}


def unknown(words: list[str]) -> str | None:
    """What is wrong with the words of a `sightline` command line, if anything."""
    command: Any = COMMANDS
    for place, word in enumerate(words):
        if not (group := getattr(command, "commands", None)):
            break
        if not word.startswith("-"):
            if word not in group:
                return f"there is no command {' '.join(words[: place + 1])!r}"
            command = group[word]
    options = [flag for of in (command, COMMANDS) for parameter in of.params for flag in parameter.opts]
    flags = {*options, *(flag for parameter in command.params for flag in parameter.secondary_opts), "--help"}
    wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in flags]
    return f"{wrong[0]} is no flag of {command.name}" if wrong else None


def command_lines(text: str) -> Iterator[list[str]]:
    """Of the fenced examples of a page: what follows `sightline` on each line."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if not re.match(r"(\w*\$|#|\w+#|yard\$|gateway\$) ", line):
                continue  # what a command prints
            for called in re.findall(r"(?:^|\s|/bin/)sightline ((?:[a-z-]|--).*)", line.split("  ")[0]):
                yield shlex.split(re.split(r"[|>&;]", called)[0], comments=True)


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=relative)
def test_every_command_in_a_page_exists(path: Path) -> None:
    for words in command_lines(path.read_text()):
        assert unknown(words) is None, unknown(words)


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"], ids=relative)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert "://" in target or target.startswith("mailto:") or (path.parent / target).exists(), target


# ── containers ──


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage of the Dockerfile."""
    text = (DEPLOY / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            name = rest.rpartition(" AS ")[2]
            found[name] = []
        found[name].append((instruction, rest))
    return found


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_an_image_is_nobody_s_root_and_says_how_it_is(variant: str) -> None:
    instructions = dict(stages()[variant])
    assert instructions["USER"] == "10001:10001"
    check = json.loads(instructions["HEALTHCHECK"].partition(" CMD ")[2])
    assert unknown(check[1:]) is None
    assert json.loads(instructions["CMD"]) == ["serve"]
    assert "SIGHTLINE_HOME=/srv/sightline" in instructions["ENV"]


def test_what_is_copied_into_an_image_is_there() -> None:
    known = stages()
    for instructions in known.values():
        for _, rest in (entry for entry in instructions if entry[0] == "COPY"):
            words = rest.split()
            flags = dict(word[2:].split("=") for word in words if word.startswith("--"))
            sources = [word for word in words if not word.startswith("--")][:-1]
            if "from" in flags:
                assert flags["from"] in known
            else:
                assert all((ROOT / source).exists() for source in sources), sources
                assert all(admitted(source) for source in sources), sources


def admitted(source: str) -> bool:
    """Whether .dockerignore, which leaves out everything else, lets it into the build."""
    lines = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().split()
    kept = [line[1:] for line in lines if line.startswith("!")]
    return any(name == source.rstrip("/") or name.startswith(source) for name in kept)


def test_the_entrypoint_is_a_script() -> None:
    entrypoint = DEPLOY / "docker" / "entrypoint"
    assert entrypoint.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(entrypoint)], check=True)
    called = re.findall(r"^ +sightline (.*)$", entrypoint.read_text(), re.MULTILINE)
    assert called and all(unknown(words.split()) is None for words in called)


@pytest.mark.parametrize("name", COMPOSE)
def test_a_compose_file_holds_together(name: str) -> None:
    content = loaded(name)
    services = content["services"]
    for service, about in services.items():
        command = about.get("command", [])
        assert set(about.get("depends_on", ())) <= services.keys()
        for volume in about.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in content["volumes"] or source.startswith("./"), f"{service}: {source}"
            if source.startswith("./") and "secrets" not in source:
                assert (DEPLOY / source).exists(), source
        for network in about.get("networks", ()):
            assert network in content["networks"]
        assert set(about.get("secrets", ())) <= set(content.get("secrets", ()))
        assert "privileged" not in about and about["restart"] == "unless-stopped"
        if about["image"].startswith("sightline:"):
            assert unknown(command) is None, unknown(command)
            assert about["read_only"] and about["cap_drop"] == ["ALL"], f"{service} may more than it must"
            settings = {key[10:].lower(): value for key, value in about["environment"].items()}
            plain = {key: value for key, value in settings.items() if key in Settings.model_fields and "$" not in value}
            Settings(**plain)
        else:
            assert about["healthcheck"]["test"], f"nobody would notice that {service} is ill"
        if "build" in about:
            assert (DEPLOY / about["build"]["context"] / about["build"]["dockerfile"]).exists()
            assert about["build"]["target"] == "${SIGHTLINE_VARIANT:-cpu}"


def test_the_gpu_file_changes_what_is_there() -> None:
    assert loaded("compose.gpu.yaml")["services"].keys() <= loaded("compose.yaml")["services"].keys()


def test_the_parts_of_the_cluster_know_one_another() -> None:
    services = loaded("compose.cluster.yaml")["services"]
    gateways = [f"{name}:8000" for name in services if name.startswith("gateway-")]
    assert re.findall(r"^    server (\S+)", (DEPLOY / "nginx" / "sightline.conf").read_text(), re.MULTILINE) == gateways
    assert loaded("prometheus/prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"] == gateways
    for name, about in services.items():
        if name.startswith("engine-"):
            urls = about["environment"]["SIGHTLINE_ENGINE_GATEWAY"].split(",")
            assert urls == [f"http://{gateway}" for gateway in gateways]
            assert about["command"][-1] == f"/run/secrets/{about['secrets'][0]}"
        if name.startswith("gateway-"):
            inside = {key: services[key]["networks"]["inside"]["ipv4_address"] for key in ("proxy", "prometheus")}
            assert about["environment"]["SIGHTLINE_TRUSTED_PROXIES"] == inside["proxy"]
            assert about["environment"]["SIGHTLINE_METRICS_FROM"] == inside["prometheus"]
            shared = {volume for volume in about["volumes"] if not volume.startswith(name)}
            assert shared == {"keys:/srv/sightline/keys", "media:/srv/sightline/media"}


# ── systemd ──


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_commands_that_exist(unit: Path) -> None:
    lines = re.findall(r"^ExecStart(?:Pre)?=/opt/sightline/bin/sightline (.*)$", unit.read_text(), re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        assert unknown(line.split()) is None, unknown(line.split())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_a_unit(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    text = unit.read_text().replace("/opt/sightline/bin/sightline", sys.executable)
    copy.write_text(text.replace("User=sightline", "User=root"))  # a user that this machine has
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if unit.stem in line]
    assert not said, done.stderr
