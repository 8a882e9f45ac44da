#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a Posthouse spool as docs/spool.md describes it, and prints one JSON object per message.

    spool_reader.py DIRECTORY

A second opinion for the tests: it shares no code with the daemon and was written from that page alone. Damage is told on standard
error; the exit status is 1 then, and 2 when the spool is another program's."""
import json
import os
import struct
import sys

TABLE = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    TABLE.append(number)


LANE = 256
PARTS = [bytes(entry >> shift & 255 for entry in TABLE) for shift in (0, 8, 16, 24)]


def behind_zeros(crc):
    for _ in range(LANE):
        crc = TABLE[crc & 255] ^ crc >> 8
    return crc


def shifts():
    """What a lane of zeros makes of each byte of a checksum; a checksum is linear, so that single bits suffice."""
    bits = [behind_zeros(1 << bit) for bit in range(32)]
    tables = []
    for place in range(4):
        table = [0] * 256
        for value in range(1, 256):
            low = value & -value
            table[value] = table[value ^ low] ^ bits[place * 8 + low.bit_length() - 1]
        tables.append(table)
    return tables


SHIFTS = shifts()


def crc32c(data):
    """Long data is cut into lanes whose checksums are computed side by side, a byte of each at a time, and then put together."""
    crc, lanes = 0xFFFFFFFF, len(data) // LANE
    if lanes > 15:
        state = [0] * 4
        for place in range(LANE):
            index = (state[0] ^ int.from_bytes(data[place:lanes * LANE:LANE], "little")).to_bytes(lanes, "little")
            moved = [int.from_bytes(index.translate(part), "little") for part in PARTS]
            state = [moved[0] ^ state[1], moved[1] ^ state[2], moved[2] ^ state[3], moved[3]]
        low, second, third, high = (part.to_bytes(lanes, "little") for part in state)
        for lane in range(lanes):
            crc = (SHIFTS[0][crc & 255] ^ SHIFTS[1][crc >> 8 & 255] ^ SHIFTS[2][crc >> 16 & 255] ^ SHIFTS[3][crc >> 24]
                   ^ (low[lane] | second[lane] << 8 | third[lane] << 16 | high[lane] << 24))
        data = data[lanes * LANE:]
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def name_of(number):
    text = ""
    while number:
        text = DIGITS[number & 31] + text
        number >>= 5
    return text or "0"


class Unreadable(Exception):
    pass


class Segment:
    """One segment file with its valid header."""

    def __init__(self, path, data):
        self.path, self.data, self.valid = path, data, False
        self.end = None
        foreign = None
        for offset in (0, 4096):
            copy = data[offset:offset + 64]
            if copy[:8] != b"PosthSeg":
                continue
            version, = struct.unpack_from("<H", copy, 8)
            if version != 1:
                foreign = version
            elif crc32c(copy[:60]) == struct.unpack_from("<I", copy, 60)[0]:
                fields = struct.unpack_from("<IQIIQQQ", copy, 12)
                if not self.valid or fields[0] > self.sequence:
                    (self.sequence, self.salt, self.previous, self.oldest,
                     self.previous_end, self.size, self.highest) = fields
                    self.valid = True
        if foreign and not self.valid:
            print(f"{path}: format {foreign}", file=sys.stderr)
            sys.exit(2)

    def header(self, offset):
        """The record header at an offset: kind, batch start, meta's length and checksum, body's length and checksum."""
        data = self.data[offset:offset + 32]
        if len(data) < 32 or data[:2] != b"PR":
            return None
        place = struct.pack("<QQQ", self.sequence, self.salt, offset)
        if crc32c(place + data[:28]) != struct.unpack_from("<I", data, 28)[0]:
            return None
        _, kind, _, batch, meta, meta_sum, body, body_sum = struct.unpack_from("<HBBIIIII", data)
        return kind, batch * 8, meta, meta_sum, body, body_sum

    def records(self, complain):
        """Every whole record: kind, offset, meta, body."""
        limit = len(self.data) if self.end is None else self.end
        offset = 8192
        while offset < limit:
            header = self.header(offset)
            if header and header[0] == 4:
                return
            if header:
                kind, _, meta_length, meta_sum, body_length, body_sum = header
                start = offset + 32
                meta = self.data[start:start + meta_length]
                body = self.data[start + meta_length:start + meta_length + body_length]
                length = 32 + meta_length + body_length + 7 & ~7
                if offset + length <= limit and crc32c(meta) == meta_sum and crc32c(body) == body_sum:
                    yield kind, offset, meta, body
                    offset += length
                    continue
            if self.end is None and not self.synced_behind(offset):
                return
            following = offset + length if header else self.next_header(offset + 8, limit)
            complain(f"{self.path}: bytes {offset} to {following} are damaged")
            offset = following

    def next_header(self, offset, limit):
        while offset < limit and not self.header(offset):
            offset += 8
        return offset

    def synced_behind(self, place):
        for offset in range(place + 8, len(self.data) - 31, 8):
            if self.data[offset:offset + 2] == b"PR":
                header = self.header(offset)
                if header and header[1] > place:
                    return True
        return False


