"""What Afanasy's clients read and write: its objects, with its own JSON names.

Fields without a default are always written; the others only where they differ from it, as the
real server does (specification 2.2). The binary form of the same objects is in `binary`.
"""
