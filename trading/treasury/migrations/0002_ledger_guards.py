"""What the database itself refuses of the ledger, whoever writes to it.

- a posting of an entry that is there already, or on SQLite of an amount not spelled in full,
- an entry without postings, or whose postings of a currency do not sum to zero,
- any change of either; on PostgreSQL any removal (SQLite empties its tables by removing rows).

An entry is therefore written after its postings, whose reference to it is checked at the commit.
SQLite keeps amounts as text of 18 decimal places and has 64-bit integers only, so they are added in
four chunks of digits with carries. A migration that rebuilds these tables on SQLite drops the
triggers: run ``guards`` again after it.
"""

from django.db import migrations

ENTRY, POSTING = 'treasury_ledgerentry', 'treasury_ledgerposting'
NO_CHANGE = 'the ledger is append-only'
CLOSED = 'the ledger entry is closed'
UNBALANCED = 'the ledger entry does not balance'
EMPTY = 'the ledger entry has no postings'
SPELLING = 'an amount of the ledger is not spelled with 18 decimal places'

SQLITE = f"""
CREATE TRIGGER ledger_posting_open BEFORE INSERT ON {POSTING} BEGIN
  SELECT RAISE(ABORT, '{CLOSED}')
    WHERE EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.entry_id);
  SELECT RAISE(ABORT, '{SPELLING}')
    WHERE typeof(NEW.amount) <> 'text'
       OR length(ltrim(NEW.amount, '-')) NOT BETWEEN 20 AND 39
       OR substr(NEW.amount, -19, 1) <> '.'
       OR replace(ltrim(NEW.amount, '-'), '.', '') GLOB '*[^0-9]*'
       OR length(NEW.amount) - length(ltrim(NEW.amount, '-')) > 1
       OR length(NEW.amount) - length(replace(NEW.amount, '.', '')) <> 1;
END;
---
CREATE TRIGGER ledger_entry_balances BEFORE INSERT ON {ENTRY} BEGIN
  SELECT RAISE(ABORT, '{EMPTY}')
    WHERE NOT EXISTS (SELECT 1 FROM {POSTING} WHERE entry_id = NEW.id);
  SELECT RAISE(ABORT, '{UNBALANCED}') WHERE EXISTS (
    SELECT 1 FROM (
      SELECT SUM(sign * CAST(substr(digits, 1, 10) AS INTEGER)) AS a,
             SUM(sign * CAST(substr(digits, 11, 10) AS INTEGER)) AS b,
             SUM(sign * CAST(substr(digits, 21, 9) AS INTEGER)) AS c,
             SUM(sign * CAST(substr(digits, 30, 9) AS INTEGER)) AS d
      FROM (
        SELECT currency,
               CASE WHEN amount LIKE '-%' THEN -1 ELSE 1 END AS sign,
               substr('{'0' * 38}' || replace(ltrim(amount, '-'), '.', ''), -38) AS digits
        FROM {POSTING} WHERE entry_id = NEW.id
      ) GROUP BY currency
    )
    WHERE d % 1000000000 <> 0
       OR (c + d / 1000000000) % 1000000000 <> 0
       OR (b + (c + d / 1000000000) / 1000000000) % 10000000000 <> 0
       OR a + (b + (c + d / 1000000000) / 1000000000) / 10000000000 <> 0
  );
END;
---
CREATE TRIGGER ledger_entry_stays BEFORE UPDATE ON {ENTRY} BEGIN
  SELECT RAISE(ABORT, '{NO_CHANGE}');
END;
---
CREATE TRIGGER ledger_posting_stays BEFORE UPDATE ON {POSTING} BEGIN
  SELECT RAISE(ABORT, '{NO_CHANGE}');
END;
"""

POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION ledger_posting_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.entry_id) THEN
    RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
---
CREATE OR REPLACE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM {POSTING} WHERE entry_id = NEW.id) THEN
    RAISE EXCEPTION '{EMPTY}' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT 1 FROM {POSTING} WHERE entry_id = NEW.id
             GROUP BY currency HAVING SUM(amount) <> 0) THEN
    RAISE EXCEPTION '{UNBALANCED}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
---
CREATE OR REPLACE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{NO_CHANGE}' USING ERRCODE = 'check_violation';
END $$;
---
CREATE TRIGGER ledger_posting_open BEFORE INSERT ON {POSTING}
  FOR EACH ROW EXECUTE FUNCTION ledger_posting_open();
---
CREATE TRIGGER ledger_entry_balances BEFORE INSERT ON {ENTRY}
  FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();
---
CREATE TRIGGER ledger_entry_stays BEFORE UPDATE OR DELETE ON {ENTRY}
  FOR EACH ROW EXECUTE FUNCTION ledger_stays();
---
CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON {POSTING}
  FOR EACH ROW EXECUTE FUNCTION ledger_stays();
"""

TRIGGERS = {
    'ledger_posting_open': POSTING,
    'ledger_posting_stays': POSTING,
    'ledger_entry_balances': ENTRY,
    'ledger_entry_stays': ENTRY,
}


def guards(apps, schema_editor):
    """Make the triggers."""
    script = SQLITE if schema_editor.connection.vendor == 'sqlite' else POSTGRESQL
    with schema_editor.connection.cursor() as cursor:
        for statement in script.split('---'):
            cursor.execute(statement)


def no_guards(apps, schema_editor):
    """Take them away."""
    on_sqlite = schema_editor.connection.vendor == 'sqlite'
    with schema_editor.connection.cursor() as cursor:
        for name, table in TRIGGERS.items():
            place = '' if on_sqlite else f' ON {table}'
            cursor.execute(f'DROP TRIGGER IF EXISTS {name}{place}')


class Migration(migrations.Migration):

    dependencies = [('treasury', '0001_initial')]

    operations = [migrations.RunPython(guards, no_guards)]
