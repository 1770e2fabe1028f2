from ops.models.logs import ErrorGroup, Level, SystemLog

__all__ = ["ErrorGroup", "Level", "SystemLog"]
