"""The `cloud_mask_3d` task: cloud or none at each level of a profile, whatever its type."""

from __future__ import annotations

from nephoscope.tasks import Task
from nephoscope.tasks.cloud_type import ProfileTask

TASK: Task = ProfileTask("cloud_mask_3d", typed=False)
