from analytics.admin import dashboard, definitions, metrics

__all__ = ["dashboard", "definitions", "metrics"]
