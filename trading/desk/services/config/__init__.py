"""The layered, typed and versioned configuration of the desk.

Lowest layer first: the defaults in the code, ``config/desk.yaml`` with its includes, the chosen
profile, ``config/site.yaml``, the newest revision in the database, ``GUARDIAN__...`` variables,
``--config-set``. All of them are validated together, against the dataclasses of
``trading.desk.domain.config``.

``loading`` reads the layers, ``policies`` writes policies down and reads them back, ``revisions``
keeps the overrides operators make, ``lint`` finds settings that are valid and yet do nothing.
"""
