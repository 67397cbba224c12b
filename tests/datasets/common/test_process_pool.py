"""Protects the process pool: the death of a process costs its own call alone, whenever it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from datasets.common.process_pool import ProcessDiedError, ProcessPool


class _DiesHalfSent:
    """A result whose process is killed while it is on its way."""

    def __reduce__(self):
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return bytes, (bytes(2**28),)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_a_process_killed_while_it_sends_disturbs_no_other():
    with ProcessPool(2) as pool:
        dying, other = pool.submit(_DiesHalfSent), pool.submit(abs, -1)
        assert {pool.next_done(), pool.next_done()} == {dying, other}
        with pytest.raises(ProcessDiedError):
            dying.result()
        assert other.result() == 1 and sorted(pool.unordered(abs, [-3, -2, 4])) == [2, 3, 4]


def test_what_a_function_raises_is_raised_here():
    with ProcessPool(1) as pool:
        pool.submit(int, "three")
        with pytest.raises(ValueError, match="three"):
            pool.next_done().result()


@pytest.mark.parametrize("started", [["script.py"], ["-m", "script"], ["-m", "package.script"], ["-c"], ["-"]])
def test_a_script_without_a_guard_is_run_once(tmp_path, started):
    """Python's own pool runs it again in each process, which fails."""
    script = (
        "from datasets.common.process_pool import ProcessPool\nprint('once')\n"
        "with ProcessPool(2) as pool:\n    print(sum(pool.unordered(abs, [-1, -2])))\n"
    )
    (tmp_path / "package").mkdir()
    for path in (tmp_path / "script.py", tmp_path / "package" / "script.py"):
        path.write_text(script)
    command = [sys.executable, *started, *([script] if started == ["-c"] else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=script, capture_output=True, text=True, check=True
    )
    assert (done.stdout.split(), done.stderr) == (["once", "3"], "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    program = textwrap.dedent(
        """
        import os, time
        from datasets.common.process_pool import ProcessPool
        if __name__ == "__main__":
            workers = ProcessPool(1)
            workers.submit(os.getpid)
            print(workers.next_done().result(), flush=True)
            workers.submit(time.sleep, 60)
            time.sleep(60)
        """
    )
    (tmp_path / "parent.py").write_text(program)
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(timeout=10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(worker):
        time.sleep(0.2)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] != "Z"
    except FileNotFoundError:
        return False
