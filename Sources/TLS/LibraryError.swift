// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL

/// One entry of OpenSSL's list of errors, which belongs to the thread and must be read before the next call.
struct LibraryError {
  let code: UInt

  /// The newest entry, and an emptied list.
  static func take() -> LibraryError {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    return LibraryError(code: code)
  }

  /// What went wrong, as a number of the library that it went wrong in.
  var reason: Int32 { copenssl_reason(code) }

  /// Whether the TLS machine itself reports it, so that ``reason`` is one of `SSL_R_…`.
  var isOfTLS: Bool { copenssl_library(code) == ERR_LIB_SSL }

  /// Whether `reason` of the part `library` is what happened.
  func matches(_ library: Int32, _ reason: Int32) -> Bool {
    copenssl_library(code) == library && self.reason == reason
  }

  /// OpenSSL's words for it.
  var text: String {
    // The text is a constant of the library.
    guard code != 0, let words = unsafe ERR_reason_error_string(code) else { return "no reason given" }
    return unsafe String(cString: words)
  }
}
