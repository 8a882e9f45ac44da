// SPDX-License-Identifier: Apache-2.0
/// What `posthouse help` prints.
enum HelpText {
  static let text = """
    posthouse: asks and tells the local mail relay posthoused(8)

      posthouse status             how it is doing; exit status 1 when somebody must look
      posthouse queue              the messages that wait
      posthouse queue list STATE   those that are queued, active, deferred, held or failed
      posthouse queue show ID      one message with all its recipients
      posthouse queue retry ID     try a failed message again, and a waiting one at once
      posthouse queue hold ID      stop a message; queue release ID lets it go
      posthouse queue remove ID    remove a message for good
      posthouse queue redirect ID ADDRESS...  send a message to others in place of those who have not had it
      posthouse queue export ID    print a message as it travels
      posthouse flush [ID]         try again now what waits: all, or one message
      posthouse captured [N|last]  mail kept by Host=capture:DIRECTORY: a list, or one message
      posthouse config check       name the mistakes in the configuration
      posthouse config show        the settings that hold, and where each came from
      posthouse config sample      a configuration to begin with
      posthouse config manual      the source of the manual page posthouse.conf(5)
      posthouse spool verify [DIR] read every byte of the spool, and name what is damaged; without the daemon
      posthouse spool list [DIR]   the messages in the spool; without the daemon
      posthouse spool export DIR   save all messages as .eml files with their envelopes in JSON; without the daemon
      posthouse spool import DIR   hand saved messages to the daemon; what is still in its queue goes out twice
      posthouse sendmail ...       take a message from standard input, as sendmail would; see man posthouse-sendmail
      posthouse version            the version; --version is the same
      posthouse help               this text; --help and -h are the same

      --json                       the same facts for machines
      --socket PATH                the control socket (or POSTHOUSE_SOCKET)
      --config FILE                the configuration (or POSTHOUSE_CONFIG); usually /etc/posthouse/posthouse.conf
      --timeout SECONDS            how long the daemon may take to answer; usually 10
      --directory DIRECTORY        the captured mail, where the configuration does not tell
      --spool DIRECTORY            the spool, where the configuration does not tell
      --held                       import also what an operator held, or what is to be sent later

    Exit status: 0 all is well, 1 something is wrong, 2 the command line was not understood, 3 no daemon answered, 4 access was refused.
    The manual: man posthouse, man posthouse-sendmail, man posthoused, man posthouse.conf
    """
}
