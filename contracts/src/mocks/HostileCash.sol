// SPDX-License-Identifier: GPL-3.0-only
pragma solidity ^0.8.20;

import {ISettlement} from "../settlement/ISettlement.sol";

/// @title Hostile cash
/// @notice A stablecoin that misbehaves on transfer, in the way it is told. For tests only.
contract HostileCash {
    enum Manner {
        Honest,
        ReturnsNothing,
        ReturnsFalse,
        TakesFeeFromReceiver,
        TakesFeeFromPayer,
        Reverts,
        RevertsWithLongData,
        BurnsGas,
        ReentersSettle,
        ReentersSettleOne
    }

    mapping(address => uint256) public balanceOf;
    Manner public manner;
    ISettlement public settlement;
    ISettlement.Trade private _smuggled;
    /// @notice What the reentrant call answered.
    bytes public answer;

    error Refused();

    function behave(Manner manner_) external {
        manner = manner_;
    }

    /// @notice Choose the trade that a reentrant transfer tries to settle.
    function smuggle(ISettlement settlement_, ISettlement.Trade calldata trade) external {
        settlement = settlement_;
        _smuggled = trade;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        Manner how = manner;
        if (how == Manner.ReturnsFalse) return false;
        if (how == Manner.Reverts) revert Refused();
        if (how == Manner.RevertsWithLongData) _revertLong();
        if (how == Manner.BurnsGas) _burnGas();
        if (how == Manner.ReentersSettle) _reenterSettle();
        if (how == Manner.ReentersSettleOne) _reenterSettleOne();
        balanceOf[from] -= how == Manner.TakesFeeFromPayer ? amount + 1 : amount;
        balanceOf[to] += how == Manner.TakesFeeFromReceiver ? amount - 1 : amount;
        if (how == Manner.ReturnsNothing) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }

    function _reenterSettle() private {
        ISettlement.Trade[] memory trades = new ISettlement.Trade[](1);
        trades[0] = _smuggled;
        try settlement.settle(trades) {
            answer = "settled";
        } catch (bytes memory reason) {
            answer = reason;
        }
    }

    function _reenterSettleOne() private {
        (bool ok, bytes memory reason) = address(settlement).call(
            abi.encodeWithSignature(
                "settleOne((bytes32,address,address,address,uint256,address,uint256))",
                _smuggled
            )
        );
        answer = ok ? bytes("settled") : reason;
    }

    function _burnGas() private view {
        bytes32 x;
        while (gasleft() > 0) x = keccak256(abi.encode(x));
    }

    function _revertLong() private pure {
        assembly {
            mstore(0, shl(224, 0xdeadbeef))
            revert(0, 100000)
        }
    }
}
