"""Which program keeps a folder in step with other machines, by its marks and by the names of folders."""

from pathlib import Path

import pytest

from swarm_agents.system import synced_folders


@pytest.mark.parametrize(
    ("mark", "program"),
    [
        (".stfolder", "Syncthing"),
        (".dropbox.cache", "Dropbox"),
        (".sync_0a1b2c.db", "Nextcloud or ownCloud"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
        (".tmp.drivedownload", "Google Drive"),
    ],
)
def test_a_mark_in_a_folder_above_names_the_program(tmp_path: Path, mark: str, program: str) -> None:
    (tmp_path / mark).mkdir()

    assert synced_folders.find_program(tmp_path / "work/.git/swarm") == program


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("/Users/ann/Library/Mobile Documents/com~apple~CloudDocs/work/.git/swarm", "iCloud"),
        ("/Users/ann/Library/CloudStorage/Box-Box/work", "a cloud service"),
        ("/Users/ann/OneDrive - Example/work", "OneDrive"),
        ("/home/ann/Dropbox/work", "Dropbox"),
    ],
)
def test_the_name_of_a_folder_names_the_program(path: str, program: str) -> None:
    assert synced_folders.find_program(Path(path)) == program


def test_other_folders_belong_to_no_program(tmp_path: Path) -> None:
    (tmp_path / ".dropbox").mkdir()  # settings, in the home folder

    assert synced_folders.find_program(tmp_path / "OneDriver/dropboxes") is None
