"""One folder a page; its ``page.py`` declares it, and nothing else has to know of it.

Pages do not import each other. What two of them need stands in ``dashboard.shell``, or beside it in
a package of the pages that share it.
"""
