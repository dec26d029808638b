"""Independent work in processes, one a core.

Processes are forked: they find in memory all that a job needs, and only what it gives back is sent. Where forking is not safe, which
is on other systems than Linux and once a library with threads of its own is loaded, and where one core is all there is, jobs are done
here one by one. Either way each job gives the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, TypeVar

from stratagem.errors import TooLargeError, UsageError, quote
from stratagem.solve.memory import give_back_freed

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

T = TypeVar("T")
Job = Callable[[], T]

VARIABLE = "STRATAGEM_PROCESSES"
MOST = 8  # unless more are asked for: each takes memory of its own
THREADED = ("jax", "vl_convert")  # a forked process would lack their threads


def most_processes() -> int:
    """How many processes may work at once: as many as `STRATAGEM_PROCESSES` says, else one for each core that this one may use, up to 8.

    Raises `UsageError` where the variable holds no number from 1 on.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if stated and not (stated.isascii() and stated.isdigit() and int(stated) > 0):
        raise UsageError(f"{VARIABLE} is {quote(stated)}; a number of processes, from 1 on")
    if sys.platform != "linux" or any(name in sys.modules for name in THREADED):
        return 1
    return int(stated) if stated else min(len(os.sched_getaffinity(0)), MOST)


def each(jobs: Sequence[Job[T]], is_long: bool = True) -> Iterator[T]:
    """What each job gives, in order; what it raises is raised here. Where they are not long all are done here."""
    count = min(len(jobs), most_processes()) if is_long else 1
    pool = _Pool(jobs, count if count > 1 else 0)
    try:
        yield from pool.results() if pool.processes else (job() for job in jobs)
    finally:
        pool.end()


class _Pool(Generic[T]):
    """Processes that take jobs by number, each a further one when it is done with one; fewer where the system grants no more."""

    def __init__(self, jobs: Sequence[Job[T]], count: int) -> None:
        self.size, self.next = len(jobs), 0
        self.processes: dict[Connection, ForkProcess] = {}
        context = multiprocessing.get_context("fork")
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(jobs, theirs, [*self.processes, ours]), daemon=True)
            try:
                process.start()
            except OSError:
                ours.close()
                break
            finally:
                theirs.close()
            self.processes[ours] = process

    def results(self) -> Iterator[T]:
        """What the jobs give, in order."""
        done: dict[int, T] = {}
        for pipe in self.processes:
            self._hand_on(pipe)
        for place in range(self.size):
            while place not in done:
                ready = wait(list(self.processes))
                for pipe in [pipe for pipe in self.processes if pipe in ready]:
                    number, found, error = self._received(pipe)
                    if error is not None:
                        raise error
                    done[number] = found
                    self._hand_on(pipe)
            yield done.pop(place)

    def end(self) -> None:
        """Stop whatever is still at work."""
        for pipe, process in self.processes.items():
            process.terminate()
            process.join()
            pipe.close()

    def _hand_on(self, pipe: Connection) -> None:
        if self.next < self.size:
            pipe.send(self.next)
            self.next += 1

    def _received(self, pipe: Connection) -> tuple[int, T, Exception | None]:
        try:
            return pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            process = self.processes[pipe]
            process.join()
            raise TooLargeError(
                f"a process that solved worlds was ended from outside ({process.exitcode}), most likely for want of memory; use fewer `--worlds`, or set {VARIABLE}=1"
            ) from None


def _work(jobs: Sequence[Job[T]], pipe: Connection, others: Sequence[Connection]) -> None:
    """Do the jobs whose numbers come through a pipe, until that closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, too, and ends this
    for one in others:
        one.close()
    os.environ[VARIABLE] = "1"
    give_back_freed()
    while True:
        try:
            number = pipe.recv()
            found, error = _done(jobs[number])
            _send(pipe, number, found, error)
        except (EOFError, BrokenPipeError):  # the parent is gone
            return


def _done(job: Job[T]) -> tuple[T | None, Exception | None]:
    """What a job gives, or what it raises."""
    try:
        return job(), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error


def _send(pipe: Connection, number: int, found: object, error: Exception | None) -> None:
    """Send what a job came to, or why that cannot be sent. Raises `BrokenPipeError` where nobody reads it."""
    try:
        pipe.send((number, found, error))
    except BrokenPipeError:
        raise
    except Exception as reason:
        pipe.send((number, None, TypeError(f"what a job gave or raised cannot be sent: {reason}; {error}")))
