"""What lets plugins that were written for Afanasy run as they are."""
