"""Deploy what is deployed once per network: the list of contracts/README.md, in its order.

A deployment is finished when its contract is recorded, a call when the chain shows its effect or its own
transaction is final. Stopped anywhere, it goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.chain.client import abi, artefacts
from apps.chain.client import transactions as node
from apps.chain.sender.plans.site import contracts
from apps.chain.sender.steps import Call, Done, Job, Next
from apps.chain.types import Duty

IMPLEMENTATIONS = (
    "Token",
    "ClaimTopicsRegistry",
    "IdentityRegistry",
    "IdentityRegistryStorage",
    "TrustedIssuersRegistry",
    "ModularCompliance",
)
MODULES = (
    "EligibilityModule",
    "SellOnlyModule",
    "SupplyCapModule",
    "TransferWindowModule",
    "HolderLimitsModule",
    "HoldingPeriodModule",
)
VERSION = (4, 1, 6)
ECDSA, CLAIM = 1, 3  # ONCHAINID's key type and key purpose
YES = True


class CodeDiffers(Exception):
    """What stands on the chain is not what we deployed."""


@dataclass(frozen=True, slots=True)
class Site:
    """What stands so far, and who has which duty."""

    stands: Mapping[str, str]
    who: Callable[[Duty], str]

    def __getitem__(self, name: str) -> str:
        return self.stands[name]


Values = Callable[[Site], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy an artefact and keep its address under a name."""

    name: str
    artefact: str
    types: tuple[str, ...] = ()
    values: Values = lambda site: ()

    @property
    def step(self) -> str:
        return f"deploy {self.name}"

    def is_done(self, site: Site) -> bool:
        return self.name in site.stands

    def call(self, site: Site) -> Call:
        data = artefacts.creation_code(self.artefact) + abi.encode(self.types, self.values(site))
        return Call(self.step, Duty.OWNER, "", data, contract=self.name)


@dataclass(frozen=True, slots=True)
class Act:
    """Call a contract. `shows` asks the chain whether that was done; without it the transaction tells."""

    name: str
    signature: str
    values: Values = lambda site: ()
    shows: Callable[[Site], bool] = lambda site: False

    @property
    def step(self) -> str:
        return f"{self.name}: {self.signature.partition('(')[0]}"

    def is_done(self, site: Site) -> bool:
        return self.shows(site)

    def call(self, site: Site) -> Call:
        return Call(self.step, Duty.OWNER, site[self.name], abi.call_data(self.signature, *self.values(site)))


Step = Deploy | Act


def plan(job: Job) -> Next:
    """Return the first step that isn't finished; at the end, compare all code once more."""
    site = Site(contracts(), job.signer.address)
    for step in steps(development=settings.DEVELOPMENT):
        if not (job.done(step.step) or step.is_done(site)):
            return step.call(site)
    _check_code(site)
    return Done({"contracts": len(site.stands), "settlement": site["Settlement"]})


def steps(*, development: bool) -> Iterator[Step]:
    """Go over all steps in their order. The test stablecoin is for development networks only."""
    yield from _implementations()
    yield from _factories()
    yield from _identities()
    for module in MODULES:
        yield Deploy(implementation(module), module)
        yield Deploy(module, "ModuleProxy", ("address", "bytes"), _module(module))
    yield _grant("SellOnlyModule", "setAgent", "isAgent", Duty.REGISTRAR)
    settlement: Values = lambda site: (site.who(Duty.OWNER), site["EligibilityModule"])  # noqa: E731
    yield Deploy("Settlement", "Settlement", ("address", "address"), settlement)
    yield _grant("Settlement", "setOperator", "isOperator", Duty.OPERATOR)
    if development:
        yield Deploy("TestStablecoin", "TestStablecoin", ("address",), _owner)
    yield Deploy("Anchor", "Anchor", ("address",), _owner)
    yield _grant("Anchor", "setPublisher", "isPublisher", Duty.PUBLISHER)


def implementation(name: str) -> str:
    """Return the name under which the code behind a proxy is kept."""
    return f"{name} implementation"


def _implementations() -> Iterator[Step]:
    """Deploy what the proxies run, and initialise each so that nobody else can."""
    of = implementation
    for name in IMPLEMENTATIONS:
        yield Deploy(of(name), name)
    for name in (
        "ClaimTopicsRegistry",
        "TrustedIssuersRegistry",
        "IdentityRegistryStorage",
        "ModularCompliance",
    ):
        yield Act(of(name), "init()", shows=_belongs_to_owner(of(name)))
    parts = ("TrustedIssuersRegistry", "ClaimTopicsRegistry", "IdentityRegistryStorage")
    yield Act(
        of("IdentityRegistry"),
        "init(address,address,address)",
        lambda site: tuple(site[of(part)] for part in parts),
        _belongs_to_owner(of("IdentityRegistry")),
    )
    yield Act(
        of("Token"),
        "init(address,address,string,string,uint8,address)",
        lambda site: (
            site[of("IdentityRegistry")],
            site[of("ModularCompliance")],
            "implementation",
            "IMPL",
            0,
            abi.ZERO,
        ),
        _belongs_to_owner(of("Token")),
    )


