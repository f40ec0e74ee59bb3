"""Call lists: whom to call next, and who is calling whom (CALL-5)."""
