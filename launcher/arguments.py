"""Arguments of the commands: argparse, with errors in our own form."""

import argparse
from typing import NoReturn

from launcher.errors import LaunchError


class Arguments(argparse.ArgumentParser):
    """A parser named after its command. Raises LaunchError instead of printing a usage and exiting."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(prog=f"./alef.sh {command}", description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments."""
        raise LaunchError(f"{message}.", fix=self.format_usage().strip(), exit_code=2)
