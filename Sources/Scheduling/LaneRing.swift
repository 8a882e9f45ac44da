// SPDX-License-Identifier: Apache-2.0
/// Queues that take turns: a doubly linked circle, so that joining, leaving and passing on cost the same however many there are.
///
/// Invariant: a queue is in the circle exactly when it has a neighbour, which may be itself.
struct LaneRing: Sendable {
  /// Whose turn it is.
  private(set) var front: Int?
  private var links: [Link] = []

  /// Whom a queue stands between; without neighbours it stands outside.
  private struct Link {
    var next: Int32 = -1
    var previous: Int32 = -1
  }

  /// Lets a queue in behind all others, unless it is in.
  mutating func append(_ queue: Int) {
    if queue >= links.count { links.append(contentsOf: repeatElement(Link(), count: queue + 1 - links.count)) }
    guard links[queue].next < 0 else { return }
    let first = front ?? queue
    let last = front == nil ? queue : Int(links[first].previous)
    links[queue] = Link(next: Int32(first), previous: Int32(last))
    links[first].previous = Int32(queue)
    links[last].next = Int32(queue)
    front = first
  }

  /// Takes a queue out, if it is in.
  mutating func remove(_ queue: Int) {
    guard queue < links.count, links[queue].next >= 0 else { return }
    let link = links[queue]
    links[Int(link.previous)].next = link.next
    links[Int(link.next)].previous = link.previous
    links[queue] = Link()
    if front == queue { front = Int(link.next) == queue ? nil : Int(link.next) }
  }

  /// Gives the turn to the next.
  mutating func rotate() {
    if let front { self.front = Int(links[front].next) }
  }
}
