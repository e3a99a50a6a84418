// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

/// @title A compliance module that says why
interface IReasonedModule {
    /// @notice Why the module would refuse this transfer now.
    /// @param from the sender, zero for a mint
    /// @param amount in base units of the token
    /// @param compliance whose rules to look at
    /// @return code short ASCII text, zero-padded; zero if the module allows it
    function reasonFor(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) external view returns (bytes32 code);
}
