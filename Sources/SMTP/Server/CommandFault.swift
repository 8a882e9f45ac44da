// SPDX-License-Identifier: Apache-2.0
/// Why a MAIL or RCPT command cannot be taken, with the reply that says so. Nothing the client sent is repeated in it.
enum CommandFault: Error, Hashable {
  /// MAIL without `FROM:`.
  case mailWithoutFrom
  /// RCPT without `TO:`.
  case recipientWithoutTo
  case badSender(AddressFault)
  case badRecipient(AddressFault)
  /// The sender's address is outside ASCII without SMTPUTF8.
  case senderNeedsUTF8
  case recipientNeedsUTF8
  /// What stands behind the address is no list of parameters.
  case malformedParameters
  case unknownParameter
  case repeatedParameter
  /// The parameter belongs to an extension that is not offered.
  case notOffered(Parameter)
  case badValue(Parameter)
  case tooLarge(limit: Int)
  case holdTooLong(seconds: Int64)
  case holdsTwice

  /// The parameters of MAIL and RCPT, with what each may be.
  enum Parameter: String {
    case size = "SIZE=bytes"
    case body = "BODY=7BIT, BODY=8BITMIME or, with CHUNKING, BODY=BINARYMIME"
    case smtpUTF8 = "SMTPUTF8 without a value"
    case ret = "RET=FULL or RET=HDRS"
    case envid = "ENVID=text, coded as xtext, of at most 100 characters"
    case auth = "AUTH=address, coded as xtext, or AUTH=<>"
    case requireTLS = "REQUIRETLS without a value"
    case holdFor = "HOLDFOR=seconds"
    case holdUntil = "HOLDUNTIL=date and time as in RFC 3339"
    case notify = "NOTIFY=NEVER or a list of SUCCESS, FAILURE, DELAY"
    case orcpt = "ORCPT=type;address, coded as xtext, of at most 500 characters"

    var keyword: Substring { rawValue.prefix { $0 != "=" && $0 != " " } }
  }

  /// What the client is told.
  var reply: Reply {
    switch self {
    case .mailWithoutFrom: Reply(501, EnhancedStatus(5, 5, 2), "syntax: MAIL FROM:<user@example.com>")
    case .recipientWithoutTo: Reply(501, EnhancedStatus(5, 5, 2), "syntax: RCPT TO:<user@example.com>")
    case .badSender(let fault): Reply(501, EnhancedStatus(5, 1, 7), "bad sender: \(fault)")
    case .badRecipient(let fault): Reply(501, EnhancedStatus(5, 1, 3), "bad recipient: \(fault)")
    case .senderNeedsUTF8: Reply(553, EnhancedStatus(5, 6, 7), "a sender outside ASCII needs the parameter SMTPUTF8")
    case .recipientNeedsUTF8: Reply(553, EnhancedStatus(5, 6, 7), "a recipient outside ASCII needs the parameter SMTPUTF8 on MAIL")
    case .malformedParameters:
      Reply(501, EnhancedStatus(5, 5, 4), "parameters behind the address have the form KEYWORD=value, a space before each")
    case .unknownParameter: Reply(555, EnhancedStatus(5, 5, 4), "parameter not known; see the answer to EHLO for what is offered")
    case .repeatedParameter: Reply(555, EnhancedStatus(5, 5, 4), "parameter given twice")
    case .notOffered(let parameter):
      Reply(555, EnhancedStatus(5, 5, 4), "\(parameter.keyword) is not offered here; see the answer to EHLO for what is")
    case .badValue(let parameter): Reply(501, EnhancedStatus(5, 5, 4), "the parameter must be \(parameter.rawValue)")
    case .tooLarge(let limit): Reply(552, EnhancedStatus(5, 3, 4), "the message is larger than the limit of \(limit) bytes")
    case .holdTooLong(let seconds): Reply(501, EnhancedStatus(5, 5, 4), "the message cannot be held for more than \(seconds) seconds")
    case .holdsTwice: Reply(501, EnhancedStatus(5, 5, 4), "HOLDFOR and HOLDUNTIL exclude each other")
    }
  }
}
