"""What works in the background, in plain words, with a button to run it again."""

import django_tasks_db.admin  # noqa: F401
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks_db.models import DBTaskResult

from config import audit
from config.admin.readonly import ReadOnlyAdmin
from config.background import habit_of
from config.models import BackgroundTask, TaskQuerySet
from config.worker import run_again

# The library's own page names Python's paths, queues and backends, and has no button.
admin.site.unregister(DBTaskResult)

STATES = {
    "waiting": (_("waiting"), Q(status="READY", worker_ids=[])),
    "again": (_("failed, will be tried again"), Q(status="READY") & ~Q(worker_ids=[])),
    "running": (_("running"), Q(status="RUNNING")),
    "failed": (_("given up"), Q(status="FAILED")),
    "done": (_("done"), Q(status="SUCCESSFUL")),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _rule) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BackgroundTask]) -> QuerySet[BackgroundTask]:
        chosen = STATES.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(BackgroundTask)
class BackgroundTaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "error", "tries", "next_at", "finished_at")
    list_filter = (StateFilter, "enqueued_at")
    search_fields = ("task_path", "exception_class_path", "traceback")
    ordering = ("-enqueued_at",)
    actions = ("run_again",)
    fields = (
        "name",
        "state",
        "tries",
        "of",
        "about",
        "enqueued_at",
        "started_at",
        "finished_at",
        "next_at",
        "whole_error",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: BackgroundTask | None = None) -> tuple[str, ...]:
        return self.fields

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("config.change_backgroundtask"))

    @admin.action(description=_("Run again"), permissions=["rerun"])
    def run_again(self, request: HttpRequest, tasks: TaskQuerySet) -> None:
        """Let the chosen ones run now, unless they run already or are done."""
        chosen = list(tasks.filter(status__in=["READY", "FAILED"]))
        count = run_again(tasks)
        for task in chosen:
            audit.record("task.run_again", request=request, target=task)
        text = ngettext("%(count)d task will run now.", "%(count)d tasks will run now.", count) % {"count": count}
        messages.success(request, text)

    @admin.display(description=_("task"), ordering="task_path")
    def name(self, task: BackgroundTask) -> str:
        return str(habit_of(task.task_path).title)

    @admin.display(description=_("state"), ordering="status")
    def state(self, task: BackgroundTask) -> str:
        known = {"READY": "again" if task.tries else "waiting", "RUNNING": "running", "FAILED": "failed"}
        return str(STATES[known.get(task.status, "done")][0])

    @admin.display(description=_("tries"))
    def tries(self, task: BackgroundTask) -> int:
        return task.tries

    @admin.display(description=_("tries at most"))
    def of(self, task: BackgroundTask) -> str:
        habit = habit_of(task.task_path)
        return str(_("no end: it comes back by itself")) if habit.every else str(habit.tries)

    @admin.display(description=_("next"), ordering="run_after")
    def next_at(self, task: BackgroundTask) -> object:
        if task.status != "READY":
            return self.get_empty_value_display()
        return task.due_at if task.due_at > timezone.now() else _("now")

    @admin.display(description=_("numbers it was given"))
    def about(self, task: BackgroundTask) -> str:
        given = [str(value) for value in task.args_kwargs["args"]]
        return ", ".join(given + [f"{name} {value}" for name, value in task.args_kwargs["kwargs"].items()])

    @admin.display(description=_("error"))
    def error(self, task: BackgroundTask) -> str:
        """The last line says it; the rest is for whoever mends it."""
        return task.traceback.strip().rpartition("\n")[2][:200]

    @admin.display(description=_("error"))
    def whole_error(self, task: BackgroundTask) -> str:
        return format_html("<pre>{}</pre>", task.traceback) if task.traceback else ""
