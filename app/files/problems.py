"""What can go wrong with files."""

from app.core.problems import Problem


class UploadInterrupted(Problem):
    """The body stopped coming before its end."""

    status = 408
    code = "upload_interrupted"
    title = {"de": "Hochladen abgebrochen", "en": "Upload interrupted"}
    detail = {
        "de": "Die Datei kam nicht vollständig an; gespeichert wurde nichts. Bitte noch einmal senden.",
        "en": "The file did not arrive as a whole; nothing was kept. Please send it again.",
    }


class TooManyAttachments(Problem):
    status = 409
    code = "too_many_attachments"
    title = {"de": "Zu viele Anhänge", "en": "Too many attachments"}
    detail = {
        "de": "An einem Datensatz können höchstens {limit} Dateien hängen.",
        "en": "A record takes at most {limit} files.",
    }


class ContentLost(Problem):
    """The attachment is there, its content is not: somebody has removed it from the store by hand."""

    status = 410
    code = "content_lost"
    title = {"de": "Inhalt nicht mehr vorhanden", "en": "Content is gone"}
    detail = {
        "de": "Die Datei liegt nicht mehr im Dateispeicher. Bitte wenden Sie sich an die Administration.",
        "en": "The file is no longer in the store. Please tell your administrator.",
    }


class RangeNotSatisfiable(Problem):
    status = 416
    code = "range_not_satisfiable"
    title = {"de": "Bereich außerhalb der Datei", "en": "Range not satisfiable"}
    detail = {
        "de": "Die Datei hat {size} Byte; der gewünschte Bereich liegt dahinter.",
        "en": "The file has {size} bytes; the range that was asked for lies behind them.",
    }

    def __init__(self, size: int) -> None:
        super().__init__(headers={"Content-Range": f"bytes */{size}"}, size=size)


class NotAPhoto(Problem):
    """The file is none of the kinds that are taken, whatever its name says."""

    status = 415
    code = "not_a_photo"
    title = {"de": "Kein Foto", "en": "Not a photo"}
    detail = {
        "de": "Erwartet wird ein Bild als JPEG, PNG, WebP oder HEIC; dieser Inhalt ist keines davon.",
        "en": "Expected a picture as JPEG, PNG, WebP or HEIC; this content is none of them.",
    }


class PhotoUnreadable(Problem):
    status = 422
    code = "photo_unreadable"
    title = {"de": "Foto nicht lesbar", "en": "Photo cannot be read"}
    detail = {
        "de": "Das Bild ist beschädigt oder unvollständig.",
        "en": "The picture is damaged or incomplete.",
    }


class PhotoTooManyPixels(Problem):
    status = 422
    code = "photo_too_many_pixels"
    title = {"de": "Foto hat zu viele Bildpunkte", "en": "Photo has too many pixels"}
    detail = {
        "de": "Höchstens {megapixels} Megapixel sind erlaubt.",
        "en": "At most {megapixels} megapixels are allowed.",
    }
