// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import Octets
internal import TLSTerms

/// OpenSSL's state of one connection and the pipe it reads and writes: the only place where buffers are lent to C.
///
/// Lent memory is set before a call and taken away behind it, while the queue it belongs to is borrowed, so OpenSSL never keeps a pointer.
@safe struct TLSMachine: ~Copyable {
  private let ssl: OpaquePointer
  private let pipe: UnsafeMutablePointer<copenssl_pipe>

  init(_ context: TLSContext) {
    ERR_clear_error()
    guard let ssl = unsafe SSL_new(context.pointer), let pipe = unsafe copenssl_attach_pipe(ssl) else {
      preconditionFailure("memory for a TLS session")
    }
    unsafe (self.ssl, self.pipe) = (ssl, pipe)
    if context.policy.role == .client {
      unsafe SSL_set_connect_state(ssl)
    } else {
      unsafe SSL_set_accept_state(ssl)
    }
  }

  deinit { unsafe copenssl_free(ssl) }

  /// Makes the peer prove that it is `name`: an IP address, or a host name, which is then sent as SNI too.
  func demand(_ name: String) {
    let parameters = unsafe SSL_get0_param(ssl)
    if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
    ERR_clear_error()
    unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    let isSet = unsafe X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1 && copenssl_set_host(ssl, name) == 1
    precondition(isSet, "OpenSSL stores any host name of sensible length")
  }

  /// Offers the peer a session of before.
  func resume(_ ticket: TLSTicket) {
    // OpenSSL spoils what it has used; the ticket may be wanted again.
    guard let session = unsafe SSL_SESSION_dup(ticket.pointer) else { return }
    _ = unsafe SSL_set_session(ssl, session)
    unsafe SSL_SESSION_free(session)
  }

  /// From now on an empty input means the end.
  func endInput() { unsafe pipe.pointee.input_ended = 1 }

  /// Whether a read could bring anything without more ciphertext.
  var hasPending: Bool { unsafe SSL_pending(ssl) > 0 || pipe.pointee.input_ended != 0 }

  /// How much decrypted plaintext waits.
  var pending: Int { unsafe Int(SSL_pending(ssl)) }

  /// Steps the handshake.
  func handshake(from incoming: inout ByteQueue, to outgoing: inout ByteQueue) -> Int32 {
    let code = call(reading: &incoming) { unsafe SSL_do_handshake(ssl) }
    drain(to: &outgoing)
    return code
  }

  /// Decrypts at most `room` bytes behind what `plaintext` holds.
  func decrypt(
    from incoming: inout ByteQueue, into plaintext: inout ByteQueue, room: Int, to outgoing: inout ByteQueue
  ) -> (code: Int32, count: Int) {
    var code = SSL_ERROR_NONE
    let count = unsafe plaintext.fill(room: room) { free in
      var count = 0
      code = call(reading: &incoming) { unsafe SSL_read_ex(ssl, free.baseAddress, min(free.count, room), &count) }
      return code == SSL_ERROR_NONE ? count : 0
    }
    drain(to: &outgoing)
    return (code, count)
  }

  /// Encrypts all of `plaintext`, a record at a time, straight into `outgoing`.
  func encrypt(_ plaintext: Span<UInt8>, to outgoing: inout ByteQueue) -> Int32 {
    var code = SSL_ERROR_NONE
    unsafe plaintext.withUnsafeBufferPointer { bytes in
      var offset = 0
      while offset < bytes.count, code == SSL_ERROR_NONE {
        let count = min(bytes.count - offset, TLSMachine.recordSize)
        var written = 0
        _ = unsafe outgoing.fill(room: count + TLSMachine.recordOverhead) { free in
          unsafe pipe.pointee.output = free.baseAddress!.assumingMemoryBound(to: UInt8.self)
          unsafe pipe.pointee.output_room = free.count
          code = call { unsafe SSL_write_ex(ssl, bytes.baseAddress! + offset, count, &written) }
          defer { unsafe (pipe.pointee.output, pipe.pointee.output_room, pipe.pointee.output_used) = (nil, 0, 0) }
          return unsafe pipe.pointee.output_used
        }
        drain(to: &outgoing)
        offset += written
      }
    }
    return code
  }

  /// Sends close_notify.
  func shutDown(to outgoing: inout ByteQueue) {
    _ = call { unsafe SSL_shutdown(ssl) }
    ERR_clear_error()
    drain(to: &outgoing)
  }

