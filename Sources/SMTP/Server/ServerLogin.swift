// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A login that everybody passes, for programs that insist on one (RFC 4954, PLAIN and LOGIN).
///
/// Nothing is checked, decoded or kept: the lines of the exchange are counted, and that is all. It is offered only where the
/// configuration says so.
enum ServerLogin: Hashable {
  /// PLAIN: the one line with everything in it is to come.
  case credentials
  /// LOGIN: the line with the user's name is to come.
  case user
  /// LOGIN: the line with the password is to come.
  case password
}

extension ServerConversation {
  mutating func login(_ scanner: consuming GrammarScanner) -> ServerStep {
    guard extensions.contains(.anyAuth) else { return fail(.noLoginNeeded) }
    guard isGreeted else { return fail(.greetFirst) }
    guard !hasLoggedIn else { return fail(.alreadyLoggedIn) }
    guard transaction == nil else { return fail(.transactionOpen) }
    scanner.takeSpaces()
    let mechanism = scanner.take(while: { $0 != 0x20 })
    scanner.takeSpaces()
    let hasInitialResponse = !scanner.isAtEnd
    if scanner.bytes.extracting(mechanism).equalsIgnoringCase("PLAIN") {
      return hasInitialResponse ? loggedIn() : prompt(.credentials, "")
    }
    guard scanner.bytes.extracting(mechanism).equalsIgnoringCase("LOGIN") else { return fail(.badMechanism) }
    // "Username:" and "Password:" in base 64, the words clients look for.
    return hasInitialResponse ? prompt(.password, "UGFzc3dvcmQ6") : prompt(.user, "VXNlcm5hbWU6")
  }

  mutating func continueLogin(_ login: ServerLogin, _ line: Span<UInt8>, behind: Behind) -> ServerStep {
    phase = .command
    if behind == .bytes { return close(.talkedAhead, .talkedAhead(of: .auth)) }
    guard line.count + 2 <= limits.authLine else { return fail(.lineTooLong) }
    if line.equals("*") { return fail(.loginCancelled) }
    switch login {
    case .credentials, .password: return loggedIn()
    case .user: return prompt(.password, "UGFzc3dvcmQ6")
    }
  }

  private mutating func prompt(_ login: ServerLogin, _ text: String) -> ServerStep {
    phase = .loggingIn(login)
    return .say(.continueLogin(text))
  }

  private mutating func loggedIn() -> ServerStep {
    hasLoggedIn = true
    return .say(.loggedIn)
  }
}
