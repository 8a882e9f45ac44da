// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Simulation
import Testing

/// The dialogue files of `Tests/Dialogues/upstream`, played against the real way of delivery in virtual time.
@Suite struct UpstreamDialogueTests {
  @Test(arguments: UpstreamDialogueFile.all(in: "upstream")) func `mail and upstream become what the file says`(file: UpstreamDialogueFile)
  {
    let complaints = World.run("\(file)", failed: { Issue.record("\(file): \($0)") }) { world in
      let delivery = try await ScriptedDelivery(file, world)
      try await delivery.play()
      return delivery.complaints
    }
    #expect(complaints?.isEmpty == true, "\(complaints?.joined(separator: "\n") ?? "")")
  }
}
