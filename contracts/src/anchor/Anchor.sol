// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

import {Ownable} from "@openzeppelin/contracts-5/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts-5/access/Ownable2Step.sol";

/// @title Anchor
/// @notice Puts daily roots and paid distributions on record, each once and never again otherwise.
contract Anchor is Ownable2Step {
    /// @notice What a daily root stands for: the sealed audit log, or the proof of liabilities.
    enum Book {
        AuditLog,
        Liabilities
    }

    /// @notice What was distributed to holders.
    enum Distribution {
        Dividend,
        Coupon,
        Redemption
    }

    /// @notice The root of a book on a day, zero if none. A day counts from 1970-01-01 in the market's calendar.
    mapping(Book book => mapping(uint256 day => bytes32 root)) public rootOf;
    /// @notice The root of a distribution's payments, zero if it is not recorded.
    mapping(bytes32 actionId => bytes32 root) public distributionRootOf;
    /// @notice Who may record.
    mapping(address account => bool) public isPublisher;

    /// @notice A book's root was put on record.
    event RootAnchored(Book indexed book, uint256 indexed day, bytes32 root);

    /// @notice A distribution was paid.
    /// @param perToken smallest units of the paying asset per whole token
    /// @param root Merkle root over the payments
    event DistributionPaid(
        bytes32 indexed actionId,
        address indexed token,
        Distribution kind,
        uint256 perToken,
        bytes32 root
    );

    /// @notice An account may record, or may no longer.
    event PublisherSet(address indexed account, bool allowed);

    error NotPublisher(address caller);
    error EmptyRoot();
    error EmptyActionId();
    /// @notice The day has begun nowhere on Earth.
    error DayInFuture(uint256 day);
    error AlreadyAnchored(Book book, uint256 day, bytes32 root);
    error AlreadyRecorded(bytes32 actionId, bytes32 root);

    modifier onlyPublisher() {
        if (!isPublisher[msg.sender]) revert NotPublisher(msg.sender);
        _;
    }

    constructor(address owner_) Ownable(owner_) {}

    /// @notice Let an account record, or stop it.
    function setPublisher(address account, bool allowed) external onlyOwner {
        isPublisher[account] = allowed;
        emit PublisherSet(account, allowed);
    }

    /// @notice Put a book's root of a day on record.
    function anchor(Book book, uint256 day, bytes32 root) external onlyPublisher {
        if (root == 0) revert EmptyRoot();
        if (day > block.timestamp / 1 days + 1) revert DayInFuture(day);
        bytes32 known = rootOf[book][day];
        if (known != 0) revert AlreadyAnchored(book, day, known);
        rootOf[book][day] = root;
        emit RootAnchored(book, day, root);
    }

    /// @notice Put a paid distribution on record.
    function recordDistribution(
        bytes32 actionId,
        address token,
        Distribution kind,
        uint256 perToken,
        bytes32 root
    ) external onlyPublisher {
        if (actionId == 0) revert EmptyActionId();
        if (root == 0) revert EmptyRoot();
        bytes32 known = distributionRootOf[actionId];
        if (known != 0) revert AlreadyRecorded(actionId, known);
        distributionRootOf[actionId] = root;
        emit DistributionPaid(actionId, token, kind, perToken, root);
    }
}
