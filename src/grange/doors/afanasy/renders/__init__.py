"""The worker protocol of Afanasy's render nodes, as commands of the farm, and back."""
