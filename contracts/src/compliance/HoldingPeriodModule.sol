// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Holding period
/// @notice Tokens that were minted to a wallet stay there for a time, and others are locked one by one.
/// @dev What is locked is kept as lots. A lot never exceeds the balance: it shrinks when tokens are burnt, and goes
/// along when they are moved by force, so that neither recovery nor a court order sheds it.
contract HoldingPeriodModule is ReasonedModule {
    /// @notice Lots that mints and locks may open in one wallet.
    uint256 public constant MAX_LOTS = 32;
    /// @notice Longer than any holding period, so that its end is always a representable time.
    uint64 public constant MAX_PERIOD = 36_500 days;
    bytes32 public constant HOLDING_PERIOD = "holding_period";
    bytes32 public constant TOO_MANY_LOTS = "too_many_lots";

    /// @param until first second at which the amount is free
    struct Lot {
        uint192 amount;
        uint64 until;
    }

    /// @notice Seconds that minted tokens stay, unless the wallet has its own period; zero is no time at all.
    mapping(address => uint64) public periodOf;
    /// @notice A wallet's own period, as that of a team member; zero if it has none.
    mapping(address => mapping(address => uint64)) public walletPeriodOf;
    mapping(address => mapping(address => Lot[])) private _lots;

    event HoldingPeriodSet(address indexed compliance, uint64 period);
    event WalletPeriodSet(address indexed compliance, address indexed wallet, uint64 period);
    /// @notice An amount of a wallet is locked until a time.
    event Locked(address indexed compliance, address indexed wallet, uint256 amount, uint64 until);
    /// @notice All that was locked of a wallet is free.
    event Released(address indexed compliance, address indexed wallet);

    error PeriodTooLong(uint64 period);
    error AmountTooLarge(uint256 amount);
    error LockInPast(uint64 until);
    error LockExceedsBalance(uint256 free, uint256 amount);
    error TooManyLots(address wallet);

    /// @notice Set how long tokens stay that are minted from now on.
    function setHoldingPeriod(uint64 period) external onlyComplianceCall {
        if (period > MAX_PERIOD) revert PeriodTooLong(period);
        periodOf[msg.sender] = period;
        emit HoldingPeriodSet(msg.sender, period);
    }

    /// @notice Set a wallet's own period for mints from now on; zero takes it away.
    function setWalletPeriod(address wallet, uint64 period) external onlyComplianceCall {
        if (period > MAX_PERIOD) revert PeriodTooLong(period);
        walletPeriodOf[msg.sender][wallet] = period;
        emit WalletPeriodSet(msg.sender, wallet, period);
    }

    /// @notice Lock some of what a wallet has.
    function lock(address wallet, uint192 amount, uint64 until) external onlyComplianceCall {
        if (until <= block.timestamp) revert LockInPast(until);
        (uint256 balance, uint256 locked) = (_tokenOf(msg.sender).balanceOf(wallet), lockedOf(msg.sender, wallet));
        uint256 free = balance > locked ? balance - locked : 0;
        if (amount > free) revert LockExceedsBalance(free, amount);
        _open(msg.sender, wallet, amount, until);
    }

    /// @notice Free all that is locked of a wallet.
    function release(address wallet) external onlyComplianceCall {
        delete _lots[msg.sender][wallet];
        emit Released(msg.sender, wallet);
    }

    function moduleMintAction(address to, uint256 amount) external override onlyComplianceCall {
        uint64 until = _mintedUntil(msg.sender, to);
        if (until == 0) return;
        if (amount > type(uint192).max) revert AmountTooLarge(amount);
        _open(msg.sender, to, uint192(amount), until);
    }

    function moduleTransferAction(address from, address to, uint256 amount) external override onlyComplianceCall {
        _shrink(msg.sender, from, to, amount);
    }

    function moduleBurnAction(address from, uint256) external override onlyComplianceCall {
        _shrink(msg.sender, from, address(0), 0);
    }

    /// @notice The open lots of a wallet, those that have run out included until they are cleared.
    function lotsOf(address compliance, address wallet) external view returns (Lot[] memory) {
        return _lots[compliance][wallet];
    }

    function name() external pure override returns (string memory) {
        return "HoldingPeriodModule";
    }

    /// @notice What is locked of a wallet now.
    function lockedOf(address compliance, address wallet) public view returns (uint256 locked) {
        Lot[] storage lots = _lots[compliance][wallet];
        for (uint256 i = 0; i < lots.length; i++) {
            if (lots[i].until > block.timestamp) locked += lots[i].amount;
        }
    }

    function reasonFor(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) public view override returns (bytes32) {
        if (from == address(0)) return _hasRoom(compliance, to) ? bytes32(0) : TOO_MANY_LOTS;
        uint256 locked = lockedOf(compliance, from);
        if (locked == 0) return 0;
        uint256 balance = _tokenOf(compliance).balanceOf(from);
        return balance < locked || amount > balance - locked ? HOLDING_PERIOD : bytes32(0);
    }

    /// @dev When a mint of now is free, to the next full day so that a day's mints share a lot; zero for at once.
    function _mintedUntil(address compliance, address wallet) private view returns (uint64) {
        uint64 period = walletPeriodOf[compliance][wallet];
        if (period == 0) period = periodOf[compliance];
        if (period == 0) return 0;
        uint256 until = block.timestamp + period;
        return uint64(until + ((1 days - (until % 1 days)) % 1 days));
    }

    function _hasRoom(address compliance, address wallet) private view returns (bool) {
        uint64 until = _mintedUntil(compliance, wallet);
        if (until == 0) return true;
        Lot[] storage lots = _lots[compliance][wallet];
        if (lots.length < MAX_LOTS) return true;
        for (uint256 i = 0; i < lots.length; i++) {
            if (lots[i].until <= block.timestamp || lots[i].until == until) return true;
        }
        return false;
    }

    function _open(address compliance, address wallet, uint192 amount, uint64 until) private {
        Lot[] storage lots = _lots[compliance][wallet];
        _clear(lots);
        _add(lots, amount, until);
        if (lots.length > MAX_LOTS) revert TooManyLots(wallet);
        emit Locked(compliance, wallet, amount, until);
    }

    /// @dev Take from a wallet's lots what its balance no longer covers, and let `along` of it at most go to where the
    /// tokens went. More than that is uncovered only if tokens moved while the module was not bound.
    function _shrink(address compliance, address from, address to, uint256 along) private {
        Lot[] storage lots = _lots[compliance][from];
        if (lots.length == 0) return;
        uint256 locked = lockedOf(compliance, from);
        uint256 balance = _tokenOf(compliance).balanceOf(from);
        uint256 excess = locked > balance ? locked - balance : 0;
        if (excess == 0) return;
        _clear(lots);
        while (excess > 0) {
            Lot storage last = lots[lots.length - 1];
            uint192 taken = last.amount > excess ? uint192(excess) : last.amount;
            uint192 given = taken > along ? uint192(along) : taken;
            if (given > 0) {
                _add(_lots[compliance][to], given, last.until);
                emit Locked(compliance, to, given, last.until);
            }
            along -= given;
            excess -= taken;
            if (taken == last.amount) lots.pop();
            else last.amount -= taken;
        }
    }

    /// @dev Forget the lots that have run out.
    function _clear(Lot[] storage lots) private {
        for (uint256 i = lots.length; i > 0; i--) {
            if (lots[i - 1].until > block.timestamp) continue;
            lots[i - 1] = lots[lots.length - 1];
            lots.pop();
        }
    }

    function _add(Lot[] storage lots, uint192 amount, uint64 until) private {
        for (uint256 i = 0; i < lots.length; i++) {
            if (lots[i].until == until) {
                lots[i].amount += amount;
                return;
            }
        }
        lots.push(Lot(amount, until));
    }
}
