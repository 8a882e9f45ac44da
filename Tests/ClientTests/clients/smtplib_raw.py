# SPDX-License-Identifier: Apache-2.0
"""Python's smtplib with the bytes of a whole message: HOST PORT MESSAGE."""
import smtplib
import sys

host, port, path = sys.argv[1:]
with open(path, "rb") as file:
    content = file.read()
with smtplib.SMTP(host, int(port), timeout=30) as client:
    client.sendmail("bounces@app.example", ["one@dest.example", "two@dest.example"], content, mail_options=["BODY=8BITMIME"])
