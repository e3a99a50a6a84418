// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {AbstractModuleUpgradeable} from "@tokenysolutions/t-rex/contracts/compliance/modular/modules/AbstractModuleUpgradeable.sol";
import {IModularCompliance} from "@tokenysolutions/t-rex/contracts/compliance/modular/IModularCompliance.sol";
import {IIdentityRegistry} from "@tokenysolutions/t-rex/contracts/registry/interface/IIdentityRegistry.sol";
import {IToken} from "@tokenysolutions/t-rex/contracts/token/IToken.sol";

import {IReasonedModule} from "./IReasonedModule.sol";

/// @title Reasoned module
/// @notice What our compliance modules share: a module behind an upgradeable proxy, bound to any number of
/// compliances, that checks by asking for the reason and by default records nothing.
/// @dev A module's rules belong to a compliance and are set through its `callModuleFunction`, so by the token's owner.
abstract contract ReasonedModule is AbstractModuleUpgradeable, IReasonedModule {
    /// @dev The implementation behind the proxies belongs to nobody.
    constructor() {
        _disableInitializers();
    }

    /// @notice Make the caller, or whoever deploys the proxy with this call, the module's owner.
    function initialize() external initializer {
        __AbstractModule_init();
    }

    // solhint-disable no-empty-blocks
    function moduleTransferAction(address from, address to, uint256 amount) external virtual override {}

    function moduleMintAction(address to, uint256 amount) external virtual override {}

    function moduleBurnAction(address from, uint256 amount) external virtual override {}
    // solhint-enable no-empty-blocks

    function canComplianceBind(address) external view virtual override returns (bool) {
        return true;
    }

    function moduleCheck(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) external view virtual override returns (bool) {
        return reasonFor(from, to, amount, compliance) == 0;
    }

    function isPlugAndPlay() external pure virtual override returns (bool) {
        return true;
    }

    /// @inheritdoc IReasonedModule
    function reasonFor(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) public view virtual returns (bytes32);

    function _tokenOf(address compliance) internal view returns (IToken) {
        return IToken(IModularCompliance(compliance).getTokenBound());
    }

    function _registryOf(address compliance) internal view returns (IIdentityRegistry) {
        return _tokenOf(compliance).identityRegistry();
    }
}
