// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The folders of dialogue files beside this file.
package enum DialogueFolder {
  /// The names and texts of the dialogues in a folder, by name.
  package static func files(in folder: String) -> [(name: String, text: String)] {
    let dialogues = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    let directory = "/\(dialogues)/\(folder)"
    var found: [(name: String, text: String)] = []
    guard let listing = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(listing) }
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasSuffix(".dialogue"), let text = read("\(directory)/\(name)") { found.append((name, text)) }
    }
    return found.sorted { $0.name < $1.name }
  }

  private static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var (text, piece): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}
