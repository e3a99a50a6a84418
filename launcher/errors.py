"""The one error of the launcher: what is wrong, and what to do about it."""


class LaunchError(Exception):
    """Stop the command, say what is wrong and name the fix; `exit_code` becomes the exit status."""

    def __init__(self, what: str, *, fix: str, exit_code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.exit_code = exit_code
