# SPDX-License-Identifier: Apache-2.0
"""Django's e-mail backend: HOST PORT TEXT; the subject is in SUBJECT."""
import os
import sys

from django.conf import settings
from django.core.mail import EmailMessage

host, port, path = sys.argv[1:]
settings.configure(EMAIL_HOST=host, EMAIL_PORT=int(port), EMAIL_TIMEOUT=30, DEFAULT_CHARSET="utf-8")
with open(path, encoding="utf-8") as file:
    text = file.read()
message = EmailMessage(
    os.environ["SUBJECT"], text, "bounces@app.example", ["one@dest.example"], bcc=["two@dest.example"])
assert message.send() == 1
