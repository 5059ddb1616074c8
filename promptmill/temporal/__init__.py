"""Access to Temporal: one connection per process; start, cancel and describe by the names in the contracts."""

from promptmill.temporal.connection import connect
from promptmill.temporal.gate import TemporalGate
from promptmill.temporal.signalling import WorkflowSignaller
from promptmill.temporal.starting import WorkflowStarter, create_starter

__all__ = ["TemporalGate", "WorkflowSignaller", "WorkflowStarter", "connect", "create_starter"]
