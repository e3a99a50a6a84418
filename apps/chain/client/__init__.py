"""The one door to a node. Only this package imports web3, and late: it takes a second to load."""

from apps.chain.client.nodes import Node, NodeUnavailable, balances, head, node_with, nodes

__all__ = ["Node", "NodeUnavailable", "balances", "head", "node_with", "nodes"]
