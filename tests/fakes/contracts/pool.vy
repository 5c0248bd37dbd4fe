# pragma version 0.4.3
# A constant-product pool as the V2 router reads and pays it: reserves, and the token sorted first.

interface Token:
    def transfer(to: address, amount: uint256) -> bool: nonpayable
    def balanceOf(owner: address) -> uint256: view

token0: public(address)
token1: public(address)
reserve0: uint112
reserve1: uint112


@deploy
def __init__(token_a: address, reserve_a: uint112, token_b: address, reserve_b: uint112):
    if convert(token_a, uint160) < convert(token_b, uint160):
        self.token0 = token_a
        self.token1 = token_b
        self.reserve0 = reserve_a
        self.reserve1 = reserve_b
    else:
        self.token0 = token_b
        self.token1 = token_a
        self.reserve0 = reserve_b
        self.reserve1 = reserve_a


@external
@view
def getReserves() -> (uint112, uint112, uint32):
    return self.reserve0, self.reserve1, 0


@external
def swap(amount0: uint256, amount1: uint256, to: address):
    if amount0 > 0:
        extcall Token(self.token0).transfer(to, amount0)
    if amount1 > 0:
        extcall Token(self.token1).transfer(to, amount1)
    self.reserve0 = convert(staticcall Token(self.token0).balanceOf(self), uint112)
    self.reserve1 = convert(staticcall Token(self.token1).balanceOf(self), uint112)
