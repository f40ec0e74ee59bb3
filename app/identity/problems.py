"""What can go wrong with people, sessions and passwords."""

from app.core.problems import Problem


class SignInFailed(Problem):
    """The same for an unknown name, a wrong password and a deactivated user."""

    status = 401
    code = "sign_in_failed"
    title = {"de": "Anmeldung fehlgeschlagen", "en": "Sign-in failed"}
    detail = {
        "de": "Anmeldename und Passwort passen nicht zusammen, oder der Zugang ist gesperrt.",
        "en": "Login and password do not match, or the account is closed.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class RefreshTokenInvalid(Problem):
    status = 401
    code = "refresh_token_invalid"
    title = {"de": "Sitzung beendet", "en": "Session ended"}
    detail = {
        "de": "Das Erneuerungstoken ist unbekannt, abgelaufen oder widerrufen. Bitte neu anmelden.",
        "en": "The refresh token is unknown, expired or revoked. Sign in again.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class RefreshTokenReused(Problem):
    """A token that was replaced long ago came back: it may have been stolen, so the whole session has ended."""

    status = 401
    code = "refresh_token_reused"
    title = {"de": "Sitzung zur Sicherheit beendet", "en": "Session ended for safety"}
    detail = {
        "de": "Ein schon ersetztes Erneuerungstoken wurde noch einmal verwendet. Die Sitzung wurde beendet. "
        "Bitte neu anmelden.",
        "en": "A refresh token that had been replaced was used again. The session was ended. Sign in again.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class ResetTokenInvalid(Problem):
    status = 422
    code = "reset_token_invalid"
    title = {"de": "Link ungültig", "en": "Link not valid"}
    detail = {
        "de": "Dieser Link ist unbekannt, abgelaufen oder schon verwendet. Fordern Sie bitte einen neuen an.",
        "en": "This link is unknown, expired or has been used. Ask for a new one.",
    }


class LoginTaken(Problem):
    """`errors` names the field: the user name, the e-mail address, or both."""

    status = 409
    code = "login_taken"
    title = {"de": "Schon vergeben", "en": "Already taken"}
    detail = {
        "de": "Ein anderer Benutzer hat diesen Anmeldenamen oder diese E-Mail-Adresse schon.",
        "en": "Another user has this user name or e-mail address already.",
    }


class LastAdministrator(Problem):
    status = 409
    code = "last_administrator"
    title = {"de": "Letzter Administrator", "en": "Last administrator"}
    detail = {
        "de": "Danach könnte niemand mehr Benutzer verwalten. Ernennen Sie zuerst jemand anderen.",
        "en": "Nobody could manage users any more. Appoint somebody else first.",
    }


class RoleBuiltIn(Problem):
    status = 409
    code = "role_built_in"
    title = {"de": "Eingebaute Rolle", "en": "Built-in role"}
    detail = {"de": "Eingebaute Rollen können nicht gelöscht werden.", "en": "Built-in roles cannot be deleted."}


class RoleInUse(Problem):
    status = 409
    code = "role_in_use"
    title = {"de": "Rolle in Gebrauch", "en": "Role in use"}
    detail = {
        "de": "Diese Rolle ist noch vergeben. Nehmen Sie sie zuerst allen Benutzern.",
        "en": "This role is still assigned. Take it from all users first.",
    }


class PrivateTeam(Problem):
    status = 409
    code = "private_team"
    title = {"de": "Privates Team", "en": "Private team"}
    detail = {
        "de": "Ein privates Team gehört genau einer Person und lässt sich nicht ändern.",
        "en": "A private team belongs to exactly one person and cannot be changed.",
    }
