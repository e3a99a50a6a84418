// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Sell only
/// @notice Wallets that may send but not receive, for every token at once: holders whose KYC has expired.
/// @dev One list for all compliances, kept by the module's own agents, so that one transaction binds everywhere.
contract SellOnlyModule is ReasonedModule {
    /// @notice Wallets in one call at most.
    uint256 public constant MAX_WALLETS = 200;
    bytes32 public constant RECIPIENT_SELL_ONLY = "recipient_sell_only";

    /// @notice Who may keep the list.
    mapping(address => bool) public isAgent;
    /// @notice Whether a wallet may not receive.
    mapping(address => bool) public isSellOnly;

    /// @notice A wallet may no longer receive, or may again.
    event SellOnlySet(address indexed wallet, bool sellOnly);

    /// @notice An account may keep the list, or may no longer.
    event AgentSet(address indexed account, bool allowed);

    error NotAgent(address caller);
    error TooManyWallets(uint256 size, uint256 limit);

    /// @notice Let an account keep the list, or stop it.
    function setAgent(address account, bool allowed) external onlyOwner {
        isAgent[account] = allowed;
        emit AgentSet(account, allowed);
    }

    /// @notice Stop wallets from receiving any token, or let them again. Saying so twice changes nothing.
    function setSellOnly(address[] calldata wallets, bool sellOnly) external {
        if (!isAgent[msg.sender]) revert NotAgent(msg.sender);
        if (wallets.length > MAX_WALLETS) revert TooManyWallets(wallets.length, MAX_WALLETS);
        for (uint256 i = 0; i < wallets.length; i++) {
            isSellOnly[wallets[i]] = sellOnly;
            emit SellOnlySet(wallets[i], sellOnly);
        }
    }

    function name() external pure override returns (string memory) {
        return "SellOnlyModule";
    }

    function reasonFor(
        address,
        address to,
        uint256,
        address
    ) public view override returns (bytes32) {
        return isSellOnly[to] ? RECIPIENT_SELL_ONLY : bytes32(0);
    }
}
