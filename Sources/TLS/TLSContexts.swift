// SPDX-License-Identifier: Apache-2.0
/// The contexts in use, each made when the first connection of its policy needs it.
///
/// Policies that trust the same share one set of authorities. After a reload of the settings ``forgetAll()`` makes the files be read anew;
/// sessions that run keep the context they began with.
package final class TLSContexts {
  private var contexts: [TLSPolicy: TLSContext] = [:]
  private var anchors: [TLSTrust: TrustAnchors] = [:]

  /// No contexts yet.
  package init() {}

  /// The context of a policy, made now if it is the first time. A failure is not remembered: the file may be corrected.
  package func context(for policy: TLSPolicy) throws(TLSContextFailure) -> TLSContext {
    if let context = contexts[policy] { return context }
    let context: TLSContext
    if let shared = anchors[policy.trust] {
      context = try TLSContext(policy, anchors: shared)
    } else {
      let made = try TrustAnchors(policy.trust)
      anchors[policy.trust] = made
      context = try TLSContext(policy, anchors: made)
    }
    contexts[policy] = context
    return context
  }

  /// Makes every file be read again when it is next needed.
  package func forgetAll() {
    contexts.removeAll()
    anchors.removeAll()
  }
}
