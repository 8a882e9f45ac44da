// SPDX-License-Identifier: Apache-2.0
/// What the command line asks for.
enum Words {
  case run(configuration: String?)
  case help
  case version
  case wrong(String)

  /// Reads the words behind the program's name.
  init(_ words: some Sequence<String>) {
    var file: String?
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      switch word {
      case "--help", "-h":
        self = .help
        return
      case "--version":
        self = .version
        return
      case "--config", "-c":
        guard let path = rest.popFirst(), !path.isEmpty else {
          self = .wrong("\(word) needs the path of a file behind it")
          return
        }
        file = path
      case _ where word.hasPrefix("--config="):
        file = String(word.dropFirst("--config=".count))
      default:
        self = .wrong("\"\(word)\" is not understood")
        return
      }
    }
    self = .run(configuration: file)
  }

  static let usage = """
    posthoused [--config FILE]

    Takes mail from this machine's programs, keeps it safe, and passes it on to an upstream relay.
    Runs in the foreground; SIGHUP reloads the configuration, SIGTERM ends in good order.

      -c, --config FILE   the configuration (default /etc/posthouse/posthouse.conf)
      --version           print the version
      -h, --help          print this text

    Every setting of a section without a name can also come from the environment: POSTHOUSE_UPSTREAM_HOST=smtp.example.com
    See posthoused(8) and posthouse.conf(5); posthouse config check looks at a configuration without running.
    """
}
