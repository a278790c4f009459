"""Entry programs of the farm's processes, with faults built in from outside."""
