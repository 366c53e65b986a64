"""Workers: threads, processes and clusters; one call for each item, what can be explained back."""

from __future__ import annotations

from nephoscope.workers.machine import THREADS as THREADS
from nephoscope.workers.machine import cores as cores
from nephoscope.workers.machine import spare_memory as spare_memory
from nephoscope.workers.machine import use_cores as use_cores
from nephoscope.workers.processes import each_in_processes as each_in_processes
from nephoscope.workers.processes import results_in_order as results_in_order
from nephoscope.workers.processes import results_in_processes as results_in_processes
from nephoscope.workers.threads import as_they_end as as_they_end
from nephoscope.workers.threads import in_threads as in_threads
