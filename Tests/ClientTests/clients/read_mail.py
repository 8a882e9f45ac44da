# SPDX-License-Identifier: Apache-2.0
"""Reads a message as a mail program does: its subject on a line of its own, then its text."""
import email
import email.policy
import sys

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
part = message.get_body(("plain",)) or message
text = part.get_content()
if part.get_param("format") == "flowed":
    # RFC 3676: a line that ends with a blank goes on in the next, and one blank in front is stuffing.
    lines = [line[1:] if line.startswith(" ") else line for line in text.split("\n")]
    text = "\n".join(lines)
sys.stdout.buffer.write((message["Subject"] + "\n" + text.replace("\r\n", "\n")).encode())
