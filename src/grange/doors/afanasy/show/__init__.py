"""What the farm holds, in the shapes that Afanasy's clients read."""
