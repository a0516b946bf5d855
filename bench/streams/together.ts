/** Does something with each of these, so many at once. */
export async function together<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  // Whoever is free takes the next one.
  const queue = Iterator.from(items)
  let begun = 0
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      begun += 1
      await work(next.value, begun - 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** These, over and over. */
export function* forever<Item>(items: readonly Item[]): Generator<Item, never> {
  for (;;) yield* items
}
