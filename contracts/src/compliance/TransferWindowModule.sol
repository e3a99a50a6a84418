// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Transfer window
/// @notice Spans of time in which a token cannot be transferred, such as around a record date.
/// @dev Mints are let through: a distribution in kind falls into just such a span.
contract TransferWindowModule is ReasonedModule {
    /// @notice Spans of one token at most.
    uint256 public constant MAX_CLOSURES = 16;
    bytes32 public constant TRANSFERS_CLOSED = "transfers_closed";

    /// @param from first second of the span
    /// @param until first second after it
    struct Closure {
        uint64 from;
        uint64 until;
    }

    mapping(address => Closure[]) private _closures;

    /// @notice A compliance's closures were replaced.
    event ClosuresSet(address indexed compliance, Closure[] closures);

    error EmptyClosure(uint64 from, uint64 until);
    error TooManyClosures(uint256 size, uint256 limit);

    /// @notice Replace the calling compliance's closures as a whole.
    function setClosures(Closure[] calldata closures) external onlyComplianceCall {
        if (closures.length > MAX_CLOSURES) revert TooManyClosures(closures.length, MAX_CLOSURES);
        delete _closures[msg.sender];
        for (uint256 i = 0; i < closures.length; i++) {
            if (closures[i].from >= closures[i].until) revert EmptyClosure(closures[i].from, closures[i].until);
            _closures[msg.sender].push(closures[i]);
        }
        emit ClosuresSet(msg.sender, closures);
    }

    /// @notice The closures of a compliance.
    function closuresOf(address compliance) external view returns (Closure[] memory) {
        return _closures[compliance];
    }

    function name() external pure override returns (string memory) {
        return "TransferWindowModule";
    }

    function reasonFor(
        address from,
        address,
        uint256,
        address compliance
    ) public view override returns (bytes32) {
        if (from == address(0)) return 0;
        Closure[] storage closures = _closures[compliance];
        for (uint256 i = 0; i < closures.length; i++) {
            if (closures[i].from <= block.timestamp && block.timestamp < closures[i].until) return TRANSFERS_CLOSED;
        }
        return 0;
    }
}
