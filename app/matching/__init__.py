"""The duplicate matcher: pure functions, and one index in the database.

    party = normalise(PartyValues(name="Müller Maschinenbau GmbH & Co. KG"))
    keys = blocking_keys(party)      # find candidates by these, lock on these
    match = score(party, Party.load(stored))

The floor above (leads, locks, contacts, …) hands in values and gets a verdict with reasons; nothing here knows a feature.
"""

from app.matching.keys import blocking_keys
from app.matching.normalise import normalise
from app.matching.record import Party, PartyValues
from app.matching.verdict import Match, Reason, Verdict, explain, score

__all__ = ["Match", "Party", "PartyValues", "Reason", "Verdict", "blocking_keys", "explain", "normalise", "score"]
