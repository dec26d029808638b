"""Writing answers to files so that a reader finds the old file or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from stratagem.errors import StratagemError, quote


def write_atomically(path: str | Path, text: str | bytes) -> None:
    """Write `text`, as UTF-8 where it is not bytes yet, to a temporary file in the same folder, sync it, put it in place of `path`.

    On failure the old file stays as it was and nothing else is left behind. A link is followed; what is no regular
    file, such as `/dev/stdout`, is written to directly. Raises `StratagemError`.
    """
    try:
        _write(Path(path), text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StratagemError(f"cannot write {quote(path, 200)}: {reason}; nothing was changed") from None


def check_writable(path: str | Path) -> None:
    """Raise `StratagemError` where `write_atomically` could not write to `path`, as far as can be seen before; nothing is written."""
    try:
        target = Path(path).resolve()
        is_special = target.exists() and not target.is_file()
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        needed = target if is_special else target.parent
        if not needed.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not is_special and not needed.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(needed, os.W_OK if is_special else os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StratagemError(f"cannot write {quote(path, 200)}: {reason}; nothing was changed") from None


def _write(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        path.write_bytes(content)
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
