"""How much all uploads together may hold. Streamlit keeps each file in memory until its session ends, and bounds only the
single file."""

import threading
from collections.abc import Callable

from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

MAX_SESSION_BYTES = 400_000_000
"""Two of the largest files."""
MAX_PROCESS_BYTES = 1_000_000_000
TOO_LARGE = 413
MAX_READS = 2
READS = threading.BoundedSemaphore(MAX_READS)
"""To be held while files are read: each read takes disk and memory of its own."""
Add = Callable[[MemoryUploadedFileManager, str, UploadedFileRec], None]


def bound_uploads() -> None:
    """Has every upload of this process refused that would go beyond the limits; call it once, before the server starts."""
    MemoryUploadedFileManager.add_file = _within_limits(MemoryUploadedFileManager.add_file)


def _within_limits(add: Add) -> Add:
    def add_file(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        session_bytes, all_bytes = held_bytes(self, session_id)
        if session_bytes + len(file.data) > MAX_SESSION_BYTES:
            raise HTTPException(TOO_LARGE, "Your uploads are too large together. Remove one, or reload the page.")
        if all_bytes + len(file.data) > MAX_PROCESS_BYTES:
            raise HTTPException(TOO_LARGE, "The server holds too many uploads. Try again in some minutes.")
        add(self, session_id, file)

    return add_file


def held_bytes(manager: MemoryUploadedFileManager, session_id: str) -> tuple[int, int]:
    """Bytes of the files of one session, and of all."""
    sizes = {
        id: sum(len(file.data) for file in list(files.values())) for id, files in list(manager.file_storage.items())
    }
    return sizes.get(session_id, 0), sum(sizes.values())
