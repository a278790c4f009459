"""Setters for what a block needs of a machine, and for how much goes wrong or on at once."""

from __future__ import annotations

from typing import Final

from grange.af.described import Described

MB_PER_GB: Final = 1024
MHZ_PER_GHZ: Final = 1000


class Limits(Described):
    """Limits that jobs and blocks have alike."""

    def setMaxRunningTasks(self, value: int) -> None:
        """Limit how many tasks run at once; 0 none."""
        self._from("max_running_tasks", value, 0)

    def setMaxHosts(self, value: int) -> None:
        """Do the same, as old scripts say it."""
        self.setMaxRunningTasks(value)

    def setMaxRunTasksPerHost(self, value: int) -> None:
        """Limit how many tasks run at once on one host."""
        self._from("max_running_tasks_per_host", value, 0)

    def setHostsMask(self, value: str) -> None:
        """Run only on the hosts whose names match."""
        self._pattern("hosts_mask", value)

    def setHostsMaskExclude(self, value: str) -> None:
        """Do not run on the hosts whose names match."""
        self._pattern("hosts_mask_exclude", value)

    def setNeedProperties(self, value: str) -> None:
        """Run only on hosts with these properties."""
        self._pattern("need_properties", value)

    def setNeedPower(self, value: int) -> None:
        """Run only on hosts of so much power: a studio's own number."""
        self._from("need_power", value, 0)

    def setNeedMemory(self, value: int) -> None:
        """Run only on hosts with so much memory free, in MB."""
        self._from("need_memory", value, 0)

    def setNeedHDD(self, value: int) -> None:
        """Run only on hosts with so much room on the disk, in GB."""
        self._from("need_hdd", value, 0)


class BlockLimits(Limits):
    """Limits that only blocks have."""

    def setCapacity(self, capacity: int) -> None:
        """Set what a task takes of a host."""
        self._from("capacity", capacity, 1)

    def setVariableCapacity(self, capacity_coeff_min: int, capacity_coeff_max: int) -> None:
        """Let a task take a multiple of its capacity, as a host has room."""
        if capacity_coeff_min >= 0 or capacity_coeff_max >= 0:
            self.data["capacity_coeff_min"] = capacity_coeff_min
            self.data["capacity_coeff_max"] = capacity_coeff_max

    def addTicket(self, i_name: str, i_count: int = 1) -> None:
        """Let a running task hold so many tickets of a name, such as of a licence."""
        self.data.setdefault("tickets", {})[i_name] = int(i_count)

    def setNeedGPUMemGB(self, value: float) -> None:
        """Run only on hosts with so much memory of GPUs free."""
        self.data["need_gpu_mem_mb"] = round(value * MB_PER_GB)

    def setNeedCPUFreqGHz(self, value: float) -> None:
        """Run only on hosts with processors of this frequency."""
        self.data["need_cpu_freq_mgz"] = round(value * MHZ_PER_GHZ)

    def setNeedCPUCores(self, value: int) -> None:
        """Run only on hosts with so many cores."""
        self.data["need_cpu_cores"] = int(value)

    def setNeedCPUFreqCores(self, value: float) -> None:
        """Run only on hosts with so much frequency in all cores together, in GHz."""
        self.data["need_cpu_freq_cores"] = round(value * MHZ_PER_GHZ)

    def setErrorsRetries(self, value: int) -> None:
        """Set how often a failed task is tried again; -1 as the user has it."""
        self.data["errors_retries"] = value

    def setErrorsAvoidHost(self, value: int) -> None:
        """Set after how many errors the block avoids a host."""
        self.data["errors_avoid_host"] = value

    def setErrorsTaskSameHost(self, value: int) -> None:
        """Set after how many errors a task avoids a host."""
        self.data["errors_task_same_host"] = value

    def setErrorsForgiveTime(self, value: int) -> None:
        """Set after how many seconds a host's errors are forgotten."""
        self.data["errors_forgive_time"] = value

    def setTaskMaxRunTime(self, value: int) -> None:
        """Set after how many seconds a task has failed."""
        self._from("task_max_run_time", value, 1)

    def setTasksMaxRunTime(self, value: int) -> None:
        """Do the same, as older scripts say it."""
        self.setTaskMaxRunTime(value)

    def setTaskMinRunTime(self, value: int) -> None:
        """Set how many seconds a task must take not to have failed."""
        self._from("task_min_run_time", value, 1)

    def setTaskProgressChangeTimeout(self, value: int) -> None:
        """Set for how many seconds a task may make no progress."""
        self._from("task_progress_change_timeout", value, 1)
