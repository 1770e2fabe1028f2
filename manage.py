#!/usr/bin/env python
"""The operators' door: every command of the platform starts here."""

import gc
import os
import sys

# Nearly all that is made while the apps are loaded stays to the end. To look through it for garbage, again and again
# and once more at the end, took a quarter of the time of a short command.
gc.set_threshold(100_000, 20, 20)

# These must work before there is anything to connect to.
WITHOUT_SERVICES = {"setup_env", "help", "--help", "-h", "version", "--version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config import embedded
    from config.env import assume_development

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    assume_development()
    # Commands may run statements that take longer than a request ever should.
    os.environ["RUNS_COMMAND"] = "true"
    if command == "setup_env":
        # It writes the settings, so it must not depend on them.
        os.environ["DEBUG"] = "true"
    if command in WITHOUT_SERVICES:
        execute_from_command_line(sys.argv)
        return
    try:
        with embedded.services():
            execute_from_command_line(sys.argv)
    except embedded.ServiceError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    try:
        main()
    finally:
        gc.freeze()
