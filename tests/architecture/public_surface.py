"""An import-linter contract: an app reaches another app only through that app's front door."""

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PublicSurfaceContract(Contract):
    """Refuse every import from one app into a room of another that isn't public.

    `container` is the package of the apps, `public` the rooms that others may import, and `shared` the
    apps whose every room may be imported.
    """

    # import-linter replaces each field by the value it read.
    container = cast("str", fields.StringField())
    public = cast("set[str]", fields.SetField(subfield=fields.StringField()))
    shared = cast("set[str]", fields.SetField(subfield=fields.StringField()))

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each direct import between the apps of `graph`."""
        breaches = [
            (importer, imported)
            for importer in sorted(graph.find_descendants(self.container))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if self._breaks(importer, imported)
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each breach on a line of its own."""
        for importer, imported in check.metadata["breaches"]:
            output.print_error(f"{importer} -> {imported}", bold=False)

    def _breaks(self, importer: str, imported: str) -> bool:
        ours, theirs = self._place(importer), self._place(imported)
        if ours is None or theirs is None or ours[0] == theirs[0] or theirs[0] in self.shared:
            return False
        return theirs[1] not in self.public

    def _place(self, module: str) -> tuple[str, str] | None:
        """Return the app and the room of a module, None for one outside the container."""
        prefix = f"{self.container}."
        if not module.startswith(prefix):
            return None
        app, _, rest = module.removeprefix(prefix).partition(".")
        return app, rest.partition(".")[0]
