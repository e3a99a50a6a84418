// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

import {Ownable} from "@openzeppelin/contracts-5/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts-5/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts-5/token/ERC20/extensions/ERC20Permit.sol";

/// @title Test stablecoin
/// @notice A dollar for development networks: six decimals, permits, and an owner who mints at will. Worth nothing.
contract TestStablecoin is ERC20Permit, Ownable {
    constructor(address owner_) ERC20("Alef Test Dollar", "TUSD") ERC20Permit("Alef Test Dollar") Ownable(owner_) {}

    /// @notice Create `amount` base units for `to`.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
