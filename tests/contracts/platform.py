"""Deploy the platform, a token, an investor: a function for each step, ordered as in contracts/README.md."""

from dataclasses import dataclass
from functools import cache

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from tests.contracts.chain import YES, ZERO, Chain, events

MNEMONIC = "test " * 11 + "junk"  # Anvil's published development mnemonic
KYC = int.from_bytes(Web3.keccak(text="KYC"), "big")
ECDSA, MANAGEMENT, CLAIM = 1, 1, 3
MODULES = (
    "EligibilityModule",
    "SellOnlyModule",
    "SupplyCapModule",
    "TransferWindowModule",
    "HolderLimitsModule",
    "HoldingPeriodModule",
)
IMPLEMENTATIONS = (
    "Token",
    "ClaimTopicsRegistry",
    "IdentityRegistry",
    "IdentityRegistryStorage",
    "TrustedIssuersRegistry",
    "ModularCompliance",
)
UAE, SAUDI_ARABIA, USA = 784, 682, 840


@dataclass(frozen=True)
class Keys:
    """Who acts, each with a key of its own."""

    owner: str  # deploys and owns
    registrar: str  # creates and manages identities
    issuer: str  # signs claims
    agent: str  # mints, freezes, burns, pauses
    court: str  # forced transfers by order
    operator: str  # settles
    publisher: str  # anchors


def keys(accounts: list[str]) -> Keys:
    """Give the first accounts their duties."""
    return Keys(*accounts[:7])


@dataclass(frozen=True)
class Platform:
    """What is deployed once."""

    chain: Chain
    keys: Keys
    implementations: dict[str, Contract]
    authority: Contract
    factory: Contract
    id_factory: Contract
    claim_issuer: Contract
    storage: Contract
    modules: dict[str, Contract]
    settlement: Contract
    stablecoin: Contract
    anchor: Contract


@dataclass(frozen=True)
class Suite:
    """One token and the contracts of its own."""

    token: Contract
    registry: Contract
    compliance: Contract
    topics: Contract
    issuers: Contract


def key_of(account: str) -> bytes:
    """Return an account as ONCHAINID writes it down."""
    return bytes(Web3.keccak(encode(["address"], [account])))


def deploy_platform(chain: Chain, who: Keys) -> Platform:
    """Do all that is done once per network."""
    implementations = deploy_implementations(chain, who)
    id_factory = deploy_identity_factory(chain, who)
    authority, factory = deploy_token_factory(chain, who, implementations, id_factory)
    claim_issuer = deploy_claim_issuer(chain, who)
    storage = deploy_storage(chain, who, authority, factory)
    modules = {name: deploy_module(chain, who, name) for name in MODULES}
    chain.send(modules["SellOnlyModule"].functions.setAgent(who.registrar, YES), by=who.owner)
    settlement = chain.deploy("Settlement", who.owner, modules["EligibilityModule"].address, by=who.owner)
    chain.send(settlement.functions.setOperator(who.operator, YES), by=who.owner)
    stablecoin = chain.deploy("TestStablecoin", who.owner, by=who.owner)
    anchor = chain.deploy("Anchor", who.owner, by=who.owner)
    chain.send(anchor.functions.setPublisher(who.publisher, YES), by=who.owner)
    return Platform(
        chain,
        who,
        implementations,
        authority,
        factory,
        id_factory,
        claim_issuer,
        storage,
        modules,
        settlement,
        stablecoin,
        anchor,
    )


def deploy_implementations(chain: Chain, who: Keys) -> dict[str, Contract]:
    """Deploy what the proxies run, and initialise each so that nobody else can."""
    made = {name: chain.deploy(name, by=who.owner) for name in IMPLEMENTATIONS}
    topics, issuers = made["ClaimTopicsRegistry"], made["TrustedIssuersRegistry"]
    storage, compliance = made["IdentityRegistryStorage"], made["ModularCompliance"]
    registry, token = made["IdentityRegistry"], made["Token"]
    for one in (topics, issuers, storage, compliance):
        chain.send(one.functions.init(), by=who.owner)
    chain.send(registry.functions.init(issuers.address, topics.address, storage.address), by=who.owner)
    start = token.functions.init(registry.address, compliance.address, "implementation", "IMPL", 0, ZERO)
    chain.send(start, by=who.owner)
    return made


def deploy_identity_factory(chain: Chain, who: Keys) -> Contract:
    """Deploy ONCHAINID's factory."""
    identity = chain.deploy("Identity", who.owner, YES, by=who.owner)
    authority = chain.deploy("ImplementationAuthority", identity.address, by=who.owner)
    return chain.deploy("IdFactory", authority.address, by=who.owner)


def deploy_token_factory(
    chain: Chain, who: Keys, implementations: dict[str, Contract], id_factory: Contract
) -> tuple[Contract, Contract]:
    """Deploy the suite's factory, and hand ONCHAINID's factory to the registrar."""
    authority = chain.deploy("TREXImplementationAuthority", YES, ZERO, ZERO, by=who.owner)
    addresses = tuple(implementations[name].address for name in IMPLEMENTATIONS)
    chain.send(authority.functions.addAndUseTREXVersion((4, 1, 6), addresses), by=who.owner)
    factory = chain.deploy("TREXFactory", authority.address, id_factory.address, by=who.owner)
    ia_factory = chain.deploy("IAFactory", factory.address, by=who.owner)
    chain.send(authority.functions.setTREXFactory(factory.address), by=who.owner)
    chain.send(authority.functions.setIAFactory(ia_factory.address), by=who.owner)
    chain.send(id_factory.functions.addTokenFactory(factory.address), by=who.owner)
    chain.send(id_factory.functions.transferOwnership(who.registrar), by=who.owner)
    return authority, factory


