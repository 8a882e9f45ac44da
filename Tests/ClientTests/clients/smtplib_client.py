# SPDX-License-Identifier: Apache-2.0
"""Python's smtplib: HOST PORT TEXT; the subject is in SUBJECT."""
import os
import smtplib
import sys
from email.message import EmailMessage

host, port, path = sys.argv[1:]
message = EmailMessage()
message["From"] = "Bounces <bounces@app.example>"
message["To"] = "one@dest.example, two@dest.example"
message["Subject"] = os.environ["SUBJECT"]
with open(path, encoding="utf-8") as file:
    message.set_content(file.read())
with smtplib.SMTP(host, int(port), timeout=30) as client:
    refused = client.send_message(message)
assert refused == {}, refused
