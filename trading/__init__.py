"""The engine, a town of apps with the same floors each.

An app imports its own floors downwards and of the others only those that stand before it in this
list: ``base``, ``market``, ``signals``, ``treasury``, ``learning``, ``desk``.
"""