def deploy_claim_issuer(chain: Chain, who: Keys) -> Contract:
    """Deploy the issuer of KYC claims; the owner manages it, the issuer's key signs."""
    claim_issuer = chain.deploy("ClaimIssuer", who.owner, by=who.owner)
    chain.send(claim_issuer.functions.addKey(key_of(who.issuer), CLAIM, ECDSA), by=who.owner)
    return claim_issuer


def deploy_storage(chain: Chain, who: Keys, authority: Contract, factory: Contract) -> Contract:
    """Deploy the one identity storage: the registrar writes, the token factory binds further tokens."""
    proxy = chain.deploy("IdentityRegistryStorageProxy", authority.address, by=who.owner)
    storage = chain.at("IdentityRegistryStorage", proxy.address)
    chain.send(storage.functions.addAgent(who.registrar), by=who.owner)
    chain.send(storage.functions.transferOwnership(factory.address), by=who.owner)
    return storage


def deploy_module(chain: Chain, who: Keys, name: str) -> Contract:
    """Deploy a compliance module: its implementation, and the proxy that tokens are bound to."""
    implementation = chain.deploy(name, by=who.owner)
    start = implementation.encode_abi("initialize", args=[])
    proxy = chain.deploy("ModuleProxy", implementation.address, start, by=who.owner)
    return chain.at(name, proxy.address)


def deploy_suite(
    platform: Platform, salt: str, settings: list[tuple[str, bytes]], *, decimals: int = 0
) -> Suite:
    """Deploy a token in one transaction; it starts paused. `settings` are (module, its encoded rule).

    The factory pairs modules and rules by position, so modules with an empty rule must come last.
    """
    who = platform.keys
    modules = [platform.modules[name].address for name, _ in settings]
    details = (
        who.owner,
        f"Security {salt}",
        salt,
        decimals,
        platform.storage.address,
        ZERO,
        [who.registrar],
        [platform.settlement.address, who.agent, who.court],
        modules,
        [rule for _, rule in settings if rule],
    )
    claims = ([KYC], [platform.claim_issuer.address], [[KYC]])
    call = platform.factory.functions.deployTREXSuite(salt, details, claims)
    receipt = platform.chain.send(call, by=who.owner)
    made = events(platform.factory, "TREXSuiteDeployed", receipt)[0]
    return Suite(
        platform.chain.at("Token", made["_token"]),
        platform.chain.at("IdentityRegistry", made["_ir"]),
        platform.chain.at("ModularCompliance", made["_mc"]),
        platform.chain.at("ClaimTopicsRegistry", made["_ctr"]),
        platform.chain.at("TrustedIssuersRegistry", made["_tir"]),
    )


def rule(platform: Platform, name: str, function: str, *args: object) -> tuple[str, bytes]:
    """Encode one setting of a module."""
    return name, Web3.to_bytes(hexstr=platform.modules[name].encode_abi(function, args=list(args)))


def setting(platform: Platform, suite: Suite, name: str, function: str, *args: object) -> ContractFunction:
    """Return the call with which a token's owner changes a bound module's setting for it."""
    module, data = rule(platform, name, function, *args)
    return suite.compliance.functions.callModuleFunction(data, platform.modules[module].address)


def approve(platform: Platform, wallet: str, country: int) -> Contract:
    """Approve an investor for every token: identity, KYC claim, storage. It takes no signature of theirs."""
    identity = create_identity(platform, wallet, f"owner-{wallet}")
    add_claim(platform, identity)
    store(platform, wallet, identity, country)
    return identity


def create_identity(platform: Platform, wallet: str, owner_id: str) -> Contract:
    """Create an investor's identity, managed by the registrar."""
    who = platform.keys
    create = platform.id_factory.functions.createIdentityWithManagementKeys
    platform.chain.send(create(wallet, owner_id, [key_of(who.registrar)]), by=who.registrar)
    return platform.chain.at("Identity", platform.id_factory.functions.getIdentity(wallet).call())


def add_claim(platform: Platform, identity: Contract) -> bytes:
    """Sign the KYC claim with the issuer's key and add it; return the signature. Its data is only a hash."""
    data = bytes(Web3.keccak(text=f"salted {identity.address}"))
    signature = sign_claim(identity.address, data, platform.keys.issuer, platform.chain.accounts)
    issuer = platform.claim_issuer.address
    call = identity.functions.addClaim(KYC, ECDSA, issuer, signature, data, "")
    platform.chain.send(call, by=platform.keys.registrar)
    return signature


@cache
def development_key(index: int) -> LocalAccount:
    """Return an unlocked account's key."""
    Account.enable_unaudited_hdwallet_features()
    key: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return key


def sign_claim(identity: str, data: bytes, signer: str, accounts: list[str]) -> bytes:
    """Sign a KYC claim with a development account's key."""
    digest = Web3.keccak(encode(["address", "uint256", "bytes"], [identity, KYC, data]))
    return bytes(development_key(accounts.index(signer)).sign_message(encode_defunct(digest)).signature)


def store(platform: Platform, wallet: str, identity: Contract, country: int) -> None:
    """Enter a wallet in the storage that every token shares."""
    call = platform.storage.functions.addIdentityToStorage(wallet, identity.address, country)
    platform.chain.send(call, by=platform.keys.registrar)
