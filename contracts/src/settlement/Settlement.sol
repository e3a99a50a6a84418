// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

import {Ownable} from "@openzeppelin/contracts-5/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts-5/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts-5/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts-5/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts-5/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts-5/utils/ReentrancyGuard.sol";

import {IERC3643Compliance, IERC3643Module, IERC3643Registry, IERC3643Token} from "./IERC3643.sol";
import {ISettlement} from "./ISettlement.sol";

/// @title Settlement
/// @notice Holds the agent role on every token and settles the platform's trades with it.
/// @dev `forcedTransfer` of the suite looks at neither pause, freezes, partial freezes nor compliance, and knows no
/// trade id. This contract looks at all of them first, once each:
/// - the buyer's verification is left to `forcedTransfer`, which demands it anyway;
/// - the seller's is left to `canTransfer` where `senderModule` is bound to the token, and is asked here elsewhere.
/// One verification recovers claim signatures and is the dearest part of a trade.
///
/// Each trade runs in a call of its own with exactly `tradeGas`, so what happens to it does not depend on how much
/// gas the batch was sent with or on its neighbours. A transaction that could not give a trade that much is
/// reverted whole, which also makes a node's gas estimate come out right.
contract Settlement is ISettlement, Ownable2Step, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @notice Trades in one call at most.
    uint256 public constant MAX_TRADES = 100;
    uint256 public constant MIN_TRADE_GAS = 500_000;
    uint256 public constant MAX_TRADE_GAS = 5_000_000;

    /// @dev What recording one refusal may cost after the trade's own call: its event and its place in the answer.
    uint256 private constant RECORDING_GAS = 60_000;
    /// @dev Revert data beyond this is cut: eight words beside the selector.
    uint256 private constant MAX_REASON_BYTES = 260;

    /// @notice The compliance module that verifies senders; a token it is bound to is not asked a second time.
    address public immutable senderModule;

    /// @inheritdoc ISettlement
    mapping(bytes32 tradeId => uint256 blockNumber) public settledIn;
    /// @notice Who may settle. Several at once, so that keys can be changed without a gap.
    mapping(address account => bool) public isOperator;
    /// @notice Securities and stablecoins that may take part in trades with a cash leg.
    /// @dev Without it an operator's stolen key could trade a worthless token against any buyer's cash allowance.
    mapping(address token => bool) public isListed;
    /// @notice The gas that each trade gets, neither more nor less.
    uint256 public tradeGas = 1_200_000;

    modifier onlyOperator() {
        if (!isOperator[msg.sender]) revert NotOperator(msg.sender);
        _;
    }

    /// @param owner_ who names operators, lists tokens and lifts a pause
    /// @param senderModule_ see `senderModule`; zero if there is none
    constructor(address owner_, address senderModule_) Ownable(owner_) {
        senderModule = senderModule_;
    }

    // Administration

    /// @notice Let an account settle, or stop it.
    function setOperator(address account, bool allowed) external onlyOwner {
        isOperator[account] = allowed;
        emit OperatorSet(account, allowed);
    }

    /// @notice Let a token take part in trades with a cash leg, or stop it.
    function setListed(address token, bool listed) external onlyOwner {
        isListed[token] = listed;
        emit ListingSet(token, listed);
    }

    /// @notice Change the gas that each trade gets.
    function setTradeGas(uint256 gas_) external onlyOwner {
        if (gas_ < MIN_TRADE_GAS || gas_ > MAX_TRADE_GAS) revert TradeGasOutOfRange(gas_);
        tradeGas = gas_;
        emit TradeGasSet(gas_);
    }

    /// @notice Stop all settlement. An operator may do so too: stopping must not wait for the owner.
    function pause() external {
        if (msg.sender != owner() && !isOperator[msg.sender]) revert NotOperator(msg.sender);
        _pause();
    }

    /// @notice Resume settlement.
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @dev Without an owner a pause could never be lifted.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // Settlement

    /// @inheritdoc ISettlement
    function settle(
        Trade[] calldata trades
    ) external onlyOperator whenNotPaused nonReentrant returns (bytes[] memory refusals) {
        uint256 count = trades.length;
        if (count == 0) revert EmptyBatch();
        if (count > MAX_TRADES) revert BatchTooLarge(count, MAX_TRADES);
        refusals = new bytes[](count);
        uint256 budget = tradeGas;
        for (uint256 i = 0; i < count; ++i) {
            bytes memory reason = _attempt(i, trades[i], budget);
            if (reason.length == 0) continue;
            refusals[i] = reason;
            emit TradeRefused(trades[i].id, trades[i].token, bytes4(reason), reason);
        }
    }

    /// @notice Settle one trade or revert with its reason; only this contract may call it.
    function settleOne(Trade calldata trade) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _requireValid(trade);
        uint256 before = settledIn[trade.id];
        if (before != 0) revert AlreadySettled(before);
        settledIn[trade.id] = block.number;

        IERC3643Token token = IERC3643Token(trade.token);
        _requireAllowed(token, trade.seller, trade.buyer, trade.amount);
        _deliver(token, trade);
        if (trade.cash != address(0)) _pay(trade);
        emit TradeSettled(
            trade.id, trade.token, trade.seller, trade.buyer, trade.amount, trade.cash, trade.cashAmount
        );
    }

    /// @inheritdoc ISettlement
    function requireTransferable(address token, address seller, address buyer, uint256 amount) external view {
        _requireAllowed(IERC3643Token(token), seller, buyer, amount);
        if (!IERC3643Token(token).identityRegistry().isVerified(buyer)) revert BuyerNotVerified(buyer);
    }

    // One trade

    /// @dev Run `settleOne` with exactly `budget` gas. Returns its revert data, empty on success. The inner call
    /// gets at most 63/64 of what is left (EIP-150), so more than the budget must be left before it.
    function _attempt(uint256 index, Trade calldata trade, uint256 budget) private returns (bytes memory reason) {
        bytes memory payload = abi.encodeCall(this.settleOne, (trade));
        uint256 needed = budget + budget / 63 + RECORDING_GAS;
        uint256 left = gasleft();
        if (left < needed) revert BatchGasTooLow(index, left, needed);
        bool isSettled;
        assembly ("memory-safe") {
            isSettled := call(budget, address(), 0, add(payload, 0x20), mload(payload), 0, 0)
        }
        if (isSettled) return "";
        // A trade that used this much may hold an inner call that starved and was caught, so that a shortage looks
        // like a refusal: eight calls deep keep 12 % of their gas, the suite's proxies up to 10,000 each.
        if (left - gasleft() > (budget / 4) * 3) return abi.encodeWithSelector(TradeGasExhausted.selector, budget);
        return _revertData();
    }

    /// @dev The last call's revert data, cut to a bounded length: the callee must not make the copy dear.
    function _revertData() private pure returns (bytes memory reason) {
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
        }
        if (size < 4) return abi.encodeWithSelector(RefusedWithoutReason.selector);
        if (size > MAX_REASON_BYTES) size = MAX_REASON_BYTES;
        reason = new bytes(size);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, size)
        }
    }

    function _requireValid(Trade calldata trade) private view {
        bool hasCash = trade.cash != address(0);
        if (
            trade.id == 0 || trade.amount == 0 || trade.seller == trade.buyer || hasCash != (trade.cashAmount != 0)
        ) revert InvalidTrade();
        if (!hasCash) return;
        if (!isListed[trade.token]) revert NotListed(trade.token);
        if (!isListed[trade.cash]) revert NotListed(trade.cash);
    }

    /// @dev All that `forcedTransfer` would ignore.
    function _requireAllowed(IERC3643Token token, address seller, address buyer, uint256 amount) private view {
        if (token.paused()) revert TokenPaused(address(token));
        if (token.isFrozen(seller)) revert SellerFrozen(seller);
        if (token.isFrozen(buyer)) revert BuyerFrozen(buyer);
        uint256 free = token.balanceOf(seller) - token.getFrozenTokens(seller);
        if (amount > free) revert InsufficientFreeBalance(seller, free, amount);
        IERC3643Compliance compliance = token.compliance();
        bool isSellerChecked = senderModule != address(0) && compliance.isModuleBound(senderModule);
        if (!isSellerChecked && !token.identityRegistry().isVerified(seller)) revert SellerNotVerified(seller);
        if (!compliance.canTransfer(seller, buyer, amount)) _revertWithModule(compliance, seller, buyer, amount);
    }

    /// @dev Find the module that refused and ask it why.
    function _revertWithModule(
        IERC3643Compliance compliance,
        address seller,
        address buyer,
        uint256 amount
    ) private view {
        address[] memory modules = compliance.getModules();
        for (uint256 i = 0; i < modules.length; ++i) {
            IERC3643Module module = IERC3643Module(modules[i]);
            if (module.moduleCheck(seller, buyer, amount, address(compliance))) continue;
            try module.reasonFor(seller, buyer, amount, address(compliance)) returns (bytes32 reason) {
                revert ComplianceRefused(address(module), reason);
            } catch {
                revert ComplianceRefused(address(module), 0);
            }
        }
        revert ComplianceRefused(address(0), 0);
    }

    /// @dev Move the security. The suite says the same for every refusal, so the one left to it is looked up.
    function _deliver(IERC3643Token token, Trade calldata trade) private {
        try token.forcedTransfer(trade.seller, trade.buyer, trade.amount) returns (bool isMoved) {
            if (!isMoved) revert TransferFailed(address(token));
        } catch (bytes memory reason) {
            IERC3643Registry registry = token.identityRegistry();
            if (!registry.isVerified(trade.buyer)) revert BuyerNotVerified(trade.buyer);
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    /// @dev Move the cash and see that exactly the amount left the one and reached the other.
    function _pay(Trade calldata trade) private {
        IERC20 cash = IERC20(trade.cash);
        uint256 buyerBefore = cash.balanceOf(trade.buyer);
        uint256 sellerBefore = cash.balanceOf(trade.seller);
        cash.safeTransferFrom(trade.buyer, trade.seller, trade.cashAmount);
        uint256 buyerAfter = cash.balanceOf(trade.buyer);
        uint256 sellerAfter = cash.balanceOf(trade.seller);
        uint256 paid = buyerAfter < buyerBefore ? buyerBefore - buyerAfter : 0;
        uint256 received = sellerAfter > sellerBefore ? sellerAfter - sellerBefore : 0;
        if (paid != trade.cashAmount || received != trade.cashAmount) {
            revert CashMismatch(paid, received, trade.cashAmount);
        }
    }
}
