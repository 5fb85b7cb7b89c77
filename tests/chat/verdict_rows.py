"""What platforms answer with, as published, and what each answer means."""

from liqbot.alerts.verdict import Verdict

AGAIN, WAIT, DEGRADE, GONE = Verdict
STATUSES = (400, 401, 403, 404, 405, 409, 413, 418, 420, 429, 500, 502, 503, 504, 520, 524)
"""Those that Discord and Telegram, and what stands before them, answer with."""
DISCORD = {
    GONE: (10003, 10004, 10013),
    WAIT: (
        *(20024, 40002, 40007, 40058, 40067, 50001, 50007, 50008, 50009, 50013, 50024, 50083, 50095, 50278),
        *(160005, 160006),
    ),
    AGAIN: (
        *(20016, 20022, 20028, 20029, 40001, 40003, 40004, 40006, 40062, 40333, 50014, 110000, 110001),
        130000,
    ),
    DEGRADE: (
        # What a message may be refused for: its form, its size, its words, its parts.
        *(20009, 30007, 30013, 30015, 40005, 40041, 40043, 40060, 40061, 40094),
        *(50002, 50005, 50006, 50016, 50021, 50027, 50028, 50033, 50034, 50035, 50041, 50045, 50046),
        *(50054, 50055, 50057, 50068, 50069, 50070, 50080, 50081, 50101, 50106, 50109, 50123, 50124),
        *(50144, 50146, 50159, 50160, 50161, 50162, 50163, 50178, 50600, 60003, 90001),
        *(160002, 160004, 160007, 160014, 170001, 170002, 170003, 170004, 170005, 170006, 170007),
        *(50110, 50173, 400001),
        *(200000, 200001, 220001, 220002, 220003, 220004, 240000, 520000, 520001, 520006),
    ),
}
"""Discord's published codes that a message can be refused with, each with an HTTP status of 400."""
ELSEWHERE = (
    *(10001, 10002, 10005, 10006, 10007, 10008, 10009, 10010, 10011, 10012, 10014, 10015, 10016, 10020),
    *(10021, 10026, 10027, 10028, 10029, 10030, 10031, 10032, 10033, 10036, 10038, 10049, 10050, 10057),
    *(10059, 10060, 10061, 10062, 10063, 10065, 10066, 10067, 10068, 10069, 10070, 10071, 10087, 10097),
    *(10124, 10129, 20001, 20002, 20012, 20015, 20017, 20018, 20031, 20035, 30001, 30002, 30003, 30004),
    *(30005, 30008, 30010, 30011, 30016, 30018, 30019, 30030, 30031, 30032, 30033, 30034, 30035, 30037),
    *(30038, 30039, 30040, 30042, 30045, 30046, 30047, 30048, 30052, 30056, 30058, 30060, 30061, 40009),
    *(40012, 40018, 40019, 40032, 40033, 40066, 40074, 50003, 50004, 50010, 50011, 50012, 50015, 50017),
    *(50019, 50020, 50025, 50026, 50036, 50039, 50067, 50073, 50074, 50084, 50085, 50086, 50091, 50097),
    *(50131, 50132, 50138, 50145, 50151, 50167, 50192, 80004, 90002, 150006, 160009, 160010, 180000),
    *(180002, 340015, 350000, 350001, 500000, 520002, 520003, 520004, 530000, 530001, 530002, 530003),
    *(530004, 530006, 530007),
)
"""Discord's other published codes, of routes that bring no message: no chat ends by them."""
TELEGRAM = {
    (400, "Bad Request: chat not found"): WAIT,
    (400, "Bad Request: user not found"): WAIT,
    (400, "Bad Request: PEER_ID_INVALID"): WAIT,
    (400, "Bad Request: message thread not found"): WAIT,
    (400, "Bad Request: TOPIC_DELETED"): GONE,
    (400, "Bad Request: group chat was deleted"): GONE,
    (403, "Forbidden: user is deactivated"): WAIT,
    (403, "Forbidden: the group chat was deleted"): GONE,
    (400, "Bad Request: TOPIC_CLOSED"): WAIT,
    (400, "Bad Request: TOPIC_ID_INVALID"): WAIT,
    (400, "Bad Request: USER_BANNED_IN_CHANNEL"): WAIT,
    (400, "Bad Request: PEER_FLOOD"): WAIT,
    (400, "Bad Request: CHAT_FORBIDDEN"): WAIT,
    (400, "Bad Request: have no write access to the chat"): WAIT,
    (400, "Bad Request: not enough rights to send text messages to the chat"): WAIT,
    (400, "Bad Request: have no rights to send a message"): WAIT,
    (400, "Bad Request: need administrator rights in the channel chat"): WAIT,
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN"): WAIT,
    (400, "Bad Request: CHAT_RESTRICTED"): WAIT,
    (400, "Bad Request: CHAT_ADMIN_REQUIRED"): WAIT,
    (400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"): WAIT,
    (400, "Bad Request: CHANNEL_PRIVATE"): WAIT,
    (400, "Bad Request: group chat was upgraded to a supergroup chat"): WAIT,
    (403, "Forbidden: bot was blocked by the user"): WAIT,
    (403, "Forbidden: bot was kicked from the supergroup chat"): WAIT,
    (403, "Forbidden: bot was kicked from the channel chat"): WAIT,
    (403, "Forbidden: bot is not a member of the channel chat"): WAIT,
    (403, "Forbidden: bot can't initiate conversation with a user"): WAIT,
    (403, "Forbidden: something that nobody has heard of"): WAIT,
    (400, "Bad Request: not enough rights to send photos to the chat"): DEGRADE,
    (400, "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"): DEGRADE,
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS"): DEGRADE,
    (400, "Bad Request: IMAGE_PROCESS_FAILED"): DEGRADE,
    (400, "Bad Request: wrong file identifier/HTTP URL specified"): DEGRADE,
    (400, "Bad Request: file reference expired"): DEGRADE,
    (400, "Bad Request: message is too long"): DEGRADE,
    (400, "Bad Request: can't parse entities: unexpected end"): DEGRADE,
    (400, "Bad Request: BUTTON_DATA_INVALID"): DEGRADE,
    (400, "Bad Request: something that nobody has heard of"): DEGRADE,
    (413, "Request Entity Too Large"): DEGRADE,
    (401, "Unauthorized"): AGAIN,
    (404, "Not Found"): AGAIN,
    (409, "Conflict: terminated by other getUpdates request"): AGAIN,
    (420, "FLOOD_WAIT_7"): AGAIN,
    (429, "Too Many Requests: retry after 7"): AGAIN,
    (500, "Internal Server Error"): AGAIN,
    (502, "Bad Gateway"): AGAIN,
}
ROWS = [("discord", status, "", AGAIN) for status in STATUSES]
ROWS += [("discord", 400, code, verdict) for verdict, codes in DISCORD.items() for code in codes]
ROWS += [("discord", 400, code, DEGRADE) for code in ELSEWHERE]
ROWS += [("telegram", status, "", AGAIN) for status in STATUSES]
ROWS += [("telegram", code, text, verdict) for (code, text), verdict in TELEGRAM.items()]