  /// Takes the newest session the peer gave, if it is one that can be resumed.
  func takeTicket(policy: TLSPolicy, peerName: String) -> TLSTicket? {
    var newest = unsafe pipe.pointee.session
    unsafe pipe.pointee.session = nil
    // TLS 1.2 gives a ticket once, and takes it more than once.
    if unsafe newest == nil, unsafe SSL_version(ssl) < TLS1_3_VERSION { unsafe newest = SSL_get1_session(ssl) }
    guard let session = unsafe newest else { return nil }
    let ticket = unsafe TLSTicket(owning: session, policy: policy, peerName: peerName)
    return unsafe SSL_SESSION_is_resumable(session) == 1 ? ticket : nil
  }

  /// What is wrong with the peer's certificate: found in this handshake, or in the one that this session continues.
  func certificateFault(expected: String?) -> TLSFailure? {
    let found = unsafe pipe.pointee.verify_error
    if found != X509_V_OK {
      let offender = unsafe pipe.pointee.offender.map { unsafe PeerCertificate(borrowing: $0) }
      let leaf = unsafe pipe.pointee.leaf.map { unsafe PeerCertificate(borrowing: $0) }
      return .ofCertificate(code: Int(found), offender: offender, leaf: leaf, expected: expected)
    }
    let result = unsafe SSL_get_verify_result(ssl)
    guard result != Int(X509_V_OK) else { return nil }
    return .ofCertificate(code: result, offender: peerCertificate, leaf: peerCertificate, expected: expected)
  }

  /// The certificate the peer has shown, also when keys were resumed.
  var peerCertificate: PeerCertificate? { unsafe SSL_get0_peer_certificate(ssl).map { unsafe PeerCertificate(borrowing: $0) } }

  /// The certificate we have shown.
  var ownCertificate: PeerCertificate? { unsafe SSL_get_certificate(ssl).map { unsafe PeerCertificate(borrowing: $0) } }

  // The two texts are constants of the library.
  var version: String { unsafe String(cString: SSL_get_version(ssl)) }
  var cipher: String { unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }
  var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

  /// Keying material that both sides share and nobody else has (RFC 9266); nil where it could be the same on another connection.
  var exportedBinding: [UInt8]? {
    let isUnique = unsafe SSL_version(ssl) >= TLS1_3_VERSION || SSL_ctrl(ssl, SSL_CTRL_GET_EXTMS_SUPPORT, 0, nil) == 1
    guard isUnique else { return nil }
    let label = "EXPORTER-Channel-Binding"
    var bytes = [UInt8](repeating: 0, count: 32)
    let made = unsafe SSL_export_keying_material(ssl, &bytes, bytes.count, label, label.utf8.count, [], 0, 1)
    return made == 1 ? bytes : nil
  }

  /// The largest plaintext of one record, and more than a record adds to it.
  static let recordSize = 16384
  private static let recordOverhead = 256

  /// Runs `body` with the bytes of `incoming` lent to the pipe, and consumes what was taken.
  private func call(reading incoming: inout ByteQueue, _ body: () -> Int32) -> Int32 {
    var code = SSL_ERROR_NONE
    let used = unsafe incoming.bytes.withUnsafeBufferPointer { bytes in
      unsafe (pipe.pointee.input, pipe.pointee.input_count, pipe.pointee.input_used) = (bytes.baseAddress, bytes.count, 0)
      code = call(body)
      defer { unsafe (pipe.pointee.input, pipe.pointee.input_count, pipe.pointee.input_used) = (nil, 0, 0) }
      return unsafe pipe.pointee.input_used
    }
    incoming.consume(used)
    return code
  }

  /// Runs `body` with an empty list of errors, which OpenSSL's judgement of the result needs.
  private func call(_ body: () -> Int32) -> Int32 {
    ERR_clear_error()
    let result = body()
    return unsafe result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, result)
  }

  /// Moves what found no lent room.
  private func drain(to outgoing: inout ByteQueue) {
    let count = unsafe pipe.pointee.spill_used
    guard count > 0, let spill = unsafe pipe.pointee.spill else { return }
    unsafe outgoing.append(Span(_unsafeStart: UnsafePointer(spill), count: count))
    unsafe copenssl_drop_spill(pipe)
  }
}
