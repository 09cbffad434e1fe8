"""What all uploads together may hold."""

from typing import Any

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.shared import upload_limits


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", MemoryUploadedFileManager.add_file)
    monkeypatch.setattr(upload_limits, "MAX_SESSION_BYTES", 4)
    monkeypatch.setattr(upload_limits, "MAX_PROCESS_BYTES", 10)
    upload_limits.bound_uploads()
    return MemoryUploadedFileManager("/upload")


def file(size: int, id: str = "a") -> Any:
    return UploadedFileRec(file_id=id, name="log.csv", type="text/csv", data=b"x" * size)


def test_a_session_holds_so_much_and_no_more(manager: MemoryUploadedFileManager) -> None:
    manager.add_file("one", file(3))
    with pytest.raises(HTTPException, match="together") as refused:
        manager.add_file("one", file(2, "b"))
    assert refused.value.status_code == 413
    manager.remove_file("one", "a")
    manager.add_file("one", file(4, "b"))


def test_all_sessions_hold_so_much_until_one_ends(manager: MemoryUploadedFileManager) -> None:
    for session in ("one", "two"):
        manager.add_file(session, file(4))
    with pytest.raises(HTTPException, match="The server"):
        manager.add_file("three", file(4))
    manager.remove_session_files("one")
    manager.add_file("three", file(4))
    assert upload_limits.held_bytes(manager, "three") == (4, 8)
