// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

/// @title Settlement of trades in ERC-3643 tokens
/// @notice One trade moves `amount` of `token` from `seller` to `buyer` and, if `cash` is set, `cashAmount` of
/// `cash` from `buyer` to `seller`; either both move or neither does.
interface ISettlement {
    /// @param id the trade's own id; it settles once for ever
    /// @param token the security, in whose base units `amount` is
    /// @param cash the stablecoin, or zero if cash is settled elsewhere
    /// @param cashAmount in base units of `cash`; zero exactly when `cash` is
    struct Trade {
        bytes32 id;
        address token;
        address seller;
        address buyer;
        uint256 amount;
        address cash;
        uint256 cashAmount;
    }

    /// @notice A trade moved its security, and its cash if it has any.
    event TradeSettled(
        bytes32 indexed tradeId,
        address indexed token,
        address seller,
        address buyer,
        uint256 amount,
        address cash,
        uint256 cashAmount
    );

    /// @notice A trade moved nothing and may be sent again.
    /// @param code selector of the error that refused it
    /// @param reason that error with its arguments, as ABI-encoded revert data, at most 260 bytes
    event TradeRefused(bytes32 indexed tradeId, address indexed token, bytes4 indexed code, bytes reason);

    /// @notice An account may settle, or may no longer.
    event OperatorSet(address indexed account, bool allowed);

    /// @notice A token may take part in trades with a cash leg, or may no longer.
    event ListingSet(address indexed token, bool listed);

    /// @notice The gas that each trade of a batch may use was changed.
    event TradeGasSet(uint256 gas);

    // Reasons of a single trade; they travel in `TradeRefused`.

    /// @notice Zero id or amount, a party that trades with itself, or half a cash leg.
    error InvalidTrade();
    /// @notice The id was settled in that block.
    error AlreadySettled(uint256 blockNumber);
    /// @notice A token of a trade with a cash leg is not listed by the owner.
    error NotListed(address token);
    error TokenPaused(address token);
    error SellerFrozen(address seller);
    error BuyerFrozen(address buyer);
    /// @notice What the seller has less what is frozen of it does not cover the amount.
    error InsufficientFreeBalance(address seller, uint256 free, uint256 amount);
    error SellerNotVerified(address seller);
    error BuyerNotVerified(address buyer);
    /// @notice A compliance module refused; `reason` is its short ASCII code, or zero if it gives none.
    error ComplianceRefused(address module, bytes32 reason);
    /// @notice The security's forced transfer answered false.
    error TransferFailed(address token);
    /// @notice The cash did not arrive exactly: `paid` left the buyer and `received` reached the seller.
    error CashMismatch(uint256 paid, uint256 received, uint256 expected);
    /// @notice The trade used up the gas that every trade gets, so its own reason cannot be trusted.
    error TradeGasExhausted(uint256 gas);
    /// @notice The trade failed without saying why.
    error RefusedWithoutReason();

    // Reasons that stop the whole call.

    error NotOperator(address caller);
    error NotSelf(address caller);
    error EmptyBatch();
    error BatchTooLarge(uint256 size, uint256 limit);
    /// @notice The transaction has too little gas left to give trade number `index` what every trade gets.
    error BatchGasTooLow(uint256 index, uint256 gas, uint256 needed);
    error TradeGasOutOfRange(uint256 gas);
    error OwnerRequired();

    /// @notice Settle each trade or refuse it with its reason; one refusal does not stop the others.
    /// @param trades at most 100
    /// @return refusals per trade its revert data, empty if it settled
    function settle(Trade[] calldata trades) external returns (bytes[] memory refusals);

    /// @notice Revert with the reason if a security leg would be refused now; cash is not looked at.
    function requireTransferable(address token, address seller, address buyer, uint256 amount) external view;

    /// @notice The block in which a trade settled; zero if it has not.
    function settledIn(bytes32 tradeId) external view returns (uint256 blockNumber);
}
