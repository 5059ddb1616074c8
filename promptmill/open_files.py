"""This process's limit of open files."""

from __future__ import annotations

from promptmill.contracts.errors import ConfigurationError


def allow_open_files(needed: int, setting: str, value: int) -> None:
    """Raise this process's limit of open files to what it needs.

    Args:
        needed: Files that may be open at once, connections among them.
        setting: The setting that decides it, to be named if the system does not allow that many, with its `value`.

    Raises:
        ConfigurationError: The system does not allow that many.
    """
    try:
        import resource  # noqa: PLC0415  # not available on every system
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigurationError(
            f"{setting} is {value}, which needs {needed} open files, and this process may have {hard}: lower it, or "
            "raise the limit (`ulimit -n`)."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
