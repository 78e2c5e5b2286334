"""Screen 4: tasks and locks, who has them, and taking them away."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from swarm_agents.locks.locks import Lock
from swarm_agents.model import Moment
from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.views import human_commands
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import actions
from swarm_tui.dialogs.locks.force_release_lock import ForceReleaseLockDialog
from swarm_tui.dialogs.locks.lock_details import LockDetailsDialog
from swarm_tui.dialogs.tasks.reassign_task import ReassignTaskDialog
from swarm_tui.dialogs.tasks.release_task import ReleaseTaskDialog
from swarm_tui.dialogs.tasks.task_details import TaskDetailsDialog
from swarm_tui.screens.base_screen import BaseScreen
from swarm_tui.settings import Settings
from swarm_tui.widgets.build_banner import BuildBanner
from swarm_tui.widgets.lock_list import LockList
from swarm_tui.widgets.row_list import RowList
from swarm_tui.widgets.task_list import TaskList
from swarm_tui.widgets.workload import WorkloadLine

_OVER = (TaskStatus.COMPLETED, TaskStatus.CANCELLED)


class WorkScreen(BaseScreen):
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.WORK)]
    AUTO_FOCUS = "TaskList"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, actions.WORK)
        self._banner = BuildBanner()
        self._task_list = TaskList()
        self._lock_list = LockList()
        self._workload = WorkloadLine()

    def compose(self) -> ComposeResult:
        yield self._title_line
        yield self._config_line
        yield self._trouble
        with self._swarm:
            yield self._banner
            yield self._task_list
            yield self._workload
            yield self._lock_list
        yield self._keys

    def show_swarm(self, snapshot: Snapshot) -> None:
        self._banner.show(snapshot)
        if snapshot.work is None:
            return  # taken before it was requested
        self._task_list.show(snapshot.work.tasks, snapshot.moment)
        self._lock_list.show(snapshot.work.locks, snapshot.moment)
        self._workload.show(snapshot.work.tasks)
        if self.focused is None:
            self.call_after_refresh(self._task_list.focus)

    def tick_swarm(self, moment: Moment) -> None:
        self._banner.tick(moment)
        self._task_list.tick(moment)
        self._lock_list.tick(moment)

    def on_build_banner_incident_wanted(self) -> None:
        self.open_incident(None)

    def on_row_list_row_chosen(self, event: RowList.RowChosen) -> None:
        match event.rows:
            case TaskList() as task_list if task_list.chosen:
                self._open_task(task_list.chosen)
            case LockList() as lock_list if lock_list.chosen:
                self._open_lock(lock_list.chosen)

    def _open_task(self, task: Task) -> None:
        self.app.push_screen(TaskDetailsDialog(self._settings, task.id))

    def _open_lock(self, lock: Lock) -> None:
        self.app.push_screen(LockDetailsDialog(self._settings, lock.path))

    def do_reassign(self) -> None:
        task = self._chosen_task()
        if task.status in _OVER or task.blocked_by:
            self._refuse(task)
        else:
            self.app.push_screen(ReassignTaskDialog(self._snapshot, task))

    def do_release(self) -> None:
        task = self._chosen_task()
        if task.status in HELD_STATUSES or task.status is TaskStatus.FAILED:
            self.app.push_screen(ReleaseTaskDialog(self._snapshot, task))
        else:
            self._refuse(task)

    def do_force_release(self) -> None:
        self.app.push_screen(ForceReleaseLockDialog(self._snapshot, self._chosen_lock()))

    def do_back(self) -> None:
        self.dismiss()

    def _chosen_task(self) -> Task:
        task = self._task_list.chosen
        assert task is not None, "an act on a task is refused where there is none"
        return task

    def _chosen_lock(self) -> Lock:
        lock = self._lock_list.chosen
        assert lock is not None, "an act on a lock is refused where there is none"
        return lock

    def _refuse(self, task: Task) -> None:
        self.notify(f"That cannot be done: {human_commands.describe_task(task)}", severity="warning", markup=False)
