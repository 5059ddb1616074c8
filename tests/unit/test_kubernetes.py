"""deploy/kubernetes: what can be proved of it without a cluster.

Kubernetes' own schemas know neither ServiceMonitor nor PrometheusRule: their references and content are checked here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from promptmill.commands.settings_page import NOT_VARIABLES
from promptmill.config.outputs import OBJECT_STORE_VARIABLES
from promptmill.config.settings import Settings, load_settings, variable_name
from promptmill.config.temporal import TEMPORAL_VARIABLES
from tests.prometheus_rule import prometheus_rule

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OPERATOR = "monitoring.coreos.com/v1"
VERSIONS = ("1.27", "1.37")
"""Of Kubernetes: the first with time zones of CronJobs for good, and the newest that the validator knows."""

SETTINGS = {variable_name(field) for field in Settings.model_fields if field not in NOT_VARIABLES} | {
    *TEMPORAL_VARIABLES,
    *OBJECT_STORE_VARIABLES,
}
Resource = dict[str, Any]


@cache
def kustomization() -> Resource:
    found: Resource = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    return found


@cache
def resources() -> tuple[Resource, ...]:
    return tuple(
        each for name in kustomization()["resources"] for each in yaml.safe_load_all((FOLDER / name).read_text())
    )


def of_kind(kind: str) -> dict[str, Resource]:
    return {each["metadata"]["name"]: each for each in resources() if each["kind"] == kind}


def pods() -> dict[str, Resource]:
    """The template of each pod."""
    found = {name: each["spec"]["template"] for kind in ("Deployment", "Job") for name, each in of_kind(kind).items()}
    return found | {name: job["spec"]["jobTemplate"]["spec"]["template"] for name, job in of_kind("CronJob").items()}


def containers() -> Iterator[tuple[str, Resource]]:
    for name, pod in pods().items():
        for container in pod["spec"]["containers"]:
            yield name, container


def chosen_by(selector: Resource, among: dict[str, Resource]) -> list[str]:
    wanted = selector.get("matchLabels", selector)
    return [name for name, each in among.items() if wanted.items() <= each["metadata"].get("labels", {}).items()]


def test_every_file_is_part_of_it_and_every_name_is_used_once() -> None:
    assert sorted([*kustomization()["resources"], "kustomization.yaml"]) == sorted(
        path.name for path in FOLDER.iterdir()
    )
    names = [(each["kind"], each["metadata"]["name"]) for each in resources()]
    assert len(set(names)) == len(names)
    assert kustomization()["namespace"] in of_kind("Namespace")


@pytest.mark.parametrize(
    "resource",
    [each for each in resources() if each["apiVersion"] != OPERATOR],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)
def test_kubernetes_knows_every_field(resource: Resource) -> None:
    for version in VERSIONS:
        kubernetes_validate.validate(resource, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    wrong = of_kind("PodDisruptionBudget")["promptmill-api"] | {"spec": {"maxUnavailabel": 1}}
    with pytest.raises(kubernetes_validate.ValidationError, match="maxUnavailabel"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_every_image_is_named_with_this_releases_tag() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    tags = {image["name"]: image["newTag"] for image in kustomization()["images"]}
    assert set(tags.values()) == {version}
    for name, container in containers():
        assert container["image"].partition(":")[0] in tags, name


def test_selectors_find_the_pods_that_they_are_for() -> None:
    for name, deployment in of_kind("Deployment").items():
        assert chosen_by(deployment["spec"]["selector"], pods()) == [name]
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        for name, each in of_kind(kind).items():
            selector = each["spec"].get("selector") or each["spec"]["podSelector"]
            if name not in {"temporal", "closed"}:
                assert chosen_by(selector, pods()) == [name], kind
    ports = {name: {port["name"] for port in each.get("ports", [])} for name, each in containers()}
    for name, service in of_kind("Service").items():
        [pod] = chosen_by(service["spec"]["selector"], pods())
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports[pod], name


def test_no_pod_has_rights_memory_or_service_variables_to_spare() -> None:
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, "a Service named promptmill would set PROMPTMILL_PORT"
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers():
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert re.fullmatch(r"\d+[MG]i", container["resources"]["limits"]["memory"]), name


def test_secrets_are_referred_to_and_settings_exist() -> None:
    given = dict(of_kind("ConfigMap")["promptmill"]["data"])
    for name, container in containers():
        for variable in container.get("env", []):
            assert variable["name"] in SETTINGS | {"POD_IP"}, name
            given[variable["name"]] = variable.get("value", "")
    assert not of_kind("Secret")
    assert set(of_kind("ConfigMap")["promptmill"]["data"]) <= SETTINGS
    secret = {variable_name(field) for field, info in Settings.model_fields.items() if "Secret" in str(info.annotation)}
    assert not [name for name in secret & given.keys() if given[name] not in {"", "held-by-the-worker"}]


def test_the_apis_settings_are_valid_with_a_pods_address() -> None:
    [api] = [container for name, container in containers() if name == "promptmill-api"]
    plain = {each["name"]: each["value"].replace("$(POD_IP)", "10.1.2.3") for each in api["env"] if "value" in each}
    environment = of_kind("ConfigMap")["promptmill"]["data"] | plain | {"PROMPTMILL_ENV_FILE": ""}
    assert load_settings(environment | {"PROMPTMILL_API_TOKEN": "secret" * 8}).allowed_hosts[-1] == "10.1.2.3"


def test_a_pod_may_take_as_long_to_end_as_its_process() -> None:
    grace = {name: pod["spec"].get("terminationGracePeriodSeconds") for name, pod in pods().items()}
    assert grace["promptmill-worker"] > Settings.model_fields["shutdown_seconds"].default
    assert grace["promptmill-api"] > 10 + 5, "its own 10 s after those of preStop"


def test_temporal_is_closed_to_all_but_ours_and_itself() -> None:
    policy = of_kind("NetworkPolicy")["temporal"]["spec"]
    ours, its_own = policy["ingress"]
    assert ours["ports"] == [{"protocol": "TCP", "port": 7233}]
    found = [name for peer in ours["from"] for name in chosen_by(peer["podSelector"], pods())]
    cron = list(of_kind("CronJob"))
    assert found == ["promptmill-api", "promptmill-worker", *cron]
    assert its_own == {"from": [{"podSelector": policy["podSelector"]}]}
    assert of_kind("NetworkPolicy")["closed"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_prometheus_finds_what_its_rules_ask_for() -> None:
    """The operator names a job like the Service that it found."""
    services = of_kind("Service")
    scraped = {
        service
        for monitor in of_kind("ServiceMonitor").values()
        for service in chosen_by(monitor["spec"]["selector"], services)
        if {each["port"] for each in monitor["spec"]["endpoints"]}
        & {port["name"] for port in services[service]["spec"]["ports"]}
    }
    jobs = yaml.safe_load((ROOT / "deploy" / "monitoring" / "prometheus.yml").read_text())["scrape_configs"]
    assert scraped == {job["job_name"] for job in jobs}


def test_the_rules_are_those_of_deploy_monitoring() -> None:
    """Otherwise: `python -m tests.prometheus_rule`."""
    [rule] = [each for each in resources() if each["kind"] == "PrometheusRule"]
    assert rule == prometheus_rule()
