// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Resolver
import SMTP
import Secrets
import Settings
import TLS
import Timekeeping

/// Opens conversations with the upstream: address, connection, greeting, TLS, login, in this order and no further than the settings allow.
///
/// The password is fetched for every connection, so that a corrected secret needs no reload. Nothing learned before TLS is remembered
/// behind it.
@Loop struct UpstreamConnector {
  let loop: EventLoop
  let means: DeliveryMeans
  let memory: LinkMemory
  let settings: UpstreamSettings
  let name: ClientName
  let lifeline: Lifeline

  /// A conversation that is ready for mail.
  func open() async throws(Setback) -> UpstreamSession {
    await noteFiles()
    let credentials = try await Credentials(loop: loop, means: means, settings: settings).fetch()
    let approach = Approach(loop: loop, means: means, memory: memory, settings: settings, lifeline: lifeline)
    var dialogue = UpstreamDialogue(try await approach.connect(), loop, rules: JudgementRule.all(settings.replyRules))
    do throws(Setback) {
      let (capabilities, security) = try await introduce(&dialogue)
      if let credentials { try await authenticate(&dialogue, credentials, capabilities, security) }
      return UpstreamSession(dialogue, settings, capabilities, security)
    } catch {
      // Another address of the same name may do better.
      if error.isOutage { memory.addresses.doubt(dialogue.wire.stream.peer, at: loop.moment) }
      dialogue.wire.stream.close()
      throw error
    }
  }

  private func noteFiles() async {
    let paths = settings.filePaths
    let files = paths.isEmpty ? FileSignature(of: []) : await means.workers.perform(loop) { FileSignature(of: paths) }
    memory.began(with: files)
  }

  /// Greeting, EHLO, and TLS as the settings say; what the upstream can do in the end.
  private func introduce(_ dialogue: inout UpstreamDialogue) async throws(Setback) -> (UpstreamCapabilities, UpstreamSecurity) {
    var security = UpstreamSecurity(channel: settings.isLocal ? .loopback : .plaintext, peer: nil)
    let encryption = Encryption(loop: loop, memory: memory, settings: settings)
    if settings.tls == .implicit {
      // A proxy may have brought the upstream's first words along.
      guard dialogue.wire.input.isEmpty else { throw Setback(.tls, .peerSpeaksPlaintext) }
      security = try await encryption.begin(&dialogue)
    }
    _ = try await dialogue.agreement(at: .greeting, within: settings.patience(at: .greeting))
    var capabilities = try await hello(&dialogue)
    switch settings.tls {
    case .implicit:
      encryption.keepTicket(of: dialogue, security)
      return (capabilities, security)
    case .none: return (capabilities, security)
    case .starttls:
      guard capabilities.offers(.startTLS) else { throw Setback(.startTLS, .startTLSNotOffered) }
    case .opportunistic:
      guard capabilities.offers(.startTLS) else { return (capabilities, security) }
    }
    UpstreamCommand.startTLS.append(to: &dialogue.wire.output)
    _ = try await dialogue.agreement(at: .startTLS, within: settings.patience(at: .startTLS))
    security = try await encryption.begin(&dialogue)
    capabilities = try await hello(&dialogue)
    encryption.keepTicket(of: dialogue, security)
    return (capabilities, security)
  }

  private func hello(_ dialogue: inout UpstreamDialogue) async throws(Setback) -> UpstreamCapabilities {
    UpstreamCommand.ehlo(name).append(to: &dialogue.wire.output)
    let reply = try await dialogue.reply(at: .hello, within: settings.patience(at: .hello))
    if Judgement.of(reply, at: .hello) == .proceed { return UpstreamCapabilities(reply) }
    guard [500, 502, 504].contains(reply.code) else { throw dialogue.setback(.hello, reply) }
    UpstreamCommand.helo(name).append(to: &dialogue.wire.output)
    _ = try await dialogue.agreement(at: .hello, within: settings.patience(at: .hello))
    return UpstreamCapabilities()
  }

  private func authenticate(
    _ dialogue: inout UpstreamDialogue, _ credentials: UpstreamCredentials, _ capabilities: UpstreamCapabilities,
    _ security: UpstreamSecurity
  ) async throws(Setback) {
    var exchange: SASLExchange
    do throws(SASLRefusal) {
      var login = UpstreamLogin(
        credentials, on: security.channel, host: settings.host.map(\.description) ?? "", port: settings.port)
      login.binding = security.binding
      login.order = mechanisms
      var random = means.generator
      exchange = try login.begin(offered: capabilities.mechanisms, nonce: SASLNonce(using: &random))
    } catch {
      throw Setback(.authentication, .authenticationImpossible(error))
    }
    exchange.start(into: &dialogue.wire.output)
    while true {
      let reply: UpstreamReply
      do throws(Setback) {
        reply = try await dialogue.agreement(at: .authentication, within: settings.patience(at: .authentication))
      } catch {
        throw error.explained(by: exchange)
      }
      let step: SASLExchange.Step
      do throws(SASLFault) {
        step = try exchange.take(reply, into: &dialogue.wire.output)
      } catch {
        try await dialogue.flush(at: .authentication, within: settings.patience(at: .authentication))
        throw Setback(.authentication, .authenticationBroken(error))
      }
      switch step {
      case .answered: continue
      case .keyNeeded(let derivation):
        let key = await means.workers.perform(loop) { derivation.key() }
        exchange.resume(with: key, into: &dialogue.wire.output)
      case .done: return
      }
    }
  }

  /// The ways to log in, the preferred first. MD5 is not among what FIPS 140 allows.
  private var mechanisms: [SASLMechanism] {
    settings.mechanisms.filter { !FIPSModule.isRequired || $0 != .cramMD5 }
  }
}
