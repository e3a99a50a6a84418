// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Supply cap
/// @notice Limits what may exist of a token, and what may be minted of it within a period.
/// @dev A token whose cap was never set cannot be minted. Periods follow one another from `start`; what is burnt
/// does not give back the period's allowance, but counts for the cap again.
contract SupplyCapModule is ReasonedModule {
    bytes32 public constant SUPPLY_CAP_NOT_SET = "supply_cap_not_set";
    bytes32 public constant SUPPLY_CAP_EXCEEDED = "supply_cap_exceeded";
    bytes32 public constant PERIOD_NOT_STARTED = "period_not_started";
    bytes32 public constant PERIOD_CAP_EXCEEDED = "period_cap_exceeded";

    /// @dev `period` of zero means no limit per period.
    struct Caps {
        uint256 cap;
        uint256 periodCap;
        uint64 start;
        uint64 period;
        bool isCapSet;
    }

    /// @notice The caps of a compliance, in base units of its token and in seconds.
    mapping(address => Caps) public capsOf;
    mapping(address => mapping(uint256 => uint256)) private _minted;

    /// @notice A compliance's cap was set.
    event SupplyCapSet(address indexed compliance, uint256 cap);

    /// @notice A compliance's limit per period was set, or lifted with a period of zero.
    event PeriodCapSet(address indexed compliance, uint256 periodCap, uint64 start, uint64 period);

    /// @notice Set what may exist of the calling compliance's token.
    function setSupplyCap(uint256 cap) external onlyComplianceCall {
        capsOf[msg.sender].cap = cap;
        capsOf[msg.sender].isCapSet = true;
        emit SupplyCapSet(msg.sender, cap);
    }

    /// @notice Set what may be minted within each `period` seconds from `start`. Mints made before do not count in a
    /// period that begins at another second.
    function setPeriodCap(uint256 periodCap, uint64 start, uint64 period) external onlyComplianceCall {
        Caps storage caps = capsOf[msg.sender];
        (caps.periodCap, caps.start, caps.period) = (periodCap, start, period);
        emit PeriodCapSet(msg.sender, periodCap, start, period);
    }

    function moduleMintAction(address, uint256 amount) external override onlyComplianceCall {
        Caps storage caps = capsOf[msg.sender];
        if (caps.period == 0 || block.timestamp < caps.start) return;
        _minted[msg.sender][_periodStart(caps)] += amount;
    }

    /// @notice What was minted in the running period, zero if there is none.
    function mintedInPeriod(address compliance) external view returns (uint256) {
        Caps storage caps = capsOf[compliance];
        if (caps.period == 0 || block.timestamp < caps.start) return 0;
        return _minted[compliance][_periodStart(caps)];
    }

    function name() external pure override returns (string memory) {
        return "SupplyCapModule";
    }

    function reasonFor(
        address from,
        address,
        uint256 amount,
        address compliance
    ) public view override returns (bytes32) {
        if (from != address(0)) return 0;
        Caps storage caps = capsOf[compliance];
        if (!caps.isCapSet) return SUPPLY_CAP_NOT_SET;
        if (_exceeds(caps.cap, _tokenOf(compliance).totalSupply(), amount)) return SUPPLY_CAP_EXCEEDED;
        if (caps.period == 0) return 0;
        if (block.timestamp < caps.start) return PERIOD_NOT_STARTED;
        bool isOver = _exceeds(caps.periodCap, _minted[compliance][_periodStart(caps)], amount);
        return isOver ? PERIOD_CAP_EXCEEDED : bytes32(0);
    }

    /// @dev The second at which the running period began.
    function _periodStart(Caps storage caps) private view returns (uint256) {
        return block.timestamp - ((block.timestamp - caps.start) % caps.period);
    }

    /// @dev Whether used + more > cap, whatever the numbers.
    function _exceeds(uint256 cap, uint256 used, uint256 more) private pure returns (bool) {
        return used > cap || more > cap - used;
    }
}
