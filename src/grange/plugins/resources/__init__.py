"""Custom resources that ship: one class in each module, named as the module is."""
