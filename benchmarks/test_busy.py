"""Commands on a busy machine: `pytest benchmarks/test_busy.py --benchmark-enable -n 0`, a quarter of an hour.

`python -m benchmarks.busy` prints the same as a table.
"""

from __future__ import annotations

import pytest

from benchmarks import busy

pytestmark = pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="takes minutes")


@pytest.mark.parametrize("command", busy.COMMANDS)
def test_a_command_takes_little_more_cpu_time_beside_busy_loops(command, benchmark):
    alone_s, beside_s = benchmark.pedantic(busy.cpu_s, (command, 2), rounds=1)
    benchmark.extra_info["ratio"] = beside_s / alone_s
    assert beside_s <= busy.LIMIT * alone_s
