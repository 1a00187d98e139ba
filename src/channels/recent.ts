/** Puts a value in as the newest, and forgets the oldest when there are more than `cap`. */
export function remember<K, V>(map: Map<K, V>, key: K, value: V, cap: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= cap) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
