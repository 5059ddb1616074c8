"""The worker's resources under their earlier name; the API's are in `promptmill.api_resources`."""

from promptmill.worker_resources import WorkerResources, open_worker_resources

__all__ = ["WorkerResources", "open_worker_resources"]
