"""Who announces: many processes at once, one that is killed, a courier, a dashboard, a thread that is stopped."""

import signal
import threading
from pathlib import Path

from swarm_agents.build import human_acts
from swarm_agents.db.database import Database
from swarm_agents.escalations.announcements import COMMAND
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.place import Place
from swarm_agents.system.waker import Waker
from swarm_agents.watch import announcer
from swarm_agents.watch.live_config import LiveConfig
from swarm_tui.background import BackgroundThread
from swarm_tui.settings import Settings
from tests.support.notify import RULES, NotifyFolder, break_build, channel_state, clock_ahead, raise_escalation
from tests.support.processes import run_python
from tests.support.repo import Repo
from tests.support.until import until

ANNOUNCE = """
import sys
from pathlib import Path
from swarm_agents.place import Place
from swarm_agents.system.waker import Waker
from swarm_agents.watch import announcer
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.db.database import Database
with Database(Path(sys.argv[1])) as db:
    announcer.announce_due(db, Config(notify=NotifyConfig(command=(sys.argv[2],))))
"""


def test_six_processes_that_announce_at_once_run_the_command_once(db_path: Path, folder: NotifyFolder) -> None:
    command = folder.script("echo $SWARM_ESCALATION >> tries; cat > /dev/null")
    for round_ in range(1, 11):
        with Database(db_path) as db:
            raise_escalation(db)

        done = run_python([(ANNOUNCE, str(db_path), command)] * 6)

        assert [one.stderr for one in done] == [""] * 6
        assert folder.read("tries").split() == [str(n) for n in range(1, round_ + 1)]
        with Database(db_path) as db:
            human_acts.resolve(db, round_, Resolution.DECLARE_PASSING, RULES)


def test_a_process_killed_before_it_recorded_the_result_is_followed_once_and_marked(
    db_path: Path, folder: NotifyFolder
) -> None:
    command = folder.script("cat >> heard; echo x >> tries; kill -9 $PPID")
    with Database(db_path) as db:
        asked = raise_escalation(db)

    for later_s in (0, 60, 120, 180):
        program = ANNOUNCE.replace("Path(sys.argv[1])", f"Path(sys.argv[1]), {clock_ahead(later_s)}")
        killed = run_python([(program, str(db_path), command)])
        assert (killed[0].returncode == -signal.SIGKILL) == (later_s <= 60), killed[0].stderr

    assert folder.read("tries") == "x\nx\n"
    assert folder.read("heard").count("(This may reach you for the second time.)") == 1
    with Database(db_path) as db:
        assert channel_state(db, asked, COMMAND) == ("retired", "two processes that tried it ended without a result")


def test_a_courier_announces_too(repo: Repo, folder: NotifyFolder) -> None:
    break_build(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    folder.configure(repo, folder.script("touch done"))

    courier = repo.start("courier", "--seconds", "30")
    until(folder.path("done").exists, "the command ran")
    courier.terminate()

    assert courier.communicate()[0].startswith("The courier stopped")


def test_a_notifier_thread_ends_when_it_is_stopped(db_path: Path, folder: NotifyFolder) -> None:
    with Database(db_path) as db:
        raise_escalation(db)
    stop, waker = threading.Event(), Waker()
    config = folder.config(folder.script("touch done"))
    arguments = (db_path, lambda: config, stop, waker)
    notifying = threading.Thread(target=announcer.run_until_stopped, args=arguments)
    notifying.start()

    until(folder.path("done").exists, "the command ran")
    stop.set()
    waker.wake()

    notifying.join(10)
    assert not notifying.is_alive()


def test_a_dashboard_announces_too(db_path: Path, folder: NotifyFolder) -> None:
    with Database(db_path) as db:
        raise_escalation(db)
    config = folder.config(folder.script("touch done"))
    live_config = LiveConfig(Place(str(db_path), None), config)
    background = BackgroundThread(Settings(live_config, courier=False), lambda message: None, lambda: None)

    background.start()
    until(folder.path("done").exists, "the command ran")
    background.stop()

    background.join(10)
    assert not background.is_alive()
