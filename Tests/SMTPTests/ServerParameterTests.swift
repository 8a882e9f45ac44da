// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Mail
import Octets
import SMTP
import Testing

/// The parameters of MAIL and RCPT, by what is taken and what is refused.
@Suite struct ServerParameterTests {
  @Test(arguments: [
    ("", "250"), (" ", "250"), (" SIZE=1", "250"), (" size=1", "250"), (" SIZE=0", "250"), (" SIZE=00000000000000000001", "250"),
    ("  SIZE=1  ", "250"),
    (" BODY=7BIT", "250"), (" body=8bitmime", "250"), (" BODY=BINARYMIME", "250"), (" SMTPUTF8", "250"), (" smtputf8 SIZE=5", "250"),
    (" RET=full", "250"), (" RET=HDRS", "250"), (" ENVID=abc", "250"), (" ENVID=\(String(repeating: "a", count: 100))", "250"),
    (" AUTH=<>", "250"), (" AUTH=a+2Bb@c.example", "250"), (" HOLDFOR=0", "250"), (" HOLDFOR=999999", "250"),
    (" HOLDUNTIL=2023-11-22T00:00:00Z", "250"), (" HOLDUNTIL=2023-11-22T01:00:00+01:00", "250"),
    (" SIZE", "501 5.5.4"), (" SIZE=", "501 5.5.4"), (" SIZE=-1", "501 5.5.4"), (" SIZE=x", "501 5.5.4"), (" SIZE=1x", "501 5.5.4"),
    (" SIZE=000000000000000000001", "501 5.5.4"), (" SIZE=1=1", "501 5.5.4"), (" SIZE=99999999999999999999", "552 5.3.4"),
    (" SIZE=1 SIZE=1", "555 5.5.4"), (" BODY=9BIT", "501 5.5.4"), (" BODY", "501 5.5.4"), (" SMTPUTF8=1", "501 5.5.4"),
    (" RET=ALL", "501 5.5.4"),
    (" ENVID=\(String(repeating: "a", count: 101))", "501 5.5.4"), (" ENVID=a+0Ab", "501 5.5.4"), (" ENVID=a+", "501 5.5.4"),
    (" ENVID=é", "501 5.5.4"),
    (" AUTH", "501 5.5.4"), (" AUTH=a+00b", "501 5.5.4"), (" HOLDFOR=1000000000", "501 5.5.4"), (" HOLDFOR=x", "501 5.5.4"),
    (" HOLDUNTIL=tomorrow", "501 5.5.4"), (" HOLDUNTIL=2099-01-01T00:00:00Z", "501 5.5.4"),
    (" HOLDFOR=1 HOLDUNTIL=2023-11-22T00:00:00Z", "501 5.5.4"),
    (" XVERP", "555 5.5.4"), (" FOO=BAR", "555 5.5.4"), (" NOTIFY=NEVER", "555 5.5.4"),
    (" REQUIRETLS", "555 5.5.4 REQUIRETLS is not offered"),
    ("SIZE=1", "501 5.5.4"), (" =1", "501 5.5.4"), (" -A=1", "555 5.5.4"), (" SI ZE=1", "555 5.5.4"), (" SIZE =1", "501 5.5.4"),
    (" SIZE=1;", "501 5.5.4"),
  ])
  func `what stands behind the sender is judged`(parameters: String, answer: String) {
    var bench = ServerBench.greeted([.dsn, .chunking, .binaryMIME, .futureRelease, .anyAuth, .requireTLS])
    let said = bench.ask("MAIL FROM:<a@b.example>" + parameters)
    #expect(said.hasPrefix(answer), "\(said)")
  }

  @Test(arguments: [
    ("", "250"), (" NOTIFY=NEVER", "250"), (" notify=success,FAILURE,Delay", "250"), (" ORCPT=rfc822;a@b", "250"),
    (" ORCPT=x-tag;a+20b", "250"),
    (" NOTIFY=DELAY ORCPT=rfc822;a@b", "250"), (" ORCPT=utf-8;a\\x{E9}@b", "250"),
    (" NOTIFY", "501 5.5.4"), (" NOTIFY=", "501 5.5.4"), (" NOTIFY=NEVER,DELAY", "501 5.5.4"), (" NOTIFY=SUCCESS,", "501 5.5.4"),
    (" NOTIFY=,SUCCESS", "501 5.5.4"), (" NOTIFY=ALWAYS", "501 5.5.4"), (" ORCPT", "501 5.5.4"), (" ORCPT=a@b", "501 5.5.4"),
    (" ORCPT=;a@b", "501 5.5.4"), (" ORCPT=rfc822;", "501 5.5.4"), (" ORCPT=rfc 822;a", "501 5.5.4"), (" ORCPT=r/c;a", "501 5.5.4"),
    (" ORCPT=rfc822;a+0D+0Ab", "501 5.5.4"), (" ORCPT=rfc822;\(String(repeating: "a", count: 494))", "501 5.5.4"),
    (" ORCPT=utf-8;é@b", "501 5.5.4"),
    (" SIZE=1", "555 5.5.4"), (" NOTIFY=NEVER NOTIFY=NEVER", "555 5.5.4"), ("NOTIFY=NEVER", "501 5.5.4"),
  ])
  func `what stands behind a recipient is judged`(parameters: String, answer: String) {
    var bench = ServerBench.greeted([.dsn])
    _ = bench.ask("MAIL FROM:<a@b.example>")
    let said = bench.ask("RCPT TO:<c@d.example>" + parameters)
    #expect(said.hasPrefix(answer), "\(said)")
  }

  @Test(arguments: [
    ("MAIL", "501 5.5.2"), ("MAIL FROM", "501 5.5.2"), ("MAIL FROM <a@b>", "501 5.5.2"), ("MAIL TO:<a@b>", "501 5.5.2"),
    ("MAIL FROM:", "501 5.1.7"),
    ("MAIL FROM:a@b.example", "501 5.1.7 bad sender: the address must stand in angle brackets"), ("MAIL FROM:<a@b", "501 5.1.7"),
    ("MAIL FROM:<a@b> <c@d>", "501 5.5.4"), ("mail from:<a@b>", "250"), ("MAIL FROM: <a@b>", "250"), ("MAIL  FROM:<a@b>", "250"),
    ("MAIL FROM:<>", "250"),
    ("MAIL FROM: <>  SIZE=1", "250"), ("MAIL FROM:<\">\"@b>", "250"),
  ])
  func `MAIL is taken in the forms that clients use`(line: String, answer: String) {
    var bench = ServerBench.greeted()
    let said = bench.ask(line)
    #expect(said.hasPrefix(answer), "\(said)")
  }
}
