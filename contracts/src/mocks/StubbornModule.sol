// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {IModule} from "@tokenysolutions/t-rex/contracts/compliance/modular/modules/IModule.sol";

/// @title Stubborn module
/// @notice A compliance module that refuses in the way it is told and gives no reason. For tests only.
contract StubbornModule is IModule {
    enum Manner {
        Allows,
        Refuses,
        Reverts,
        BurnsGas
    }

    Manner public manner;
    mapping(address => bool) public override isComplianceBound;

    function behave(Manner manner_) external {
        manner = manner_;
    }

    function bindCompliance(address compliance) external override {
        isComplianceBound[compliance] = true;
    }

    function unbindCompliance(address compliance) external override {
        isComplianceBound[compliance] = false;
    }

    function moduleCheck(address, address, uint256, address) external view override returns (bool) {
        if (manner == Manner.Reverts) revert("stubborn");
        bytes32 x;
        while (manner == Manner.BurnsGas) x = keccak256(abi.encode(x));
        return manner == Manner.Allows;
    }

    function canComplianceBind(address) external pure override returns (bool) {
        return true;
    }

    function isPlugAndPlay() external pure override returns (bool) {
        return true;
    }

    function name() external pure override returns (string memory) {
        return "StubbornModule";
    }

    // solhint-disable no-empty-blocks
    function moduleTransferAction(address, address, uint256) external override {}

    function moduleMintAction(address, uint256) external override {}

    function moduleBurnAction(address, uint256) external override {}
    // solhint-enable no-empty-blocks
}
