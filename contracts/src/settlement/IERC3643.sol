// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

/// @title The part of an ERC-3643 token that settlement reads and moves
/// @dev Written against the ERC, so that settlement need not share the suite's compiler.
interface IERC3643Token {
    function paused() external view returns (bool);

    function isFrozen(address wallet) external view returns (bool);

    function balanceOf(address wallet) external view returns (uint256);

    function getFrozenTokens(address wallet) external view returns (uint256);

    function identityRegistry() external view returns (IERC3643Registry);

    function compliance() external view returns (IERC3643Compliance);

    function forcedTransfer(address from, address to, uint256 amount) external returns (bool);
}

/// @title Who may hold an ERC-3643 token
interface IERC3643Registry {
    function isVerified(address wallet) external view returns (bool);
}

/// @title The rules of an ERC-3643 token
interface IERC3643Compliance {
    function canTransfer(address from, address to, uint256 amount) external view returns (bool);

    function isModuleBound(address module) external view returns (bool);

    function getModules() external view returns (address[] memory);
}

/// @title One rule, and the reason it gives
interface IERC3643Module {
    function moduleCheck(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) external view returns (bool);

    /// @dev Only our own modules answer this.
    function reasonFor(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) external view returns (bytes32);
}
