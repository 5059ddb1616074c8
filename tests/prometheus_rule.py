"""`python -m tests.prometheus_rule`: writes the rules of deploy/monitoring for the operator of Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy" / "monitoring" / "rules"
WRITTEN = ROOT / "deploy" / "kubernetes" / "rules.yaml"
HEAD = "# Made by `python -m tests.prometheus_rule` from deploy/monitoring/rules; a test holds the two equal.\n\n"


def prometheus_rule() -> dict[str, Any]:
    """Return recording and alert rules as one resource."""
    files = (RULES / name for name in ("recording.yml", "alerts.yml"))
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "promptmill"},
        "spec": {"groups": [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]},
    }


if __name__ == "__main__":
    WRITTEN.write_text(HEAD + yaml.safe_dump(prometheus_rule(), sort_keys=False, width=120, allow_unicode=True))
