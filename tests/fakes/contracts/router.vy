# pragma version 0.4.3
# getAmountsOut and swapExactTokensForTokens of a V2 router with a fee of 0.3 %, over known pools.

interface Pool:
    def token0() -> address: view
    def getReserves() -> (uint112, uint112, uint32): view
    def swap(amount0: uint256, amount1: uint256, to: address): nonpayable

interface Token:
    def transferFrom(owner: address, to: address, amount: uint256) -> bool: nonpayable

pool_of: HashMap[address, HashMap[address, address]]


@external
def add(pool: address, token_a: address, token_b: address):
    self.pool_of[token_a][token_b] = pool
    self.pool_of[token_b][token_a] = pool


@internal
@view
def _amounts(amount: uint256, path: DynArray[address, 5]) -> DynArray[uint256, 5]:
    assert len(path) >= 2, "V2Library: INVALID_PATH"
    amounts: DynArray[uint256, 5] = [amount]
    for i: uint256 in range(len(path) - 1, bound=4):
        pool: address = self.pool_of[path[i]][path[i + 1]]
        assert pool != empty(address), "V2Library: NO_POOL"
        r0: uint112 = 0
        r1: uint112 = 0
        t: uint32 = 0
        r0, r1, t = staticcall Pool(pool).getReserves()
        reserve_in: uint256 = convert(r0, uint256)
        reserve_out: uint256 = convert(r1, uint256)
        if path[i] != staticcall Pool(pool).token0():
            reserve_in = convert(r1, uint256)
            reserve_out = convert(r0, uint256)
        with_fee: uint256 = amounts[i] * 997
        amounts.append(with_fee * reserve_out // (reserve_in * 1000 + with_fee))
    return amounts


@external
@view
def getAmountsOut(amountIn: uint256, path: DynArray[address, 5]) -> DynArray[uint256, 5]:
    return self._amounts(amountIn, path)


@external
def swapExactTokensForTokens(
    amountIn: uint256, amountOutMin: uint256, path: DynArray[address, 5], to: address, deadline: uint256
) -> DynArray[uint256, 5]:
    assert deadline >= block.timestamp, "V2Router: EXPIRED"
    amounts: DynArray[uint256, 5] = self._amounts(amountIn, path)
    assert amounts[len(amounts) - 1] >= amountOutMin, "V2Router: INSUFFICIENT_OUTPUT_AMOUNT"
    extcall Token(path[0]).transferFrom(msg.sender, self.pool_of[path[0]][path[1]], amountIn)
    for i: uint256 in range(len(path) - 1, bound=4):
        pool: address = self.pool_of[path[i]][path[i + 1]]
        receiver: address = to
        if i + 2 < len(path):
            receiver = self.pool_of[path[i + 1]][path[i + 2]]
        if path[i + 1] == staticcall Pool(pool).token0():
            extcall Pool(pool).swap(amounts[i + 1], 0, receiver)
        else:
            extcall Pool(pool).swap(0, amounts[i + 1], receiver)
    return amounts
