// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import SMTP
import Secrets
import Settings

/// Fetches what we prove ourselves with to an upstream: password, token, or the right to use our key.
///
/// Everything is read for every connection, on a worker, so that a corrected secret needs no reload.
@Loop struct Credentials {
  let loop: EventLoop
  let means: DeliveryMeans
  let settings: UpstreamSettings

  /// What logs in; nil where nobody does. A key that others could have read or changed is a setback too.
  func fetch() async throws(Setback) -> UpstreamCredentials? {
    try await inspectKey()
    if settings.logsInByCertificate {
      guard let credentials = UpstreamCredentials(certificateActingAs: settings.user ?? "") else { throw unfit("name") }
      return credentials
    }
    guard let user = settings.user, let source = settings.tokenSource ?? settings.passwordSource else { return nil }
    let isToken = settings.tokenSource != nil
    let secret = try await read(source, .authentication)
    let credentials = isToken ? UpstreamCredentials(user: user, token: secret) : UpstreamCredentials(user: user, password: secret)
    guard let credentials else { throw unfit(isToken ? "token" : "password") }
    return credentials
  }

  /// What logs in at the proxy; nil where it has no password.
  func proxyPassword() async throws(Setback) -> Secret? {
    guard let file = settings.connection.proxyPasswordFile else { return settings.connection.proxy?.password }
    return try await read(.file(path: file.path), .connect)
  }

  private func inspectKey() async throws(Setback) {
    guard let key = settings.connection.key, settings.tls != .none else { return }
    let failure = await means.workers.perform(loop) { [secrets = means.secrets] () -> SecretFailure? in
      do throws(SecretFailure) {
        try secrets.inspect(key: key.path)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw Setback(.tls, .credentialsUnavailable("\(failure)")) }
  }

  private func read(_ source: UpstreamSettings.PasswordSource, _ stage: UpstreamStage) async throws(Setback) -> Secret {
    let answer = await means.workers.perform(loop) { [secrets = means.secrets] () -> Result<Secret, SecretFailure> in
      do throws(SecretFailure) {
        return .success(try secrets.read(source))
      } catch {
        return .failure(error)
      }
    }
    switch answer {
    case .success(let secret): return secret
    case .failure(let failure): throw Setback(stage, .credentialsUnavailable("\(failure)"))
    }
  }

  private func unfit(_ kind: String) -> Setback {
    let why = "the \(kind) of \"\(settings.user ?? "")\" is empty, too long, or has what none may have in it"
    return Setback(.authentication, .credentialsUnavailable(why))
  }
}