def _factories() -> Iterator[Step]:
    """Deploy ONCHAINID's factory and the suite's, and hand the first one to the registrar."""
    authority, factory = "TREXImplementationAuthority", "TREXFactory"
    library: Values = lambda site: (site.who(Duty.OWNER), YES)  # noqa: E731
    yield Deploy(implementation("Identity"), "Identity", ("address", "bool"), library)
    yield Deploy(
        "ImplementationAuthority",
        "ImplementationAuthority",
        ("address",),
        lambda site: (site[implementation("Identity")],),
    )
    yield Deploy("IdFactory", "IdFactory", ("address",), lambda site: (site["ImplementationAuthority"],))
    reference: Values = lambda site: (YES, abi.ZERO, abi.ZERO)  # noqa: E731
    yield Deploy(authority, authority, ("bool", "address", "address"), reference)
    yield Act(
        authority,
        "addAndUseTREXVersion((uint8,uint8,uint8),(address,address,address,address,address,address))",
        lambda site: (VERSION, tuple(site[implementation(name)] for name in IMPLEMENTATIONS)),
        lambda site: _address(site, authority, "getTokenImplementation()") == site[implementation("Token")],
    )
    both: Values = lambda site: (site[authority], site["IdFactory"])  # noqa: E731
    yield Deploy(factory, factory, ("address", "address"), both)
    yield Deploy("IAFactory", "IAFactory", ("address",), lambda site: (site[factory],))
    yield Act(
        authority,
        "setTREXFactory(address)",
        lambda site: (site[factory],),
        lambda site: _address(site, authority, "getTREXFactory()") == site[factory],
    )
    yield Act(authority, "setIAFactory(address)", lambda site: (site["IAFactory"],))
    yield Act(
        "IdFactory",
        "addTokenFactory(address)",
        lambda site: (site[factory],),
        lambda site: _is_true(site, "IdFactory", "isTokenFactory(address)", site[factory]),
    )
    yield _hand_over("IdFactory", lambda site: site.who(Duty.REGISTRAR))


def _identities() -> Iterator[Step]:
    """Deploy the issuer of KYC claims, and the one storage that all tokens share."""
    authority, storage = "TREXImplementationAuthority", "IdentityRegistryStorage"
    yield Deploy("ClaimIssuer", "ClaimIssuer", ("address",), _owner)
    yield Act(
        "ClaimIssuer",
        "addKey(bytes32,uint256,uint256)",
        lambda site: (abi.key_of(site.who(Duty.ISSUER)), CLAIM, ECDSA),
        lambda site: _is_true(
            site,
            "ClaimIssuer",
            "keyHasPurpose(bytes32,uint256)",
            abi.key_of(site.who(Duty.ISSUER)),
            CLAIM,
        ),
    )
    yield Deploy(storage, "IdentityRegistryStorageProxy", ("address",), lambda site: (site[authority],))
    yield Act(
        storage,
        "addAgent(address)",
        lambda site: (site.who(Duty.REGISTRAR),),
        lambda site: _is_true(site, storage, "isAgent(address)", site.who(Duty.REGISTRAR)),
    )
    yield _hand_over(storage, lambda site: site["TREXFactory"])


def _grant(name: str, function: str, asks: str, duty: Duty) -> Act:
    return Act(
        name,
        f"{function}(address,bool)",
        lambda site: (site.who(duty), YES),
        lambda site: _is_true(site, name, f"{asks}(address)", site.who(duty)),
    )


def _hand_over(name: str, to: Callable[[Site], str]) -> Act:
    return Act(
        name,
        "transferOwnership(address)",
        lambda site: (to(site),),
        lambda site: _address(site, name, "owner()") == to(site),
    )


def _module(name: str) -> Values:
    return lambda site: (site[implementation(name)], abi.call_data("initialize()"))


def _owner(site: Site) -> tuple[Any, ...]:
    return (site.who(Duty.OWNER),)


def _belongs_to_owner(name: str) -> Callable[[Site], bool]:
    return lambda site: _address(site, name, "owner()") == site.who(Duty.OWNER)


def _address(site: Site, name: str, signature: str) -> str:
    return str(node.read(site[name], signature, returns="address"))


def _is_true(site: Site, name: str, signature: str, *values: Any) -> bool:
    return bool(node.read(site[name], signature, *values, returns="bool"))


def _check_code(site: Site) -> None:
    for step in steps(development=settings.DEVELOPMENT):
        if isinstance(step, Deploy) and not artefacts.is_deployed(step.artefact, node.code(site[step.name])):
            raise CodeDiffers(f"the code of {step.name} at {site[step.name]} is not what was deployed")
