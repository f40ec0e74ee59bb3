"""Offline clients: the delta feed, and what they wrote meanwhile (SYNC-2)."""
