"""What clients want done: operations and parameters, as commands of ours."""
