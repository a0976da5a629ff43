"""Who runs this process, for the audit trail."""

import os
from functools import cache

__all__ = ["os_user"]


@cache
def os_user() -> str:
    """The user of the operating system. Not from the environment, which anybody can set."""
    try:
        import pwd
    except ImportError:  # Windows
        return os.getlogin()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without a name, as in containers
        return str(os.getuid())
