"""What the owner sees of the site itself: who did what, and what works in the background. Both are read, never edited."""

from config.admin.audit import AuditEntryAdmin
from config.admin.tasks import BackgroundTaskAdmin

__all__ = ["AuditEntryAdmin", "BackgroundTaskAdmin"]
