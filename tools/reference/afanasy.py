"""Afanasy's key for each field of a job: CGRU 3.4.1, the text JSON of `af.Job`."""

from __future__ import annotations

from typing import Final

OURS: Final = "(none)"


def _same(*names: str) -> dict[str, str]:
    return {name: f"`{name}`" for name in names}


JOB_KEYS: Final[dict[str, str]] = {
    **_same("name", "blocks", "priority", "branch", "project", "department", "description"),
    **_same("annotation", "custom_data", "folders", "hidden", "maintenance"),
    **_same("depend_mask", "depend_mask_global", "pools", "command_pre", "command_post"),
    **_same("max_running_tasks", "max_running_tasks_per_host", "max_tasks_per_second"),
    **_same("hosts_mask", "hosts_mask_exclude", "hosts_mask_type"),
    **_same("need_os", "need_properties", "need_power"),
    "user": "`user_name`",
    "host": "`host_name`",
    "paused": "`offline`",
    "preview_approval": "`ppa`",
    "ignore_nimby": "`ignorenimby`",
    "ignore_paused": "`ignorepaused`",
    "wait_until": "`time_wait`",
    "life_time_s": "`time_life`",
    "depend_jobs": OURS,
    "need_memory_mb": "`need_memory`",
    "need_hdd_gb": "`need_hdd`",
    "try_first": "`try_this_blocks_num`, `try_this_tasks_num`",
}

BLOCK_KEYS: Final[dict[str, str]] = {
    **_same("name", "service", "parser", "command", "working_directory", "files"),
    **_same("environment", "frames_per_task", "tasks", "tasks_name", "sequential"),
    **_same("capacity", "capacity_coeff_min", "capacity_coeff_max"),
    **_same("need_power", "need_properties", "need_cpu_cores", "need_gpu_mem_mb"),
    **_same("hosts_mask", "hosts_mask_exclude", "max_running_tasks"),
    **_same("max_running_tasks_per_host", "tickets", "errors_retries", "errors_avoid_host"),
    **_same("errors_task_same_host", "depend_mask", "tasks_depend_mask"),
    **_same("file_size_min", "file_size_max", "multihost_min", "multihost_max"),
    **_same("multihost_service", "parser_coeff", "command_pre", "command_post", "custom_data"),
    "frames": "`frame_first`, `frame_last`, `frames_inc`",
    "need_memory_mb": "`need_memory`",
    "need_hdd_gb": "`need_hdd`",
    "need_cpu_mhz": "`need_cpu_freq_mgz`",
    "need_cpu_mhz_cores": "`need_cpu_freq_cores`",
    "need_gpus": OURS,
    "errors_forgive_time_s": "`errors_forgive_time`",
    "task_max_run_time_s": "`task_max_run_time`",
    "task_min_run_time_s": "`task_min_run_time`",
    "task_progress_change_timeout_s": "`task_progress_change_timeout`",
    "depend_sub_task": "`flags`, bit 4",
    "skip_thumbnails": "`flags`, bit 5",
    "skip_existing_files": "`flags`, bit 6",
    "check_rendered_files": "`flags`, bit 7",
    "suspend_new_tasks": "`flags`, bit 10",
    "multihost_max_wait_s": "`multihost_max_wait`",
    "multihost_service_wait_s": "`multihost_service_wait`",
    "multihost_master_on_slave": "`flags`, bit 3",
    "slave_lost_ignore": "`flags`, bit 8",
}

TASK_KEYS: Final[dict[str, str]] = {
    **_same("name", "command", "files", "environment"),
    "custom_data": OURS,
}

#: Keys of `host_resources`, and of one of its `custom`.
RESOURCES_KEYS: Final[dict[str, str]] = {
    **_same("cpu_user", "cpu_nice", "cpu_system", "cpu_idle", "cpu_iowait", "cpu_irq"),
    **_same("cpu_softirq", "cpu_loadavg", "cpu_mhz", "cpu_temp"),
    **_same("mem_total_mb", "mem_free_mb", "mem_cached_mb", "mem_buffers_mb"),
    **_same("swap_total_mb", "swap_used_mb", "hdd_total_gb", "hdd_free_gb"),
    **_same("hdd_rd_kbsec", "hdd_wr_kbsec", "hdd_busy", "net_recv_kbsec", "net_send_kbsec"),
    **_same("gpu_gpu_util", "gpu_gpu_temp", "gpu_mem_total_mb", "gpu_mem_used_mb", "gpu_string"),
    **_same("logged_in_users", "custom"),
    "gpus": OURS,
    "idle_s": OURS,
}
DIAL_KEYS: Final[dict[str, str]] = {
    **_same("value", "label", "tooltip", "width", "height", "valid"),
    "name": "the file's name",
    "valuemax": "`valuemax`, sent as `value_max`",
    "fault": OURS,
    "graph_colour": "`graphr`, `graphg`, `graphb`, sent as `graph_clr`",
    "label_colour": "`labelr`, `labelg`, `labelb`, sent as `label_clr`",
    "back_colour": "`bgcolorr`, `bgcolorg`, `bgcolorb`, sent as `back_clr`",
    "label_size": "`labelsize`, sent as `label_size`",
}
