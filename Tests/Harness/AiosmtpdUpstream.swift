// SPDX-License-Identifier: Apache-2.0

/// A private aiosmtpd (Debian package `python3-aiosmtpd`): PLAIN and LOGIN, SMTPUTF8; neither PIPELINING nor CHUNKING nor DSN.
package final class AiosmtpdUpstream: UpstreamServer {
  package let place: UpstreamPlace
  private let process: ChildProcess

  /// Unpacks it if need be, starts it, and waits until it listens.
  package init(_ rig: Rig) throws {
    let packages = try ServerRoot.unpacked("aiosmtpd", rig)
    place = try UpstreamPlace(rig, inbox: rig.directory["aiosmtpd.inbox"])
    for folder in ["", "/new", "/tmp"] { try rig.directory.makeDirectory("aiosmtpd.inbox" + folder) }
    let program = try rig.write(AiosmtpdUpstream.program, to: "server.py")
    let process = try rig.start(
      "python3",
      [
        "-u", program, "\(place.port)", "\(place.tlsPort)", place.identity.certificatePath, place.identity.keyPath, place.inbox.path,
        MailAccount.app.user, MailAccount.app.password,
      ], name: "aiosmtpd", environment: ["PYTHONPATH": packages + "/usr/lib/python3/dist-packages", "PYTHONWARNINGS": "ignore"])
    self.process = process
    try waitUntilListening(process)
  }

  package var transcript: String { process.output }

  private static let program = #"""
    import asyncio, itertools, os, ssl, sys
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    port, tls_port, certificate, key, inbox, user, password = sys.argv[1:]
    numbers = itertools.count()

    class Keeper:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address == "refused@example.org":
                return "550 5.1.1 no such user here"
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 fine"

        async def handle_DATA(self, server, session, envelope):
            name = f"{next(numbers)}.{os.getpid()}"
            with open(f"{inbox}/tmp/{name}", "wb") as file:
                file.write(envelope.content)
            os.rename(f"{inbox}/tmp/{name}", f"{inbox}/new/{name}")
            return "250 2.0.0 taken"

    class Server(SMTP):
        async def push(self, status):
            print(">>>", status)
            await super().push(status)


    def told(method, verb):
        async def tell(self, argument):
            print("<<<", verb, argument if verb != "AUTH" else argument.split(" ")[0])
            await method(self, argument)
        return tell

    for verb in ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "STARTTLS"]:
        setattr(Server, "smtp_" + verb, told(getattr(SMTP, "smtp_" + verb), verb))

    def authenticate(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    common = dict(enable_SMTPUTF8=True, authenticator=authenticate, auth_required=True, hostname="upstream.test",
                  data_size_limit=104857600)

    async def main():
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: Server(Keeper(), tls_context=context, require_starttls=True, loop=loop, **common),
                                 "127.0.0.1", int(port))
        await loop.create_server(lambda: Server(Keeper(), auth_require_tls=False, loop=loop, **common),
                                 "127.0.0.1", int(tls_port), ssl=context)
        await asyncio.Event().wait()

    asyncio.run(main())
    """#
}
