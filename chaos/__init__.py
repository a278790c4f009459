"""The fault campaign: real processes are hurt, and a checker reads what they left behind."""
