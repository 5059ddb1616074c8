"""Servers that tests need and Python cannot bring: Debian packages, which `.ci/run` installs."""

from __future__ import annotations

import os
import shutil

import pytest

SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"


def require_program(name: str, package: str) -> str:
    """Return a program's path; without it the test is skipped, in CI it fails."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if path is None:
        told = f"{name} is not there: install the package {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return path
