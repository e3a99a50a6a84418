// SPDX-License-Identifier: GPL-3.0-only
pragma solidity 0.8.17;

import {IToken} from "@tokenysolutions/t-rex/contracts/token/IToken.sol";

import {ReasonedModule} from "./ReasonedModule.sol";

/// @title Holder limits
/// @notice Limits what one investor may hold and how many investors there may be. An investor is an identity with
/// all its wallets.
/// @dev Keeps its own book: what each identity holds, where a wallet counts for the identity it had when it was
/// last credited. So a wallet that has since left the registry is still debited from the right investor. The book
/// must begin with the token, hence a token that already exists can't be bound.
contract HolderLimitsModule is ReasonedModule {
    bytes32 public constant MAX_BALANCE_EXCEEDED = "max_balance_exceeded";
    bytes32 public constant MAX_INVESTORS_REACHED = "max_investors_reached";

    /// @dev A limit of zero is none. Invariant: `held` of an identity is the sum of the balances of its wallets.
    struct Book {
        uint256 maxBalance;
        uint256 maxInvestors;
        uint256 investors;
        mapping(address => uint256) held;
        mapping(address => address) holderOf;
    }

    mapping(address => Book) private _books;

    /// @notice A compliance's limits were set, in base units and in investors; zero is no limit.
    event LimitsSet(address indexed compliance, uint256 maxBalance, uint256 maxInvestors);

    /// @notice A wallet with a balance now counts for another identity.
    event WalletMoved(address indexed compliance, address indexed wallet, address holder);

    /// @notice Set the calling compliance's limits. What is already above them stays and cannot grow.
    function setLimits(uint256 maxBalance, uint256 maxInvestors) external onlyComplianceCall {
        Book storage book = _books[msg.sender];
        (book.maxBalance, book.maxInvestors) = (maxBalance, maxInvestors);
        emit LimitsSet(msg.sender, maxBalance, maxInvestors);
    }

    /// @notice Count a wallet for the identity it has now. Anybody may ask; it says only what the registry says.
    function sync(address compliance, address wallet) external onlyBoundCompliance(compliance) {
        Book storage book = _books[compliance];
        if (book.holderOf[wallet] != address(0)) _assign(book, compliance, wallet, 0);
    }

    function moduleTransferAction(address from, address to, uint256 amount) external override onlyComplianceCall {
        _debit(_books[msg.sender], from, amount);
        _credit(_books[msg.sender], to, amount);
    }

    function moduleMintAction(address to, uint256 amount) external override onlyComplianceCall {
        _credit(_books[msg.sender], to, amount);
    }

    function moduleBurnAction(address from, uint256 amount) external override onlyComplianceCall {
        _debit(_books[msg.sender], from, amount);
    }

    function canComplianceBind(address compliance) external view override returns (bool) {
        IToken token = _tokenOf(compliance);
        return address(token) != address(0) && token.totalSupply() == 0 && _books[compliance].investors == 0;
    }

    /// @notice The limits of a compliance and how many investors it has.
    function limitsOf(
        address compliance
    ) external view returns (uint256 maxBalance, uint256 maxInvestors, uint256 investors) {
        Book storage book = _books[compliance];
        return (book.maxBalance, book.maxInvestors, book.investors);
    }

    /// @notice What an identity holds with all its wallets.
    function heldBy(address compliance, address holder) external view returns (uint256) {
        return _books[compliance].held[holder];
    }

    function isPlugAndPlay() external pure override returns (bool) {
        return false;
    }

    function name() external pure override returns (string memory) {
        return "HolderLimitsModule";
    }

    function reasonFor(
        address from,
        address to,
        uint256 amount,
        address compliance
    ) public view override returns (bytes32) {
        Book storage book = _books[compliance];
        if (book.maxBalance == 0 && book.maxInvestors == 0) return 0;
        address buyer = _identityOf(compliance, to);
        address seller = from == address(0) ? address(0) : book.holderOf[from];
        if (seller == buyer) return 0;
        uint256 held = book.held[buyer];
        // a wallet that changed hands brings its balance along
        if (book.holderOf[to] != address(0) && book.holderOf[to] != buyer) held += _tokenOf(compliance).balanceOf(to);
        if (book.maxBalance != 0 && (held > book.maxBalance || amount > book.maxBalance - held)) {
            return MAX_BALANCE_EXCEEDED;
        }
        if (book.maxInvestors == 0 || book.held[buyer] != 0) return 0;
        bool isSellerLeaving = seller != address(0) && book.held[seller] == amount;
        uint256 investors = isSellerLeaving ? book.investors : book.investors + 1;
        return investors > book.maxInvestors ? MAX_INVESTORS_REACHED : bytes32(0);
    }

    function _credit(Book storage book, address wallet, uint256 amount) private {
        _increase(book, _assign(book, msg.sender, wallet, amount), amount);
    }

    function _debit(Book storage book, address wallet, uint256 amount) private {
        _decrease(book, book.holderOf[wallet], amount);
    }

    /// @dev Let a wallet count for the identity it has now, with its balance but for what is not yet counted.
    function _assign(
        Book storage book,
        address compliance,
        address wallet,
        uint256 uncounted
    ) private returns (address holder) {
        address known = book.holderOf[wallet];
        holder = _identityOf(compliance, wallet);
        if (known == holder) return holder;
        book.holderOf[wallet] = holder;
        if (known == address(0)) return holder;
        uint256 counted = _tokenOf(compliance).balanceOf(wallet) - uncounted;
        _decrease(book, known, counted);
        _increase(book, holder, counted);
        emit WalletMoved(compliance, wallet, holder);
    }

    function _increase(Book storage book, address holder, uint256 amount) private {
        if (amount == 0) return;
        if (book.held[holder] == 0) book.investors += 1;
        book.held[holder] += amount;
    }

    function _decrease(Book storage book, address holder, uint256 amount) private {
        if (amount == 0) return;
        book.held[holder] -= amount;
        if (book.held[holder] == 0) book.investors -= 1;
    }

    /// @dev A wallet outside the registry stands for itself.
    function _identityOf(address compliance, address wallet) private view returns (address) {
        address identity = address(_registryOf(compliance).identity(wallet));
        return identity == address(0) ? wallet : identity;
    }
}
