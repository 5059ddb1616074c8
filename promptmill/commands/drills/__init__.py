"""`promptmill drill`: a scene for people in training, set with the simulators' faults, and what became of it."""

from promptmill.commands.drills.run import check_drill, set_drill

__all__ = ["check_drill", "set_drill"]
