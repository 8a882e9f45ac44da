// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import Glibc

/// The certificates that others are judged by, loaded once and shared by the contexts of all policies that trust the same.
///
/// The system's authorities are looked up by name in its hashed directory when one is needed, rather than all read at the start: a bundle
/// of 150 costs a megabyte of memory, of which a relay needs one or two certificates.
@safe final class TrustAnchors: @unchecked Sendable {
  // Sendable because OpenSSL guards a store with a lock of its own.
  let pointer: OpaquePointer

  init(_ trust: TLSTrust) throws(TLSContextFailure) {
    ERR_clear_error()
    guard let store = unsafe X509_STORE_new() else { throw .library(reason: LibraryError.take().text) }
    unsafe pointer = store
    switch trust {
    case .system:
      if let directory = TrustAnchors.hashedDirectory {
        _ = unsafe X509_STORE_load_path(store, directory)
      } else {
        _ = unsafe X509_STORE_set_default_paths(store)
      }
    case .pinned: break
    case .file(let file):
      try checkReadable(file)
      if unsafe X509_STORE_load_file(store, file) != 1 {
        ERR_clear_error()
        throw .notACertificate(file: file)
      }
      // Who names a file trusts what is in it, be it an intermediate certificate or a server's own.
      _ = unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }
  }

  deinit { unsafe X509_STORE_free(pointer) }

  /// The system's directory of authorities, if it is one whose files are named by hash and the environment names no other place.
  private static var hashedDirectory: String? {
    // The texts are constants of the library; the environment is not changed while threads run.
    guard unsafe getenv("SSL_CERT_FILE") == nil, unsafe getenv("SSL_CERT_DIR") == nil else { return nil }
    let path = unsafe String(cString: X509_get_default_cert_dir())
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let isHashed = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
          unsafe strlen(name) == 10 && strspn(name, "0123456789abcdef") == 8 && strcmp(name + 8, ".0") == 0
        }
      }
      if isHashed { return path }
    }
    return nil
  }
}
