# SPDX-License-Identifier: Apache-2.0
"""Reads a delivery report with Python's own mail parser, and prints what it finds as one JSON object.

Everything that the parser calls a defect ends it with a complaint.
"""
import email
import email.policy
import json
import sys


def fields(part):
    """The header fields of a part in their order, as pairs of name and value."""
    return [[name, str(value)] for name, value in part.items()]


def main():
    with open(sys.argv[1], "rb") as file:
        raw = file.read()
    if b"\n" in raw.replace(b"\r\n", b""):
        sys.exit("a line does not end with CRLF")
    if raw.isascii():
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    else:
        # The parser of bytes knows nothing of RFC 6532; what is UTF-8 it takes as text.
        message = email.message_from_string(raw.decode("utf-8"), policy=email.policy.SMTPUTF8)
    for part in message.walk():
        if part.defects:
            sys.exit(f"{part.get_content_type()}: {part.defects}")
        for name, value in part.items():
            # It reads addresses beyond ASCII, but wishes that there were none.
            defects = [d for d in getattr(value, "defects", ()) if type(d).__name__ != "NonASCIILocalPartDefect"]
            if defects:
                sys.exit(f"{name}: {defects}")
    parts = message.get_payload()
    if len(parts) != 3:
        sys.exit(f"{len(parts)} parts")
    words, status, returned = parts
    original = returned.get_payload()
    if isinstance(original, list):
        original = "".join(part.as_string(policy=message.policy) for part in original)
    else:
        original = returned.get_payload(decode=True).decode("utf-8", "replace")
    print(json.dumps({
        "type": message.get_content_type(),
        "reportType": message.get_param("report-type"),
        "header": fields(message),
        "types": [part.get_content_type() for part in parts],
        "words": words.get_content(),
        "groups": [fields(group) for group in status.get_payload()],
        "original": original,
    }))


main()