def chain(segments):
    """The segments of the journal, oldest first."""
    rest = sorted((s for s in segments if s.valid), key=lambda s: s.sequence)
    if not rest:
        return []
    found = [rest.pop()]
    while rest and found[-1].previous >= max(1, found[-1].oldest):
        candidate = rest.pop()
        if candidate.sequence > found[-1].previous:
            continue
        if candidate.sequence == found[-1].previous:
            candidate.end = found[-1].previous_end
        found.append(candidate)
    return found[::-1]


def fields(data, offset=0):
    while offset < len(data):
        if len(data) - offset < 4:
            raise Unreadable("a field is cut off")
        tag, length = data[offset], int.from_bytes(data[offset + 1:offset + 4], "little")
        content = data[offset + 4:offset + 4 + length]
        if len(content) < length:
            raise Unreadable("a field is too long")
        yield tag, content
        offset += 4 + length


def outcome(data):
    verdict, length, code = struct.unpack_from("<BBH", data)
    return {"verdict": {1: "delivered", 2: "deferred", 3: "failed"}[verdict], "code": code,
            "status": data[4:4 + length].decode(), "text": data[4 + length:].decode()}


STATES = {1: "queued", 2: "held", 3: "failed"}


def accepted(meta, body):
    number, time, due, size, state, flags, attempts, count, _, body_sum, _ = struct.unpack_from("<QqqQBBHHHII", meta)
    message = {"id": name_of(number), "accepted": time, "due": due, "size": size, "state": STATES[state],
               "attempts": attempts, "sender": None, "recipients": [],
               "body": body_sum if flags & 2 else crc32c(body), "inFile": bool(flags & 2)}
    names = {6: "envelopeID", 9: "peer", 10: "greeting", 12: "unit", 128: "userName"}
    for tag, content in fields(meta, 48):
        if tag == 1:
            message["sender"] = content.decode()
        elif tag == 2:
            recipient = {"outcome": None}
            for inner, value in fields(content):
                if inner == 1:
                    recipient["address"] = value.decode()
                elif inner == 2:
                    recipient["notify"] = value[0]
                elif inner == 3:
                    recipient["original"] = value.decode()
                elif inner == 4:
                    recipient["outcome"] = outcome(value)
                elif inner < 128:
                    raise Unreadable(f"unknown field {inner}")
            message["recipients"].append(recipient)
        elif tag == 3:
            message["coding"] = content[0]
        elif tag == 4:
            message["internationalized"] = True
        elif tag == 5:
            message["reportContent"] = content[0]
        elif tag == 7:
            message["requiresTLS"] = True
        elif tag == 8:
            message["holdUntil"], = struct.unpack("<q", content)
        elif tag == 11:
            message["user"], = struct.unpack("<I", content)
        elif tag == 129:
            message["bulk"] = True
        elif tag in names:
            message[names[tag]] = content.decode()
        elif tag < 128:
            raise Unreadable(f"unknown field {tag}")
    if len(message["recipients"]) != count:
        raise Unreadable("the recipients are not as many as it says")
    return message


def check_body(directory, message):
    """Whether the file of a large body is what its message says."""
    with open(os.path.join(directory, "bodies", message["id"]), "rb") as file:
        body = file.read()
    if len(body) != message["size"] or crc32c(body) != message["body"]:
        raise Unreadable("it is damaged")


def settle(message, meta):
    _, _, due, _, _, state, flags, attempts, _, _ = struct.unpack_from("<QqqIIBBHHH", meta)
    message.update(due=due, attempts=attempts, state=STATES[state])
    for recipient in message["recipients"]:
        if flags & 1 and recipient["outcome"] and recipient["outcome"]["verdict"] == "failed":
            recipient["outcome"]["verdict"] = "deferred"
    for tag, content in fields(meta, 40):
        if tag == 1:
            message["recipients"][struct.unpack_from("<H", content)[0]]["outcome"] = outcome(content[2:])


def read(directory):
    problems = []
    segments = []
    journal = os.path.join(directory, "journal")
    for name in sorted(os.listdir(journal)):
        if name.endswith(".seg"):
            with open(os.path.join(journal, name), "rb") as file:
                segments.append(Segment(name, file.read()))
    queue, oldest = {}, 0
    for segment in chain(segments):
        oldest = max(oldest, segment.oldest)
        for kind, offset, meta, body in segment.records(problems.append):
            number, = struct.unpack_from("<Q", meta)
            try:
                if kind == 1:
                    queue[number] = segment.sequence, accepted(meta, body)
                elif kind == 2 and number in queue:
                    if meta[32] == 0:
                        del queue[number]
                    else:
                        settle(queue[number][1], meta)
                elif kind == 3:
                    oldest = max(oldest, number)
            except Unreadable as error:
                queue.pop(number, None)
                problems.append(f"{segment.path}: the record at {offset}: {error}")
    messages = [message for _, (sequence, message) in sorted(queue.items()) if sequence >= oldest]
    for message in messages:
        if message["inFile"]:
            try:
                check_body(directory, message)
            except (Unreadable, OSError) as error:
                problems.append(f"the body of {message['id']}: {error}")
    return messages, problems


if __name__ == "__main__":
    messages, problems = read(sys.argv[1])
    for message in messages:
        print(json.dumps(message, sort_keys=True))
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)
